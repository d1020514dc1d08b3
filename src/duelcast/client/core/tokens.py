"""Asks the token provider, once for all connections that need a token at the same time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .actions import Action, AskToken
from .timers import Timer, Timers

ANSWER_WITHIN_MS = 10_000


@dataclass(frozen=True, slots=True)
class Token:
    """An answer of the provider; a `value` of None means anonymous."""

    value: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoToken:
    """The provider failed, for this `reason`, which contains no token."""

    reason: str


Answer = Token | NoToken


def answer_of(value: object) -> Answer:
    """The answer of a provider that returned `value`. An empty string means anonymous, as None does."""
    if value is None or isinstance(value, str):
        return Token(value or None)
    return NoToken("The token provider did not return a string or None.")


class Tokens:
    """At most one question is under way."""

    def __init__(self, timers: Timers, act: Callable[[Action], None]) -> None:
        self._timers = timers
        self._act = act
        self._questions = 0
        self._waiting: list[Callable[[Answer], None]] = []
        self._timer: Timer | None = None

    def ask(self, answered: Callable[[Answer], None]) -> None:
        """Call `answered` with the provider's answer, or after 10 s without one."""
        self._waiting.append(answered)
        if self._timer is None:
            self._questions += 1
            self._timer = self._timers.after(ANSWER_WITHIN_MS, self._too_late)
            self._act(AskToken(self._questions))

    def answer(self, question: int, answer: Answer) -> None:
        """Take the provider's answer. One to a question that is no longer asked is ignored."""
        if self._timer is None or question != self._questions:
            return
        self.forget()
        waiting, self._waiting = self._waiting, []
        for answered in waiting:
            answered(answer)

    def forget(self) -> None:
        """Ignore the answer to the question that is under way."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_late(self) -> None:
        self.answer(self._questions, NoToken("the token provider did not answer within 10 s"))

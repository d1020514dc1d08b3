"""Replaces the token of an open connection before it expires."""

from __future__ import annotations

from collections.abc import Callable

from .offset import epoch_ms
from .timers import Timer, Timers
from .tokens import Answer, NoToken, Tokens

BEFORE_MS = 60_000
LEAST_LIFETIME_MS = 2_000
"""A token that expires so soon is not replaced before."""


class Refresh:
    """Asks for another token a minute before this one expires, and hands it to `use`. Without another one, nothing
    happens: the connection lives until its token expires."""

    def __init__(self, timers: Timers, tokens: Tokens, use: Callable[[str], None]) -> None:
        self._timers = timers
        self._tokens = tokens
        self._use = use
        self._timer: Timer | None = None
        self._connection = 0
        """Counts connections, so that an answer that comes after the end of one is not used on the next."""

    def before(self, expires_at: str | None, now: str | None) -> None:
        """The token expires at `expires_at`. Both times are the server's, so the client's clock does not matter."""
        expires_ms, now_ms = epoch_ms(expires_at), epoch_ms(now)
        if expires_ms is None or now_ms is None:
            return
        left_ms = expires_ms - now_ms
        if left_ms < LEAST_LIFETIME_MS:
            return
        delay_ms = left_ms - BEFORE_MS if left_ms >= 2 * BEFORE_MS else left_ms // 2
        self._cancel()
        self._timer = self._timers.after(delay_ms, self._ask)

    def stop(self) -> None:
        """The connection ended."""
        self._connection += 1
        self._cancel()

    def _ask(self) -> None:
        connection = self._connection
        self._tokens.ask(lambda answer: self._answered(connection, answer))

    def _answered(self, connection: int, answer: Answer) -> None:
        if connection == self._connection and not isinstance(answer, NoToken) and answer.value is not None:
            self._use(answer.value)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

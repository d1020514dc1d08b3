"""The states of a breaker, and the announcement of each change."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from typing import Literal

import structlog
from msgspec import Struct

from duelcast.clock import Clock
from duelcast.logs import exception_fields

_log = structlog.get_logger()

TransitionReason = Literal[
    "failures in a row",
    "failure rate",
    "slow calls",
    "timer",
    "recovered",
    "failed again",
    "not finished in time",
    "reset",
]


class BreakerState(enum.Enum):
    """`closed` lets every call through, `open` none, `half_open` a few, which decide the next state."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Transition(Struct, frozen=True):
    """A change of state. `number` counts the transitions of the breaker from 1 without gaps; `at_s` is epoch
    seconds."""

    number: int
    before: BreakerState
    after: BreakerState
    at_s: float
    cause: TransitionReason


class Announcer:
    """Numbers transitions and calls `listener` once for each, in order, even if the listener itself causes the next
    one.

    If the listener raises, the error is logged, and the listener is still called for the next transition.
    """

    def __init__(self, clock: Clock, listener: Callable[[Transition], None]) -> None:
        self._clock = clock
        self._listener = listener
        self._count = 0
        self._unpublished: deque[Transition] = deque()
        self._telling = False

    def announce(self, before: BreakerState, after: BreakerState, cause: TransitionReason) -> None:
        """Announce that the state changed from `before` to `after`."""
        self._count += 1
        self._unpublished.append(Transition(self._count, before, after, self._clock.time(), cause))
        if self._telling:
            return
        self._telling = True
        try:
            while self._unpublished:
                self._notify(self._unpublished.popleft())
        finally:
            self._telling = False

    def _notify(self, transition: Transition) -> None:
        try:
            self._listener(transition)
        except Exception as error:
            _log.error("breaker_listener_failed", transition=transition.number, **exception_fields(error))

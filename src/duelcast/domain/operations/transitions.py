"""The states of a breaker, and telling of each change."""

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

Cause = Literal[
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
    """`closed` lets every call through, `open` none, `half_open` a few, which decide."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Transition(Struct, frozen=True):
    """A change of state. `number` counts those of the breaker from 1 without gaps; `at_s` is epoch seconds."""

    number: int
    before: BreakerState
    after: BreakerState
    at_s: float
    cause: Cause


class Announcer:
    """Numbers transitions and tells each to `listener` once, in order, also where it makes the next one itself.

    A listener that raises is logged, and told the next one all the same.
    """

    def __init__(self, clock: Clock, listener: Callable[[Transition], None]) -> None:
        self._clock = clock
        self._listener = listener
        self._count = 0
        self._untold: deque[Transition] = deque()
        self._telling = False

    def announce(self, before: BreakerState, after: BreakerState, cause: Cause) -> None:
        """The state is `after` now."""
        self._count += 1
        self._untold.append(Transition(self._count, before, after, self._clock.time(), cause))
        if self._telling:
            return
        self._telling = True
        try:
            while self._untold:
                self._tell(self._untold.popleft())
        finally:
            self._telling = False

    def _tell(self, transition: Transition) -> None:
        try:
            self._listener(transition)
        except Exception as error:
            _log.error("breaker_listener_failed", transition=transition.number, **exception_fields(error))

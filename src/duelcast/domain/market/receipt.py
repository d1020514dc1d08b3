"""The time of receipt, by which windows and minute rows go."""

from __future__ import annotations

from duelcast.clock import Clock

_MOST_AHEAD_S = 60.0
"""A clock that was further ahead was wrong, and time must not go by it."""


def to_us(epoch_s: float) -> int:
    """Epoch microseconds: as exact as epoch seconds in a float are, and in their order."""
    return round(epoch_s * 1_000_000)


class ReceiptTime:
    """Wall time that never goes back.

    While the wall clock is behind what was already given, time runs on with the steady clock, so that a correction of
    the wall clock neither reopens a bucket that has been counted nor makes the windows stand still.
    """

    __slots__ = ("_clock", "_last_s", "_last_steady_s")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_s = clock.time()
        self._last_steady_s = clock.monotonic()

    def run_on_from(self, moment_s: float) -> None:
        """Begin behind a time (epoch seconds) that was given before the server started, by a clock that was ahead by
        up to a minute."""
        if self._last_s < moment_s <= self._last_s + _MOST_AHEAD_S:
            self._last_s = moment_s

    def now_s(self) -> float:
        """Epoch seconds."""
        now_s = self._clock.time()
        steady_s = self._clock.monotonic()
        if now_s < self._last_s:
            now_s = self._last_s + (steady_s - self._last_steady_s)
        self._last_s = now_s
        self._last_steady_s = steady_s
        return now_s

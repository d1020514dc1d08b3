"""The time of receipt, by which windows and minute rows go."""

from __future__ import annotations

from duelcast.clock import Clock


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

    def now_s(self) -> float:
        """Epoch seconds."""
        now_s = self._clock.time()
        steady_s = self._clock.monotonic()
        if now_s < self._last_s:
            now_s = self._last_s + (steady_s - self._last_steady_s)
        self._last_s = now_s
        self._last_steady_s = steady_s
        return now_s

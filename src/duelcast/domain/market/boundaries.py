"""Jobs on the full interval: each second on the second."""

from __future__ import annotations

from collections.abc import Callable

from duelcast.clock import Clock
from duelcast.domain.market.receipt import ReceiptTime

_TOLERANCE_S = 1e-6
"""Epoch seconds as floats are 2.4e-7 apart."""


class Boundaries:
    """The multiples of `interval_ms()` in times of receipt, one after the other; those that passed unseen are left out.

    Windows change at the boundaries of their buckets, so a job that runs on them tells of a change when it happens.
    An interval below 1 ms counts as 1 ms.
    """

    def __init__(self, clock: Clock, receipt: ReceiptTime, interval_ms: Callable[[], int]) -> None:
        self._clock = clock
        self._receipt = receipt
        self._interval_ms = interval_ms
        self._last_s = 0.0

    async def next(self) -> float:
        """Wait for the next boundary; returns it, or the time now where that is later, in epoch seconds."""
        interval_s = max(self._interval_ms(), 1) / 1000
        now_s = self._receipt.now_s()
        due_s = (now_s // interval_s + 1) * interval_s
        if due_s <= self._last_s + _TOLERANCE_S:
            due_s += interval_s
        while due_s - now_s > _TOLERANCE_S:
            await self._clock.sleep(self._receipt.seconds_until(due_s))
            now_s = self._receipt.now_s()
        self._last_s = due_s
        return max(due_s, now_s)

"""Past calls of a breaker: outcomes in a sliding window, and the newest durations. Memory is bounded at any rate of
calls."""

from __future__ import annotations

import math
from collections import deque

BUCKETS = 20
KEPT_DURATIONS = 200


class CallWindow:
    """Outcomes of the calls that ended within `length_s`, in 20 buckets of equal length.

    A call counts for at least 95 % of `length_s`, and never longer than `length_s`. Times are monotonic seconds
    (`Clock.monotonic`), given by the caller.
    """

    __slots__ = ("_buckets", "_newest", "_width_s", "calls", "failed", "slow")

    def __init__(self, length_s: float) -> None:
        self._width_s = length_s / BUCKETS
        self._newest = 0
        self.clear()

    def clear(self) -> None:
        """Forget all calls."""
        self._buckets = [[0, 0, 0] for _ in range(BUCKETS)]
        self.calls = 0
        self.failed = 0
        self.slow = 0

    def add(self, now_s: float, *, failed: bool, slow: bool) -> None:
        """Count a call that ended."""
        self.slide(now_s)
        bucket = self._buckets[self._newest % BUCKETS]
        bucket[0] += 1
        self.calls += 1
        if failed:
            bucket[1] += 1
            self.failed += 1
        if slow:
            bucket[2] += 1
            self.slow += 1

    def slide(self, now_s: float) -> None:
        """Forget the calls that are too old."""
        newest = int(now_s / self._width_s)
        if newest <= self._newest:
            return
        for entered in range(max(self._newest, newest - BUCKETS) + 1, newest + 1):
            bucket = self._buckets[entered % BUCKETS]
            self.calls -= bucket[0]
            self.failed -= bucket[1]
            self.slow -= bucket[2]
            bucket[:] = (0, 0, 0)
        self._newest = newest

    @property
    def failure_rate(self) -> float:
        """Percent of the calls that failed; 0 without calls."""
        return 100 * self.failed / self.calls if self.calls else 0.0

    @property
    def slow_rate(self) -> float:
        """Percent of the calls that were slow; 0 without calls."""
        return 100 * self.slow / self.calls if self.calls else 0.0


class RecentDurations:
    """The newest 200 durations, in milliseconds; the figures are None if there are no durations."""

    __slots__ = ("_newest",)

    def __init__(self) -> None:
        self._newest: deque[float] = deque(maxlen=KEPT_DURATIONS)

    def add(self, duration_ms: float) -> None:
        self._newest.append(duration_ms)

    @property
    def last_ms(self) -> float | None:
        return self._newest[-1] if self._newest else None

    @property
    def average_ms(self) -> float | None:
        return math.fsum(self._newest) / len(self._newest) if self._newest else None

    @property
    def p95_ms(self) -> float | None:
        """The smallest duration that 95 % of the durations do not exceed."""
        if not self._newest:
            return None
        return sorted(self._newest)[(95 * len(self._newest) - 1) // 100]

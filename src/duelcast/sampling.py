"""Limits how many log lines strangers can cause per minute, and counts the lines that are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, Metric

from duelcast.ratelimit import Buckets, TokenBucket

MAX_KINDS = 10_000
"""At most this many pairs of address and cause are remembered; the pair unused for longest is forgotten first."""


class LogSampler:
    """Decides which of the log lines about refused clients are written.

    `per_minute` limits the lines for one address and cause, `in_all_per_minute` all lines together; 0 means no limit.
    `monotonic` returns monotonic seconds.
    """

    def __init__(self, monotonic: Callable[[], float], *, per_minute: float = 0, in_all_per_minute: float = 0) -> None:
        self._monotonic = monotonic
        self._kinds = Buckets(per_minute, max_keys=MAX_KINDS) if per_minute else None
        self._all = TokenBucket(in_all_per_minute, now=monotonic()) if in_all_per_minute else None
        self._pending: dict[str, int] = {}
        self.left_out = 0
        """The number of lines left out since the start."""

    def admit(self, address: str, cause: str) -> dict[str, int] | None:
        """Return the fields to add to the line, or None if the line must not be written. The field `left_out`, if
        present, is the number of similar lines left out since the last one was written."""
        now = self._monotonic()
        kind = f"{address} {cause}"
        buckets = [] if self._kinds is None else [self._kinds.bucket(kind, now)]
        if self._all is not None:
            buckets.append(self._all)
        if not all(bucket.ready(now) for bucket in buckets):
            self._leave_out(kind)
            return None
        for bucket in buckets:
            bucket.take(now)
        left_out = self._pending.pop(kind, 0)
        return {"left_out": left_out} if left_out else {}

    @property
    def remembered(self) -> int:
        """The number of pairs of address and cause remembered."""
        return max(len(self._pending), 0 if self._kinds is None else len(self._kinds))

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield CounterMetricFamily(
            "duelcast_log_lines_left_out",
            "Log lines about refused clients that were not written, because there were too many like them.",
            value=self.left_out,
        )

    def _leave_out(self, kind: str) -> None:
        self.left_out += 1
        if kind not in self._pending and len(self._pending) >= MAX_KINDS:
            del self._pending[next(iter(self._pending))]
        self._pending[kind] = self._pending.get(kind, 0) + 1

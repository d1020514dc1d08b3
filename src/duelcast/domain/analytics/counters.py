"""Counts of the events that clients sent since the start, by outcome."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric


class EventCounters:
    """`received` is the sum of the others and of the waiting events."""

    __slots__ = ("duplicate", "over_quota", "received", "refused", "stored")

    def __init__(self) -> None:
        self.received = 0
        self.stored = 0
        self.duplicate = 0
        self.refused = 0
        self.over_quota = 0

    @property
    def waiting(self) -> int:
        """Events that are neither stored nor refused yet."""
        return self.received - self.stored - self.duplicate - self.refused - self.over_quota

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield CounterMetricFamily("duelcast_events_received", "Events that clients sent.", value=self.received)
        yield GaugeMetricFamily(
            "duelcast_events_waiting", "Of these, those that wait to be stored.", value=self.waiting
        )
        yield CounterMetricFamily("duelcast_events_stored", "Of these, those that were stored.", value=self.stored)
        yield CounterMetricFamily(
            "duelcast_events_duplicate", "Of these, those that were stored before.", value=self.duplicate
        )
        yield CounterMetricFamily(
            "duelcast_events_refused", "Of these, those that could not be stored.", value=self.refused
        )
        yield CounterMetricFamily(
            "duelcast_events_over_quota",
            "Of these, those beyond the quota of their wallet.",
            value=self.over_quota,
        )

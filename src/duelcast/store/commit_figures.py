"""Metrics of commits and of the writes in them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Histogram
from prometheus_client.core import CounterMetricFamily, Metric


class CommitFigures:
    """The counts of the writer."""

    def __init__(self) -> None:
        self.commits = 0
        self.writes = 0
        self.refused = 0
        self.unknown_commits = 0
        self.unknown_writes = 0
        self.latency_s = Histogram(
            "duelcast_store_commit_seconds",
            "Time from the beginning of a transaction to its commit.",
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
            registry=None,
        )

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield from self.latency_s.collect()
        yield CounterMetricFamily("duelcast_store_commits", "Transactions that were committed.", value=self.commits)
        yield CounterMetricFamily("duelcast_store_writes", "Writes that were committed.", value=self.writes)
        yield CounterMetricFamily("duelcast_store_refused_writes", "Writes that were refused.", value=self.refused)
        yield CounterMetricFamily(
            "duelcast_store_unknown_commits",
            "Failed commits of which the next transaction had to tell whether they took effect.",
            value=self.unknown_commits,
        )
        yield CounterMetricFamily(
            "duelcast_store_unknown_writes",
            "Writes that were answered before that was known.",
            value=self.unknown_writes,
        )

"""Looks after the server of the shared log: a configuration under which it will fail is reported before it does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import structlog
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from duelcast.channels.shared_log import LogUnavailable, SharedLog
from duelcast.clock import Clock

LOOK_EVERY_S = 10.0

log = structlog.get_logger("duelcast.log")


class LogHealth:
    """`faults` are the present ones, as sentences for operators; those of a log that cannot be reached stay as they
    were."""

    def __init__(self, shared: SharedLog, clock: Clock) -> None:
        self.faults: Sequence[str] = ()
        self._shared = shared
        self._clock = clock

    async def run(self) -> None:
        """Look every `LOOK_EVERY_S`, until cancelled."""
        while True:
            await self.look()
            await self._clock.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look now, and log new faults."""
        try:
            found = await self._shared.faults()
        except LogUnavailable:
            return  # its readers and writers report that
        for fault in found:
            if fault not in self.faults:
                log.error("log_fault", reason=fault)
        self.faults = found

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily("duelcast_shared_log_faults", "Faults of the log's server.", len(self.faults))

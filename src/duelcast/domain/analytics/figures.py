"""Metrics of the server: counts, rates over the last few seconds, and the CPU and memory of the process."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from duelcast.channels.names import Role
from duelcast.clock import Clock, time_ms
from duelcast.domain.analytics.activity import Traffic
from duelcast.domain.analytics.events import (
    ConnectionCounts,
    EventCounts,
    MessageCounts,
    ProcessFigures,
    ServerStats,
)
from duelcast.domain.analytics.writer import EventCounters

RATE_WINDOW_S = 5.0
_MEMORY = Path("/proc/self/statm")
_SHORTEST_S = 1.0
"""A rate over a shorter time would be mostly noise."""


class Rates(NamedTuple):
    """Rates per second, over the last few seconds; `cpu` is in CPU seconds of the process."""

    received: float
    sent: float
    stored: float
    cpu: float


class _Sample(NamedTuple):
    at_s: float
    received: int
    sent: int
    stored: int
    cpu_s: float


class Figures:
    """Computes the metrics of the server. Call `sample` once a second, because the rates depend on it. `endpoints` are
    the names of all endpoints."""

    def __init__(
        self, clock: Clock, traffic: Callable[[], Traffic], counters: EventCounters, endpoints: Sequence[str]
    ) -> None:
        self.endpoints = endpoints
        self._clock = clock
        self._traffic = traffic
        self._counters = counters
        self._start_ms = time_ms(clock)
        self._began_s = clock.monotonic()
        self._samples = deque([_Sample(self._began_s, 0, 0, 0, time.process_time())])

    def sample(self) -> None:
        """Record the present counts."""
        now = self._now()
        self._samples.append(now)
        while now.at_s - self._samples[0].at_s > RATE_WINDOW_S + _SHORTEST_S / 2:
            self._samples.popleft()

    def rates(self) -> Rates:
        """The present rates."""
        now, before = self._now(), self._samples[0]
        span_s = max(now.at_s - before.at_s, _SHORTEST_S)
        return Rates(
            received=round((now.received - before.received) / span_s, 2),
            sent=round((now.sent - before.sent) / span_s, 2),
            stored=round((now.stored - before.stored) / span_s, 2),
            cpu=(now.cpu_s - before.cpu_s) / span_s,
        )

    def connections(self) -> ConnectionCounts:
        """The open connections."""
        by_role = dict.fromkeys(Role, 0)
        by_endpoint = dict.fromkeys(self.endpoints, 0)
        for (endpoint, role), count in self._traffic().connection_counts().items():
            by_role[role] += count
            if endpoint in by_endpoint:  # a gateway of a later version may have others
                by_endpoint[endpoint] += count
        return ConnectionCounts(
            total=sum(by_role.values()),
            admin=by_role[Role.ADMIN] + by_role[Role.SUPERADMIN],
            user=by_role[Role.USER],
            anonymous=by_role[Role.ANONYMOUS],
            byEndpoint=by_endpoint,
        )

    def stats(self, active_users: int) -> ServerStats:
        """All figures, with the number of active users."""
        traffic, rates = self._traffic(), self.rates()
        return ServerStats(
            startTimeMs=self._start_ms,
            uptimeMs=int((self._clock.monotonic() - self._began_s) * 1000),
            connections=self.connections(),
            messages=MessageCounts(
                received=traffic.received, sent=traffic.sent, perSecondIn=rates.received, perSecondOut=rates.sent
            ),
            events=EventCounts(received=self._counters.received, stored=self._counters.stored),
            activeUsers=active_users,
            process=ProcessFigures(
                cpuPercent=round(rates.cpu * 100, 1),
                memoryBytes=_memory_bytes(),
                eventLoopLagMs=round(traffic.loop_lag_s * 1000, 3),
            ),
            nodes=traffic.nodes,
        )

    def _now(self) -> _Sample:
        traffic = self._traffic()
        return _Sample(
            self._clock.monotonic(), traffic.received, traffic.sent, self._counters.stored, time.process_time()
        )


def _memory_bytes() -> int:
    """The memory that the process uses, or its peak if the system does not report the present value."""
    try:
        return int(_MEMORY.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024

"""A process of the role `leader`: it stands by, leads for a term, and stands by again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily

from duelcast.app import parts
from duelcast.app.http_parts import operators_app_of
from duelcast.app.leader_node import LeaderNode
from duelcast.app.loop_errors import log_loop_errors
from duelcast.app.operators_port import serve_operators
from duelcast.app.server import Server
from duelcast.backoff import Backoff
from duelcast.channels.log_health import LogHealth
from duelcast.channels.records import UnknownEntry
from duelcast.channels.shared_log import Fenced, LogUnavailable, SharedLog
from duelcast.clock import Clock
from duelcast.endpoints.kit import Endpoint
from duelcast.errors import Outage
from duelcast.http.services import Failure, Readiness
from duelcast.settings import Settings
from duelcast.store.backend import TermLost
from duelcast.store.lease import LeaseUnavailable
from duelcast.tasks import cancel, first_ended

FIRST_RETRY_S, LONGEST_RETRY_S = 0.25, 10.0

log = structlog.get_logger("duelcast.leadership")


class Candidate:
    """Builds a new `LeaderNode` for each term, because a leader whose term is over has a domain that is outdated.
    `name` is the name of this node, which no other node has."""

    def __init__(
        self, settings: Settings, clock: Clock, endpoints: Mapping[str, Endpoint], shared: SharedLog, name: str
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.ops_port = settings.ops_port
        self.node: LeaderNode
        self._endpoints = endpoints
        self._shared = shared
        self._name = name
        self._log_health = LogHealth(shared, clock)
        self._is_stopping = False
        self._registry = CollectorRegistry()
        parts.register_process(self._registry)
        self._registry.register(self._log_health)
        self._registry.register(self)
        self._endless: list[asyncio.Task[None]] = []

    @property
    def url(self) -> str:
        """The address for links."""
        return f"tcp://{self.settings.link_listen}"

    # ── lifecycle ───────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Begin to stand by. Raises `ConfigurationError`."""
        log_loop_errors()
        async with AsyncExitStack() as started:
            started.push_async_callback(self._shared.close)
            self.node = self._new_node()
            if self.settings.ops_port is not None:
                await self._serve_operators(started)
            standing = [asyncio.create_task(work) for work in (self._stand(), self._log_health.run())]
            started.push_async_callback(cancel, standing)
            self._endless += standing
            self._started = started.pop_all()

    def expect_restart(self, age_ms: int) -> None:
        """Nothing to do: a leader has no clients of its own."""

    def announce_stop(self) -> None:
        """Announce on `/readyz` that the node will stop; everything else continues."""
        self._is_stopping = True

    async def stop(self) -> None:
        """End the term, if there is one, so that another candidate can lead at once."""
        self._is_stopping = True
        await self._started.aclose()

    async def failed(self) -> None:
        """Wait until a task that must never end has ended; raises its exception, if it has one."""
        await first_ended(self._endless)

    async def _serve_operators(self, started: AsyncExitStack) -> None:
        settings, keys = self.settings, parts.keys_of(self.settings, self.clock)
        if keys is not None:
            started.push_async_callback(keys.aclose)
        refusals = parts.refusals_of(settings, self.clock)
        app = operators_app_of(settings, self.clock, self._endpoints, self._registry, refusals, keys, self.readiness)
        self.ops_port, serving = await serve_operators(app, settings, parts.proxies_of(settings), refusals, started)
        self._endless.append(serving)

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────

    def readiness(self) -> Readiness:
        """Whether the node leads, or can take over."""
        node = self.node
        failed = [Failure("log", fault) for fault in self._log_health.faults]
        missing = [] if node.log_failure is None else [Failure("log", node.log_failure)]
        if node.is_leading:
            missing += node.leader.missing()
            failed += node.leader.failed()
        return Readiness(draining=self._is_stopping, missing=missing, failed=failed)

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus, with those of the present or coming term."""
        yield GaugeMetricFamily("duelcast_leading", "Whether this node leads.", self.node.is_leading)
        yield GaugeMetricFamily("duelcast_leader_term", "The number of this node's latest term.", self.node.term)
        yield from self.node.registry.collect()

    # ── terms ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _new_node(self) -> LeaderNode:
        return LeaderNode(self.settings, self.clock, self._endpoints, self._shared, self._name)

    async def _stand(self) -> None:
        """Stand by and lead, again and again. Raises the error of a part of the leader that has failed."""
        backoff = Backoff(self.clock, first_s=FIRST_RETRY_S, longest_s=LONGEST_RETRY_S)
        while True:
            try:
                await self.node.start()
            except Fenced:
                log.warning("takeover_failed", reason="A later term has begun.")
                await backoff.wait()
            except (TermLost, Outage, LogUnavailable, LeaseUnavailable, UnknownEntry) as error:
                log.warning("takeover_failed", reason=str(error))
                await backoff.wait()
            else:
                backoff.reset()
                await self._lead()
            self.node = self._new_node()

    async def _lead(self) -> None:
        """Return once the term is over."""
        try:
            await self.node.failed()
        except (Fenced, TermLost):
            log.warning("term_over", reason="Another node leads: this one stands by.")
        finally:
            await self.node.stop()


if TYPE_CHECKING:
    _conforms: type[Server] = Candidate

"""A server of one process: a leader and a node, started in order and stopped in reverse order."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack

import structlog

import duelcast
from duelcast.app import parts
from duelcast.app.http_parts import domain_of, http_apps_of
from duelcast.app.leader import Audience, Claim, Leader
from duelcast.app.loop_errors import log_loop_errors
from duelcast.app.node import Node
from duelcast.channels.memory import MemoryBroker
from duelcast.clock import Clock, SystemClock, time_ms
from duelcast.domain.operations.nodes import NodeState
from duelcast.endpoints.kit import Endpoint
from duelcast.endpoints.registry import find_endpoints
from duelcast.http.services import Readiness
from duelcast.settings import Settings
from duelcast.store.choosing import backend_of
from duelcast.store.stored_log import StoredLog
from duelcast.tasks import first_ended

log = structlog.get_logger("duelcast")


class App:
    """A server in this process. `start` returns once the server listens; `stop` returns once all clients and
    parts are closed.

    The node asks the desks of the leader directly, and both have the same bus and the same read models. `claim` is
    called after the database was opened and before the domain is loaded; its exceptions are passed on.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        endpoints: Mapping[str, Endpoint] | None = None,
        claim: Claim | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock = clock or SystemClock()
        self.endpoints = find_endpoints() if endpoints is None else endpoints
        backend = backend_of(settings)
        database = parts.database_of(backend, settings, clock)
        broker = MemoryBroker(
            clock, StoredLog(database, clock, settings.log_max_age_s), **parts.memory_bounds_of(settings)
        )
        audience = Audience(
            traffic=lambda: self.node.traffic,
            connections=lambda: self.node.gateway.connection_count,
            is_draining=lambda: self.node.gateway.draining,
            unknown_followed=lambda wallet: self.node.gateway.unknown_followed(wallet),
            nodes=lambda: [self._only_node()],
        )
        self._lease = backend.lease
        self._since_ms = time_ms(clock)
        self.leader = Leader(settings, clock, self.endpoints, database, broker, audience)
        self.node = Node(
            settings,
            clock,
            self.endpoints,
            broker=broker,
            accounts=self.leader.accounts,
            ended_sessions=self.leader.ended_sessions,
            live=self.leader.system_settings,
            desk_of=self.leader.desk,
            http=lambda node: http_apps_of(node, self.readiness, domain_of(self.leader, node.verifier)),
        )
        self.leader.register(self.node.registry)
        self._claim = claim
        self._starting = True

    # ── lifecycle ───────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Start the database, the domain, the feeds and the ports. If one of them fails, everything is closed again,
        and the error is raised, usually a `ConfigurationError`."""
        log_loop_errors()
        async with AsyncExitStack() as started:
            await self.leader.open(started)
            self.leader.begin_writing(started)
            await self.node.bind(started)
            if self._claim is not None:
                await self._claim(self.leader.database)
            await self.leader.load()
            await self.leader.begin(started)
            await self.node.serve(started)
            self._started = started.pop_all()
        self._starting = False
        log.info("listening", url=self.url, feeds=[feed.name for feed in self.leader.feeds])

    def expect_restart(self, age_ms: int) -> None:
        """See `Server.expect_restart`."""
        self.node.gateway.return_floor_ms = age_ms

    def announce_stop(self) -> None:
        """Announce on `/readyz` that the server will stop; everything else continues."""
        self.node.is_stopping = True
        log.info("draining", delay_s=self.settings.drain_delay_s)

    async def stop(self) -> None:
        """Stop accepting connections, send clients away, let HTTP requests finish, and end all tasks."""
        log.info("stopping", connections=len(self.node.gateway.sockets))
        await self._started.aclose()
        log.info("stopped")

    async def failed(self) -> None:
        """Wait until a task that must never end has ended; raises its exception, if it has one."""
        endless = [*self.leader.endless, *self.node.endless]
        await first_ended(endless)

    @property
    def port(self) -> int:
        """The public port."""
        return self.node.port

    @property
    def ops_port(self) -> int | None:
        """The operators' own port; None if there is none."""
        return self.node.ops_port

    @property
    def url(self) -> str:
        """The address of the server, as reached from this machine."""
        return self.node.url

    def _only_node(self) -> NodeState:
        return NodeState(
            name=socket.gethostname(),
            role="all",
            version=duelcast.__version__,
            since_ms=self._since_ms,
            connections=self.node.gateway.connection_count,
            term=None if self._lease is None else self._lease.term,
        )

    def readiness(self) -> Readiness:
        """Whether the server can do its work, and which parts have failed."""
        return Readiness(
            starting=self._starting,
            draining=self.node.is_draining,
            missing=self.leader.missing(),
            failed=self.leader.failed(),
        )

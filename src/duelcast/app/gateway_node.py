"""A gateway: serves clients from copies of what the leader publishes, and asks the leader over a link."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import structlog

import duelcast
from duelcast.app import live_settings, parts
from duelcast.app.http_parts import http_apps_of
from duelcast.app.loop_errors import log_loop_errors
from duelcast.app.node import Node
from duelcast.channels.copied import CopiedChannels
from duelcast.channels.log_health import LogHealth
from duelcast.channels.log_reader import LogReader
from duelcast.channels.names import Channel
from duelcast.channels.records import Fact, News
from duelcast.channels.shared_log import SharedLog
from duelcast.clock import Clock, time_ms
from duelcast.cluster.calls import Peer
from duelcast.cluster.desks import RemoteDesk
from duelcast.cluster.directory import Directory
from duelcast.cluster.finding import Finder
from duelcast.cluster.gateways import FOLLOWED, UNFOLLOWED, introduce, names
from duelcast.cluster.leader_link import LeaderLink
from duelcast.cluster.news import ReadModels
from duelcast.cluster.reports import TRAFFIC, Report, encode_report, survey
from duelcast.cluster.requests import RemoteApplication
from duelcast.cluster.shared_limits import SharedLimits
from duelcast.cluster.wallet_reporter import WalletReporter
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.settings.current import CurrentSettings
from duelcast.domain.settings.declared import configured_values
from duelcast.endpoints.kit import Endpoint
from duelcast.gateway.hub import Hub
from duelcast.http.services import Failure, Readiness
from duelcast.settings import Settings
from duelcast.tasks import cancel, first_ended

TURN_S = 1.0
RETURN_MS = 1_000
CONNECTIONS_PER_NOTICE = 500

log = structlog.get_logger("duelcast")


class GatewayNode:
    """Reads the log `shared`, and finds the leader with `finder`; it closes both. `name` is the name of this node,
    which no other node has.

    `start` returns once the node serves clients, for which its copies must be complete; `stop` returns once all clients
    and parts are closed.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        endpoints: Mapping[str, Endpoint],
        shared: SharedLog,
        finder: Finder,
        name: str,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.copied = CopiedChannels(clock, parts.NoDatabase(), **parts.memory_bounds_of(settings))
        self.copied.on_followed = self._followed
        declared = live_settings.declared_of(endpoints.values())
        self.models = ReadModels(
            MemoryAccounts(settings.reserved_nicknames),
            EndedSessions(clock),
            CurrentSettings(declared, configured_values(settings), clock),
        )
        self.models.settings.fill(())
        self._shared = shared
        self._finder = finder
        self._name = name
        self.link = LeaderLink(
            finder.find,
            name,
            parts.cluster_secret_of(settings),
            clock,
            wait_s=settings.leader_wait_s,
            connect_timeout_s=settings.link_connect_timeout_s,
            tls=parts.link_tls_of(settings),
        )
        self.link.introduce = self._introduce
        directory = Directory(endpoints.values())
        self.reader = LogReader(shared, self.copied, directory.channel, self.link, clock)
        self.reader.on_term = self.link.term_begun
        self.reader.on_news = self.models.take
        self.reader.on_all_news = self._take_all_news
        self._copied_once = asyncio.Event()
        self._desks: dict[str, RemoteDesk] = {}

        def desk_of(endpoint: Endpoint, hub: Hub) -> RemoteDesk:
            desk = RemoteDesk(endpoint, self.link, self.reader, hub, directory.target)
            self._desks[endpoint.name] = desk
            return desk

        self.node = Node(
            settings,
            clock,
            endpoints,
            broker=self.copied,
            accounts=self.models.accounts,
            ended_sessions=self.models.ended_sessions,
            live=self.models.settings,
            desk_of=desk_of,
            http=lambda node: http_apps_of(node, self.readiness, RemoteApplication(self.link, self.reader)),
        )
        self._wallets = WalletReporter(self.node.gateway, self.node.traffic, clock, self.link.notify)
        self._limits = SharedLimits(self.node.gateway, clock, self.link.notify)
        self._limits.add_to(self.link.methods)
        self._since_ms = time_ms(clock)
        self.log_health = LogHealth(shared, clock)
        for collector in (self.copied, self.reader, self.link, self.log_health):
            self.node.registry.register(collector)
        self._starting = True
        self._endless: Sequence[asyncio.Task[None]] = ()

    # ── lifecycle ───────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Wait for a leader and its copy, and serve clients. If that fails, everything is closed again. Raises
        `ConfigurationError`."""
        log_loop_errors()
        async with AsyncExitStack() as started:
            started.push_async_callback(self._finder.close)
            started.push_async_callback(self._shared.close)
            await self.node.bind(started)
            works = (self.link.run(), self.reader.run(), self.copied.run(), self.log_health.run())
            self._endless = [asyncio.create_task(work) for work in works]
            started.push_async_callback(cancel, self._endless)
            await self._wait_for_copies()
            watching = [asyncio.create_task(work) for work in (self._watch(), self._report_wallets())]
            started.push_async_callback(cancel, watching)
            self._endless = [*self._endless, *watching]
            await self.node.serve(started)
            self._started = started.pop_all()
        self._starting = False
        log.info("listening", url=self.node.url)

    async def _wait_for_copies(self) -> None:
        copied = asyncio.create_task(self._copied_once.wait())
        try:
            await first_ended([copied, *self._endless])
        finally:
            copied.cancel()

    def expect_restart(self, age_ms: int) -> None:
        """Nothing to do: meanwhile, other gateways accept clients."""

    def announce_stop(self) -> None:
        """Announce on `/readyz` that the node will stop; everything else continues."""
        self.node.is_stopping = True

    async def stop(self) -> None:
        """Stop accepting connections, send clients away, and end all tasks."""
        await self._started.aclose()

    async def failed(self) -> None:
        """Wait until a task that must never end has ended; raises its exception, if it has one."""
        endless = [*self._endless, *self.node.endless]
        await first_ended(endless)

    @property
    def url(self) -> str:
        """The address of the node, as reached from this machine."""
        return self.node.url

    @property
    def port(self) -> int:
        """The public port."""
        return self.node.port

    def readiness(self) -> Readiness:
        """Whether the node can serve clients. A leader that is away for a moment does not matter, because all gateways
        miss it."""
        missing = [] if self.reader.failure is None else [Failure("log", self.reader.failure)]
        if self.link.away_s > self.settings.leader_absence_s:
            missing.append(Failure("leader", "There is no link to a leader."))
        failed = [Failure("log", fault) for fault in self.log_health.faults]
        return Readiness(starting=self._starting, draining=self.node.is_draining, missing=missing, failed=failed)

    # ── housekeeping ────────────────────────────────────────────────────────────────────────────────────────────

    async def _watch(self) -> None:
        """Once a second, report to the leader, and end what has waited for the log for too long."""
        while True:
            await self.clock.sleep(TURN_S)
            self.reader.give_up(self.settings.leader_wait_s)
            await self._report()
            if self.reader.away_s > self.settings.log_absence_s:
                # No ban has reached this node since then.
                self.node.gateway.send_away(RETURN_MS)

    async def _report(self) -> None:
        found = await survey(self.node.gateway)
        traffic = self.node.traffic
        report = Report(
            traffic.received,
            traffic.sent,
            traffic.loop_lag_s,
            [(endpoint, role, count) for (endpoint, role), count in found.connections.items()],
            dict(found.unknown),
            version=duelcast.__version__,
            since_ms=self._since_ms,
            position=self.reader.position,
        )
        self.link.notify(TRAFFIC, encode_report(report))

    async def _report_wallets(self) -> None:
        while True:
            await self.clock.sleep(self.settings.wallet_report_interval_ms / 1000)
            if self.link.is_linked:
                await self._wallets.report()
                self._limits.report()
            else:
                self._wallets.give_up()

    # ── the leader ──────────────────────────────────────────────────────────────────────────────────────────────

    def _take_all_news(self, news: Sequence[News]) -> None:
        self.models.take_all(news)
        self._copied_once.set()

    def _followed(self, channel: Channel, is_followed: bool) -> None:
        self.link.notify(FOLLOWED if is_followed else UNFOLLOWED, names(channel.name))

    def _introduce(self, peer: Peer) -> None:
        introduce(peer, self._facts(), self.copied.followed_names(), self._name_connections)
        self._wallets.begin()
        self._limits.begin()

    def _facts(self) -> list[Fact]:
        """The facts about connections of this node."""
        here = {one.session.connection_id for one in self.node.gateway.admitted() if one.established}
        found = self.reader.facts.items()
        return [Fact(*key, value) for key, value in found if key[1] == self._name and key[2] in here]

    def _name_connections(self) -> None:
        present: defaultdict[str, list[tuple[str, Identity | None]]] = defaultdict(list)
        for connection in self.node.gateway.admitted():
            if connection.established:
                session = connection.session
                present[connection.runtime.endpoint.name].append((session.connection_id, session.identity))
        for name, connections in present.items():
            for begin in range(0, len(connections), CONNECTIONS_PER_NOTICE):
                self._desks[name].name_present(connections[begin : begin + CONNECTIONS_PER_NOTICE])

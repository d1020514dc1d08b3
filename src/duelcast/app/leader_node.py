"""A leader without clients of its own: it publishes to the log, and gateways ask it over links."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import msgspec
from prometheus_client import CollectorRegistry

import duelcast
from duelcast.app import parts
from duelcast.app.http_parts import upstream_of
from duelcast.app.leader import Audience, Leader
from duelcast.channels.copied import CopiedChannels
from duelcast.channels.dumping import dump
from duelcast.channels.log_reader import LogReader
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.shared_log import Fenced, SharedLog
from duelcast.clock import Clock, time_ms
from duelcast.cluster.calls import CallFailed, Methods, Peer
from duelcast.cluster.desks import DeskServer, LeaderLog
from duelcast.cluster.directory import Directory
from duelcast.cluster.facts import Facts
from duelcast.cluster.finding import LeaderFinder
from duelcast.cluster.gateways import Gateways
from duelcast.cluster.leader_link import LeaderLink
from duelcast.cluster.leadership import Leadership
from duelcast.cluster.link_server import LinkServer
from duelcast.cluster.members import TURN_S, Members
from duelcast.cluster.news import ReadModels
from duelcast.cluster.presence import Presence
from duelcast.cluster.reports import TRAFFIC, Report, ReportedTraffic, encode_report
from duelcast.cluster.requests import RequestServer
from duelcast.cluster.takeover import Takeover
from duelcast.cluster.wallets import Wallets
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.operations.nodes import NodeServices
from duelcast.endpoints.kit import Endpoint
from duelcast.settings import Settings
from duelcast.store.choosing import backend_of, lease_of
from duelcast.store.stored_log import StoredLog
from duelcast.tasks import cancel, first_ended


class LeaderNode:
    """A candidate, which waits for its term, and leads then. `name` is the name of this node, which no other node has.

    `start` returns once it leads, and gateways can link to it; `stop` returns once everything has ended. Raises
    `ConfigurationError` if the database cannot be shared.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        endpoints: Mapping[str, Endpoint],
        shared: SharedLog,
        name: str,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.registry = CollectorRegistry()
        self._finder = LeaderFinder(lease_of(settings, name))
        backend = backend_of(settings, name)
        assert backend.lease is not None, "`lease_of` has raised"
        database = parts.database_of(backend, settings, clock)
        self.channels = CopiedChannels(
            clock, StoredLog(database, clock, settings.log_max_age_s), **parts.memory_bounds_of(settings)
        )
        audience = Audience(
            traffic=lambda: self._traffic,
            connections=lambda: self._traffic.connections,
            is_draining=lambda: False,
            unknown_followed=lambda wallet: self._traffic.unknown_followed(wallet),
            nodes=lambda: self._members.present(),
        )
        self.leader = Leader(settings, clock, endpoints, database, self.channels, audience)
        self.models = ReadModels(self.leader.accounts, self.leader.ended_sessions, self.leader.system_settings)
        self.writer = LogWriter(shared, clock)
        self._members = Members(name, self.writer, clock, absence_s=settings.gateway_absence_s)
        self.wallets = Wallets(clock, max_wallets=settings.gateway_max_wallets)
        self._traffic = ReportedTraffic(self._members, self.wallets)
        self._presence = Presence()
        self.facts = Facts(
            self.leader.contests.rooms,
            self.leader.analytics.activity.zones,
            self._presence,
            self.writer.add,
            lambda: self.leader.database.log.numbers,
        )
        directory = Directory(endpoints.values())
        methods = Methods()
        log = LeaderLog(self.channels, self.writer)
        desks = {one.name: self._serve(one, log, directory, methods) for one in endpoints.values()}
        self._gateways = Gateways(
            self.channels,
            directory.channel,
            desks,
            self._presence,
            clock,
            absence_s=settings.gateway_absence_s,
            traffic=self._traffic,
            take_facts=self.facts.add,
        )
        self._gateways.add_to(methods)
        methods.streaming["dump"] = self._dump
        refusals = parts.refusals_of(settings, clock)
        RequestServer(upstream_of(self.leader, self.registry, refusals), self.writer).add_to(methods)
        secret, tls = parts.cluster_secret_of(settings), parts.link_tls_of(settings)
        self.links = LinkServer(
            name,
            secret,
            methods,
            clock,
            max_links=settings.max_links,
            on_lost=self._gateways.lost,
            refusals=refusals,
            tls=tls,
        )
        self._link = LeaderLink(
            self._finder.find,
            name,
            secret,
            clock,
            wait_s=settings.leader_wait_s,
            connect_timeout_s=settings.link_connect_timeout_s,
            tls=tls,
        )
        self._reader = LogReader(shared, self.channels, directory.channel, self._link, clock)
        self._reader.on_term = self._link.term_begun
        self._leadership = Leadership(backend.lease, clock)
        self._takeover = Takeover(
            self._leadership,
            shared,
            self._reader,
            self.channels,
            self.writer,
            database,
            directory.channel,
            clock,
        )
        self.is_leading = False
        self.leader.register(self.registry)
        for collector in (self.writer, self.links, self.wallets, refusals):
            self.registry.register(collector)

    @property
    def port(self) -> int:
        """The port for links."""
        return self.links.port

    @property
    def term(self) -> int:
        """The number of the term; 0 before it began."""
        return self._leadership.term

    @property
    def log_failure(self) -> str | None:
        """Why the log takes no entries or, before the term, cannot be read, as a sentence; None if it works."""
        return self.writer.failure if self.is_leading else self._reader.failure

    @property
    def is_following(self) -> bool:
        """Whether the node has a copy of the leader's channels, so that it can go on from there."""
        return self._reader.is_complete

    # ── lifecycle ───────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Wait for the term, load the domain, and accept links. If that fails, everything is closed again.

        Raises `ConfigurationError` (`TermLost` if another node has taken over meanwhile), `Unavailable`,
        `LogUnavailable`, `UnknownEntry`, and `Fenced` if a later term has begun.
        """
        async with AsyncExitStack() as started:
            standing_by = [asyncio.create_task(work) for work in (self._link.run(), self._report())]
            try:
                await self._takeover.run(started, self._load)
            finally:
                await cancel(standing_by)
                await self._finder.close()
            self._ends_of_term = [
                asyncio.create_task(self._leadership.lost()),
                asyncio.create_task(self._leadership.give_way(lambda: self.writer.failure is not None)),
            ]
            started.push_async_callback(cancel, self._ends_of_term)
            self._started = started.pop_all()
        self.is_leading = True

    async def stop(self) -> None:
        """End the links, the domain and the term, so that another candidate can lead at once."""
        await self._started.aclose()

    async def failed(self) -> None:
        """Wait until a task that must never end has ended; raises its exception, if it has one: `Fenced` or `TermLost`
        once a later term has begun."""
        assert self._takeover.writing is not None
        endless = [*self.leader.endless, self._takeover.writing, *self._ends_of_term]
        await first_ended(endless)

    async def _report(self) -> None:
        """Report to the leader once a second, until cancelled."""
        since_ms = time_ms(self.clock)
        while True:
            await self.clock.sleep(TURN_S)
            report = Report(
                role="candidate", version=duelcast.__version__, since_ms=since_ms, position=self._reader.position
            )
            self._link.notify(TRAFFIC, encode_report(report))

    async def _load(self, started: AsyncExitStack) -> str:
        """Load the domain, which goes on from the facts in the log, and accept links. Returns the address of links."""
        self.leader.begin_writing(started)
        self.channels.on_followed = self.facts.channel_followed
        self.channels.on_forget = self.facts.channel_forgotten
        self._gateways.follow_again(self.facts.restore_followed(self._reader.facts))
        await self.leader.load()
        takeover = self._takeover
        self.facts.restore(self._reader.facts, are_complete=takeover.knows_all)
        epoch, urgent = self.leader.database.epoch.name, takeover.urgent_positions
        self.facts.follow(epoch, urgent, self.writer.run_id, anew=takeover.begins_anew)
        self.writer.on_another_run = self.facts.log_runs
        self.models.announce_to(self.writer.add)
        await self.leader.begin(started)
        self._members.begin()
        showing = asyncio.create_task(
            self._members.run(NodeServices(self.leader.operations.registry, self.clock), self.channels.names)
        )
        started.push_async_callback(cancel, [showing])
        self._gateways.expect()
        started.push_async_callback(self._gateways.close)
        host, _, port = self.settings.link_listen.rpartition(":")
        await self.links.listen(host, int(port))
        started.push_async_callback(self.links.close)
        return parts.link_address_of(self.settings, self.port)

    # ── for gateways ────────────────────────────────────────────────────────────────────────────────────────────

    def _serve(self, endpoint: Endpoint, log: LeaderLog, directory: Directory, methods: Methods) -> DeskServer:
        server = DeskServer(
            endpoint,
            self.leader.desk(endpoint, log),
            log,
            self.writer,
            directory.target,
            self.clock,
            self._remember_claim,
            self._presence,
        )
        server.add_to(methods)
        return server

    def _remember_claim(self, identity: Identity) -> None:
        self.leader.accounts.remember_claim(identity.wallet, identity.role)

    async def _dump(self, _peer: Peer, _body: bytes) -> AsyncIterator[bytes]:
        try:
            async for piece in dump(self.channels, self.writer, self.facts.known, self.models.news):
                yield msgspec.msgpack.encode(piece)
        except Fenced:
            raise CallFailed("The term of this leader is over.") from None

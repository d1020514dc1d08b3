"""Gateways and candidates, built from the parts of real ones: only their sockets and servers are simulated.

They are composed as `app.gateway_node` and `app.leader_node` compose them, around the domain of `platform`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import msgspec
from pydantic import SecretStr

from duelcast.app import live_settings, parts
from duelcast.channels.copied import CopiedChannels
from duelcast.channels.dumping import dump
from duelcast.channels.log_reader import LogReader
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.names import Channel, Role
from duelcast.channels.records import Fact, News
from duelcast.channels.shared_log import Fenced
from duelcast.clock import Clock
from duelcast.cluster.calls import CallFailed, Methods, Peer
from duelcast.cluster.desks import DeskServer, LeaderLog, RemoteDesk
from duelcast.cluster.directory import Directory
from duelcast.cluster.facts import Facts
from duelcast.cluster.finding import LeaderFinder
from duelcast.cluster.gateways import FOLLOWED, UNFOLLOWED, Gateways, introduce, names
from duelcast.cluster.leader_link import LeaderLink
from duelcast.cluster.leadership import Leadership
from duelcast.cluster.link_server import LinkServer
from duelcast.cluster.members import Members
from duelcast.cluster.news import ReadModels
from duelcast.cluster.presence import Presence
from duelcast.cluster.reports import ReportedTraffic
from duelcast.cluster.takeover import Takeover
from duelcast.cluster.wallets import Wallets
from duelcast.desk.desk import LocalDesk
from duelcast.desk.first_frames import JoinReader
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.claims import Claims
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.accounts.tokens import TokenVerifier
from duelcast.domain.contests.rooms import Rooms, RoomSettings
from duelcast.domain.settings.current import CurrentSettings
from duelcast.domain.settings.declared import configured_values
from duelcast.endpoints.context import Services
from duelcast.endpoints.kit import Endpoint
from duelcast.gateway.gateway import Gateway
from duelcast.gateway.hub import Hub
from duelcast.sampling import LogSampler
from duelcast.settings import Settings
from duelcast.store.database import Database
from duelcast.store.stored_log import StoredLog
from duelcast.tasks import cancel
from tests.simulation.backend import SimulatedDatabase
from tests.simulation.database import DatabaseServer
from tests.simulation.loop import START_S, LoopClock, Process
from tests.simulation.network import Network
from tests.simulation.platform import ALARMS, ENDPOINT, KEYS, SYMBOLS, Platform
from tests.simulation.shared_log import LogServer, LogView

SECRET = b"a secret of all nodes, of at least 32 bytes"
SETTINGS = Settings(
    feed="none", rate_limit_factor=0, max_connections_per_ip=0, jwt_secret=SecretStr("0123456789abcdefghijklmnopqrstuv")
)
VERIFYING_S = 0.005
LEASE_MS = 3_000
WAIT_S = 5.0
ABSENCE_S = 10.0
LOG_ABSENCE_S = 30.0
PRICE_INTERVAL_S = 0.2
ALARM_SHARE = 0.15
END_SHARE = 0.2
DECLARED = live_settings.declared_of([ENDPOINT])
DIRECTORY = Directory([ENDPOINT])


class Bounds(TypedDict):
    """See `MemoryBroker`."""

    history_messages: int
    history_s: float
    tombstone_retention_s: float


MEMORY = Bounds(history_messages=5, history_s=5.0, tombstone_retention_s=20.0)


@dataclass
class Place:
    """What all nodes share."""

    seed: str
    network: Network
    log: LogServer
    database: DatabaseServer
    folder: Path
    is_faulty: Callable[[], bool]


class NodeProcess:
    """A node in a process of its own, which ends with the first failure."""

    def __init__(self, place: Place, name: str, incarnation: int) -> None:
        self.place = place
        self.name = name
        self.process = Process(name)
        self.seed = f"{place.seed}/{name}/{incarnation}"
        self.rng = random.Random(self.seed)
        self.clock: Clock = LoopClock(self.rng.choice([0.0, 0.0, -0.3, 0.2]))
        self.view = LogView(place.log, self.process, self.seed, place.is_faulty)
        self.main: asyncio.Task[None]
        self.should_stop = asyncio.Event()

    def start(self) -> None:
        """Run in the process of this node."""
        self.main = self.process.start(self.run())

    async def run(self) -> None:
        raise NotImplementedError

    def backend(self) -> SimulatedDatabase:
        """The database, as this node uses it."""
        folder = self.place.folder / self.name
        return SimulatedDatabase(self.place.database, self.process, self.seed, folder, self.name, LEASE_MS, self.clock)

    def settings(self) -> CurrentSettings:
        """The settings in force."""
        current = CurrentSettings(DECLARED, configured_values(SETTINGS), self.clock)
        current.fill(())
        return current


class Verifier:
    """Takes the name of a wallet for its token, after a moment."""

    def __init__(self, accounts: MemoryAccounts, clock: Clock) -> None:
        self._tokens = TokenVerifier(accounts, clock, algorithms=())
        self._clock = clock

    async def verify(self, token: str) -> Identity:
        await self._clock.sleep(VERIFYING_S)
        return await self._tokens.identity(Claims(token, Role.USER, None, START_S + 1e6, frozenset(), token))


class GatewayProcess(NodeProcess):
    """A gateway without ports: clients come to its `gateway`."""

    def __init__(self, place: Place, name: str, incarnation: int) -> None:
        super().__init__(place, name, incarnation)
        self.is_ready = False

    async def run(self) -> None:
        clock = self.clock
        self.copied = CopiedChannels(clock, parts.NoDatabase(), **MEMORY)
        self.copied.on_followed = self._followed
        finder = LeaderFinder(self.backend().lease)
        self.link = LeaderLink(finder.find, self.name, SECRET, clock, wait_s=WAIT_S, connect_timeout_s=1.0)
        self.link.introduce = self._introduce
        self.reader = LogReader(self.view, self.copied, DIRECTORY.channel, self.link, clock)
        self.models = ReadModels(MemoryAccounts(), EndedSessions(clock), self.settings())
        self.reader.on_term = self.link.term_begun
        self.reader.on_news = self.models.take
        self.reader.on_all_news = self._take_all_news
        self.hub = Hub(self.copied, clock, flush_interval_ms=10)
        self.desk: RemoteDesk
        self.gateway = Gateway(
            SETTINGS,
            clock,
            self.copied,
            self.hub,
            self.models.accounts,
            Verifier(self.models.accounts, clock),  # type: ignore[arg-type]  # a gateway calls nothing else
            {ENDPOINT.path: ENDPOINT},
            self.models.settings,
            self._desk_of,
        )
        async with asyncio.TaskGroup() as tasks:
            for work in (self.link.run(), self.reader.run(), self.copied.run(), self.gateway.run(), self._watch()):
                tasks.create_task(work)

    def _desk_of(self, endpoint: Endpoint) -> RemoteDesk:
        self.desk = RemoteDesk(endpoint, self.link, self.reader, self.hub, DIRECTORY.target)
        return self.desk

    async def _watch(self) -> None:
        while True:
            await self.clock.sleep(1.0)
            self.reader.give_up(WAIT_S)
            if self.reader.away_s > LOG_ABSENCE_S:
                self.gateway.send_away(1_000)

    def _take_all_news(self, news: Sequence[News]) -> None:
        self.models.take_all(news)
        self.is_ready = True

    def _followed(self, channel: Channel, is_followed: bool) -> None:
        self.link.notify(FOLLOWED if is_followed else UNFOLLOWED, names(channel.name))

    def _introduce(self, peer: Peer) -> None:
        introduce(peer, self._facts(), self.copied.followed_names(), self._name_connections)

    def _facts(self) -> list[Fact]:
        here = {one.session.connection_id for one in self.gateway.admitted() if one.established}
        found = self.reader.facts.items()
        return [Fact(*key, value) for key, value in found if key[1] == self.name and key[2] in here]

    def _name_connections(self) -> None:
        present = [
            (one.session.connection_id, one.session.identity) for one in self.gateway.admitted() if one.established
        ]
        if present:
            self.desk.name_present(present)


class CandidateProcess(NodeProcess):
    """A node that leads as soon as it can, and ends with its term."""

    def __init__(self, place: Place, name: str, incarnation: int) -> None:
        super().__init__(place, name, incarnation)
        self.is_leading = False
        self.tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        clock = self.clock
        backend = self.backend()
        self.lease = backend.lease
        self.database = Database(backend, clock, urgent=[ALARMS.channel()])
        self.copied = CopiedChannels(clock, StoredLog(self.database, clock, 24 * 3600), **MEMORY)
        self.database.log.bus = self.copied
        self.platform = Platform(self.database, self.copied, clock)
        self.models = ReadModels(self.platform.accounts, EndedSessions(clock), self.settings())
        self.writer = LogWriter(self.view, clock)
        self.presence = Presence()
        rooms = Rooms(self.platform.publisher, clock, lambda _contest, _wallet: False, RoomSettings)
        self.facts = Facts(
            rooms, self.platform.zones, self.presence, self.writer.add, lambda: self.database.log.numbers
        )
        self._offer()
        finder = LeaderFinder(self.backend().lease)
        link = LeaderLink(finder.find, self.name, SECRET, clock, wait_s=WAIT_S, connect_timeout_s=1.0)
        self.reader = LogReader(self.view, self.copied, DIRECTORY.channel, link, clock)
        self.reader.on_term = link.term_begun
        leadership = Leadership(self.lease, clock)
        takeover = self.takeover = Takeover(
            leadership, self.view, self.reader, self.copied, self.writer, self.database, DIRECTORY.channel, clock
        )
        async with AsyncExitStack() as started:
            following = asyncio.create_task(link.run())
            try:
                await takeover.run(started, self._load)
            finally:
                await cancel([following])
                await finder.close()
            assert takeover.writing is not None
            ends = [
                asyncio.create_task(leadership.lost()),
                asyncio.create_task(leadership.give_way(lambda: self.writer.failure is not None)),
            ]
            started.push_async_callback(cancel, ends)
            self.is_leading = True
            stopping = asyncio.create_task(_wait(self.should_stop))
            endless = [takeover.writing, *ends, stopping, *self.tasks]
            done, _ = await asyncio.wait(endless, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    def _offer(self) -> None:
        clock, methods = self.clock, Methods()
        log = LeaderLog(self.copied, self.writer)
        members = Members(self.name, self.writer, clock, absence_s=SETTINGS.gateway_absence_s)
        traffic = ReportedTraffic(members, Wallets(clock, max_wallets=SETTINGS.gateway_max_wallets))
        reader = JoinReader(
            ENDPOINT,
            self.models.settings,
            self.copied,
            log,
            clock,
            max_bytes=SETTINGS.answer_max_bytes,
            unknown_followed=traffic.unknown_followed,
        )
        desk = LocalDesk(ENDPOINT, Services({Platform: self.platform}), reader, clock)
        server = DeskServer(
            ENDPOINT, desk, log, self.writer, DIRECTORY.target, clock, lambda _identity: None, self.presence
        )
        server.add_to(methods)
        self._gateways = Gateways(
            self.copied,
            DIRECTORY.channel,
            {ENDPOINT.name: server},
            self.presence,
            clock,
            absence_s=ABSENCE_S,
            traffic=traffic,
            take_facts=self.facts.add,
        )
        self._gateways.add_to(methods)
        methods.streaming["dump"] = self._dump
        self.links = LinkServer(
            self.name,
            SECRET,
            methods,
            clock,
            max_links=100,
            on_lost=self._gateways.lost,
            refusals=LogSampler(clock.monotonic),
        )

    async def _load(self, started: AsyncExitStack) -> str:
        writing = asyncio.create_task(self.database.run())

        async def stop_writing() -> None:
            self.database.stop_writing()
            await writing

        started.push_async_callback(stop_writing)
        self.copied.on_followed = self.facts.channel_followed
        self.copied.on_forget = self.facts.channel_forgotten
        self._gateways.follow_again(self.facts.restore_followed(self.reader.facts))
        await self.platform.load()
        takeover = self.takeover
        self.facts.restore(self.reader.facts, are_complete=takeover.knows_all)
        epoch, urgent = self.database.epoch.name, takeover.urgent_positions
        self.facts.follow(epoch, urgent, self.writer.run_id, anew=takeover.begins_anew)
        self.writer.on_another_run = self.facts.log_runs
        self.models.announce_to(self.writer.add)
        prices, sweeping = asyncio.create_task(self._prices()), asyncio.create_task(self.copied.run())
        self.tasks = [writing, prices, sweeping]
        started.push_async_callback(cancel, [prices, sweeping])
        self._gateways.expect()
        started.push_async_callback(self._gateways.close)
        await self.links.listen(self.name, 0)
        started.push_async_callback(self.links.close)
        return f"{self.name}:{self.links.port}"

    async def _prices(self) -> None:
        term, platform, rng = self.lease.term, self.platform, self.rng
        assert term is not None
        while True:
            await self.clock.sleep(rng.uniform(0, 2 * PRICE_INTERVAL_S))
            if not self.place.is_faulty():
                continue
            platform.price(term, rng.choice(SYMBOLS), rng.choice(KEYS), is_end=rng.random() < END_SHARE)
            if rng.random() < ALARM_SHARE:
                platform.raise_alarm(f"{term}-{rng.randrange(1_000_000)}")

    async def _dump(self, _peer: Peer, _body: bytes) -> AsyncIterator[bytes]:
        try:
            async for piece in dump(self.copied, self.writer, self.facts.known, self.models.news):
                yield msgspec.msgpack.encode(piece)
        except Fenced:
            raise CallFailed("The term of this leader is over.") from None


async def _wait(event: asyncio.Event) -> None:
    await event.wait()

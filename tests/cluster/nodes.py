"""A leader and gateways in the test's own loop, with links over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import SecretStr

from duelcast.app.gateway_node import GatewayNode
from duelcast.app.leader_node import LeaderNode
from duelcast.channels.names import Role
from duelcast.channels.records import EntryId
from duelcast.channels.shared_log import LogEntry, LogUnavailable, MemoryLog
from duelcast.clock import SystemClock
from duelcast.cluster.finding import Address
from duelcast.domain.audit import Actor
from duelcast.domain.contests.terms import NewContest
from duelcast.domain.market.posted import PostedPrice
from duelcast.endpoints.registry import find_endpoints
from duelcast.settings import Settings
from duelcast.tasks import cancel
from duelcast.wire.timestamps import format_time
from tests.channels.fragile_log import FragileLog
from tests.databases import place_new, settings_at
from tests.e2e.slow import until
from tests.serving import SECRET
from tests.three_nodes import CLUSTER_SECRET

LOCALHOST = "127.0.0.1"
BOSS = Actor("boss", Role.ADMIN)


class Cable:
    """The network between a gateway and the leader: it can be cut, and mended."""

    def __init__(self, to_port: int) -> None:
        self.is_cut = False
        self.to_port = to_port
        self._ends: set[asyncio.StreamWriter] = set()
        self._copying: set[asyncio.Task[None]] = set()

    async def open(self) -> Address:
        """The address under which the gateway finds the leader."""
        self._server = await asyncio.start_server(self._join, LOCALHOST, 0)
        return Address(LOCALHOST, self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """End the link, and let no other begin."""
        self.is_cut = True
        for end in self._ends:
            end.transport.abort()

    def mend(self) -> None:
        self.is_cut = False

    async def close(self) -> None:
        self.cut()
        self._server.close()
        await asyncio.gather(*self._copying, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(LOCALHOST, self.to_port)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(_copy(source, sink))
            self._copying.add(task)
            task.add_done_callback(self._copying.discard)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65_536):
            sink.write(data)
    sink.transport.abort()


class At:
    """Finds the leader at one address."""

    def __init__(self, address: Address) -> None:
        self._address = address

    async def find(self) -> Address:
        return self._address

    async def close(self) -> None:
        pass


class View:
    """The log, as one gateway sees it: it can be out of reach."""

    def __init__(self, log: MemoryLog) -> None:
        self.is_away = False
        self._log = log

    async def read(self, after: EntryId, wait_s: float) -> Sequence[LogEntry]:
        entries = await self._log.read(after, wait_s)
        if self.is_away:
            raise LogUnavailable("The log is away.")
        return entries

    async def top(self) -> EntryId:
        return await self._log.top()

    async def run_id(self) -> str:
        return await self._log.run_id()

    async def append(self, entry: LogEntry, keep_after: EntryId) -> None:
        raise AssertionError("Only the leader appends.")

    async def faults(self) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        pass


class Cluster:
    """A leader, and gateways with their cables and their views of the log."""

    def __init__(self, leader: LeaderNode, settings: Settings, shared: FragileLog, stack: AsyncExitStack) -> None:
        self.leader = leader
        self.gateways: list[GatewayNode] = []
        self.views: list[View] = []
        self._cables: list[Cable] = []
        self._leaders = 1
        self._settings = settings
        self._shared = shared
        self._stack = stack

    async def add_gateway(self) -> None:
        """Start one more gateway, which finds the leader over a cable of its own."""
        cable = Cable(self.leader.port)
        address = await cable.open()
        self._stack.push_async_callback(cable.close)

        name = f"gateway-{len(self.gateways)}"
        view = View(self._shared)
        gateway = GatewayNode(self._settings, self.leader.clock, find_endpoints(), view, At(address), name)
        await gateway.start()
        self._stack.push_async_callback(gateway.stop)
        self.gateways.append(gateway)
        self.views.append(view)
        self._cables.append(cable)

    async def replace_leader(self, **settings: Any) -> None:
        """Stop the leader, and let another one take over, which has followed the log. `settings` are those of the new
        leader that differ."""
        successor, starting = await self._stand_by(settings)
        await self.leader.stop()
        await starting
        self._lead(successor)

    async def start_over(self) -> None:
        """Stop the leader, lose the log, and start a leader that knows neither."""
        await self.leader.stop()
        self._shared.trim(0)
        successor = self._candidate({})
        await successor.start()
        self._lead(successor)

    @asynccontextmanager
    async def candidate(self) -> AsyncIterator[LeaderNode]:
        """A node that follows the leader, and waits to replace it."""
        candidate, starting = await self._stand_by({})
        try:
            yield candidate
        finally:
            await cancel([starting])

    async def _stand_by(self, settings: dict[str, Any]) -> tuple[LeaderNode, asyncio.Task[None]]:
        candidate = self._candidate(settings)
        starting = asyncio.create_task(candidate.start())
        await until(lambda: candidate.is_following or starting.done())
        if starting.done():
            starting.result()
        return candidate, starting

    def _candidate(self, settings: dict[str, Any]) -> LeaderNode:
        self._leaders += 1
        started = self._settings.model_copy(update=settings)
        return LeaderNode(started, self.leader.clock, find_endpoints(), self._shared, f"leader-{self._leaders}")

    def _lead(self, leader: LeaderNode) -> None:
        self.leader = leader
        for cable in self._cables:
            cable.to_port = leader.port

    async def stop_leader(self) -> None:
        await self.leader.stop()

    async def cut(self, number: int) -> None:
        """End the link of a gateway, and let no other begin."""
        self._cables[number].cut()
        await until(lambda: not self.gateways[number].link.is_linked)

    def mend(self, number: int) -> None:
        """Let the gateway link to the leader again."""
        self._cables[number].mend()

    async def price(self, symbol: str, price: float) -> None:
        """Post a price."""
        await self.leader.leader.market.post_prices([PostedPrice(symbol=symbol, price=price)])

    async def contest(self) -> int:
        """The id of a new contest."""
        now_s = self.leader.clock.time()
        given = NewContest(name="Cup", start_time=format_time(now_s + 600), end_time=format_time(now_s + 1_200))
        made = await self.leader.leader.contests.organising.create(given, BOSS)
        return made.id


@asynccontextmanager
async def cluster(*, gateways: int = 2, **settings: Any) -> AsyncIterator[Cluster]:
    """A cluster whose nodes have `settings`, no feed and no rate limits."""
    clock = SystemClock()
    shared = FragileLog(clock)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="duelcast-")))
        path = folder / "duelcast.db"
        place_new(path)
        values: dict[str, Any] = {
            "port": 0,
            "link_listen": f"{LOCALHOST}:0",
            "feed": "none",
            "rate_limit_factor": 0,
            "jwt_secret": SecretStr(SECRET),
            "cluster_secret": SecretStr(CLUSTER_SECRET),
            "data_dir": folder,
        }
        started = Settings(**(values | settings_at(path) | settings))
        leader = LeaderNode(started, clock, find_endpoints(), shared, "leader-1")
        await leader.start()
        made = Cluster(leader, started, shared, stack)
        stack.push_async_callback(made.stop_leader)
        for _ in range(gateways):
            await made.add_gateway()
        yield made

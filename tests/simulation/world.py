"""A cluster and its clients in one loop, with a plan of faults that a seed decides."""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import structlog

from duelcast.channels.names import Kind
from duelcast.channels.records import UnknownEntry
from duelcast.channels.shared_log import Fenced, LogUnavailable
from duelcast.desk import first_frames
from duelcast.domain.accounts.accounts import Account
from duelcast.errors import Unavailable
from duelcast.gateway import hub
from duelcast.settings import ConfigurationError
from duelcast.store.lease import LeaseUnavailable
from duelcast.store.postgres import lease
from tests.databases import place_new
from tests.simulation.checker import View, Violation, check_alarms, check_rows, check_view, demand
from tests.simulation.clients import Client, Heard
from tests.simulation.database import DatabaseServer, Session
from tests.simulation.faults import plan
from tests.simulation.loop import Process, SimulatedLoop, current_process, until
from tests.simulation.moderation import Moderator
from tests.simulation.network import Network
from tests.simulation.nodes import CandidateProcess, GatewayProcess, NodeProcess, Place
from tests.simulation.platform import ALARMS, CHANNELS, PRICE, ROOMS
from tests.simulation.shared_log import ANSWER_TIMEOUT_S, LogServer

STORY_S = 17.0
"""How long faults happen."""
ENDS = (ConfigurationError, Fenced, Unavailable, LeaseUnavailable, LogUnavailable, UnknownEntry)
"""Errors that end a term (`Candidate`). A node that ends with another one has a defect."""
END_S = 90.0
"""How long the cluster may take to become whole again."""
LOOK_INTERVAL_S = 0.2
BAN_S = 1.0
"""Within this time, a ban ends the connections to all nodes (§1.2)."""
RESTART_S = (0.2, 1.0)
NAMES = {"gateway": ("gateway-1", "gateway-2"), "candidate": ("leader-1", "leader-2")}


class World:
    """Everything that a seed decides."""

    def __init__(self, seed: int, folder: Path, loop: SimulatedLoop) -> None:
        self.seed = str(seed)
        self.rng = random.Random(f"{seed}/world")
        self.is_faulty = True
        self.is_over = False
        self.network = loop.network = Network(self.seed)
        self.log = LogServer()
        path = folder / "duelcast.db"
        place_new(path)
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA journal_mode=WAL")
        self.database = DatabaseServer(path, lambda: self.is_faulty)
        self.place = Place(self.seed, self.network, self.log, self.database, folder, lambda: self.is_faulty)
        self.nodes: dict[str, NodeProcess] = {}
        self.incarnations: Counter[str] = Counter()
        self.history: list[str] = []
        """What happened, for the reader of a failure."""
        self.processes: list[Process] = []
        self._path = path
        self.clients = [self._client(number) for number in range(self.rng.randint(2, 4))]
        self.forgotten: set[str] = set()
        """The texts that a promoted standby did not have."""
        self.views = [View(client, self.forgotten) for client in self.clients]
        self.moderator = Moderator(self.clients[0], self.views[1:], self.rng)
        self.defects: list[str] = []

    def _client(self, number: int) -> Client:
        channels = [f"{family}.{room}" for family in ("room", "total", "board") for room in ROOMS]
        channels += ["alarm"]
        channels += ["price.x", "price.y"] if self.rng.random() < 0.5 else ["prices"]
        self.rng.shuffle(channels)
        return Client(f"client{number}", self.seed, channels, self.ready_gateways)

    # ── nodes ───────────────────────────────────────────────────────────────────────────────────────────────────

    def ready_gateways(self) -> list[GatewayProcess]:
        return [
            node
            for node in self.nodes.values()
            if isinstance(node, GatewayProcess) and node.is_ready and not node.process.is_dead
        ]

    def leader(self) -> CandidateProcess | None:
        """The node that leads by the database."""
        row = self.database.leader
        node = None if row is None else self.nodes.get(row.node)
        return node if isinstance(node, CandidateProcess) and node.is_leading else None

    async def supervise(self, name: str) -> None:
        """Keep a node running."""
        kind = GatewayProcess if name in NAMES["gateway"] else CandidateProcess
        while True:
            self.incarnations[name] += 1
            node = self.nodes[name] = kind(self.place, name, self.incarnations[name])
            self.processes.append(node.process)
            node.start()
            self.note(f"{name} starts")
            await until(partial(_has_ended, node), LOOK_INTERVAL_S)
            if not node.process.is_dead:
                error = None if node.main.cancelled() else node.main.exception()
                self.note(f"{name} ends: {error!r}")
                if error is not None and (kind is GatewayProcess or not isinstance(error, ENDS)):
                    self.defects.append(f"{name} ended: {error!r}")
                node.process.kill()
                self.database.died(node.process, silently=False)
            await asyncio.sleep(self.rng.uniform(*RESTART_S))

    def kill(self, name: str, *, silently: bool) -> None:
        node = self.nodes[name]
        if not node.process.is_dead:
            self.note(f"{name} is killed{' silently' if silently else ''}")
            node.process.kill(silently=silently)
            self.database.died(node.process, silently=silently)

    def promote(self) -> None:
        """A standby takes the place of the database, and knows nothing of the last commits."""
        before = self._texts()
        self.database.promote()
        self.forgotten |= before - self._texts()
        self.note(f"a standby is promoted, which lacks {sorted(self.forgotten)}")
        for view in self.views:
            view.promoted()

    def _texts(self) -> set[str]:
        return {text for texts in self.rows().values() for text in texts}

    def note(self, sentence: str) -> None:
        self.history.append(f"{asyncio.get_running_loop().time():8.3f} {sentence}")

    # ── the story ───────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Run the story, and check it."""
        asyncio.get_running_loop().set_exception_handler(self._loop_failed)
        names = [name for names in NAMES.values() for name in names]
        running = [asyncio.create_task(self.supervise(name)) for name in names]
        for client in self.clients:
            running += [asyncio.create_task(client.run()), asyncio.create_task(client.talk(0.5))]
        running.append(asyncio.create_task(self.moderator.run()))
        watching = asyncio.create_task(self._watch())
        try:
            await self._story([*running, watching])
        finally:
            self.is_faulty = False
            for task in (*running, watching):
                task.cancel()
            await asyncio.gather(*running, watching, return_exceptions=True)
            await self.bury()

    async def _story(self, running: Sequence[asyncio.Task[None]]) -> None:
        ends_s = asyncio.get_running_loop().time() + STORY_S
        for at_s, fault in plan(self, STORY_S):
            await self._sleep_until(at_s, running)
            fault()
        await self._sleep_until(ends_s, running)
        self._mend()
        until_s = ends_s + END_S
        while True:
            await self._sleep_until(asyncio.get_running_loop().time() + 1.0, running)
            try:
                self.check()
            except Violation:
                if asyncio.get_running_loop().time() > until_s:
                    raise
            else:
                break
        await self._ban_at_last(running)

    async def _ban_at_last(self, running: Sequence[asyncio.Task[None]]) -> None:
        """If nothing fails, a ban ends the connections to all nodes within a second."""
        view = self.views[-1]
        # Requests to the log may still be waiting for answers that were lost.
        await self._sleep_until(asyncio.get_running_loop().time() + ANSWER_TIMEOUT_S, running)
        await self.moderator.ban(view)
        await self._sleep_until(asyncio.get_running_loop().time() + BAN_S, running)
        view.catch_up()
        name = view.client.name
        demand(not view.client.established, "a banned client is connected", name)
        for gateway in self.ready_gateways():
            demand(not gateway.gateway.has_connections(name), "a banned client is connected", name, gateway.name)

    async def _sleep_until(self, at_s: float, running: Sequence[asyncio.Task[None]]) -> None:
        """Wait; raises the exception of a task that has ended, which none should."""
        wait_s = max(0.0, at_s - asyncio.get_running_loop().time())
        done, _ = await asyncio.wait(running, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _watch(self) -> None:
        """Check what clients hear, while it happens."""
        while True:
            await asyncio.sleep(0.1)
            for view in self.views:
                view.catch_up()
            demand(not self.defects, "a defect", *self.defects)

    def _mend(self) -> None:
        """End all faults."""
        self.note("everything is mended")
        self.is_faulty = False
        for client in self.clients:
            client.is_talking = False
            if client.socket is not None:
                client.socket.drain()
        names = list(self.nodes)
        for one in names:
            for other in names:
                self.network.mend(one, other)
            node = self.nodes[one]
            node.view.is_cut = False
            if node.process.is_suspended:
                node.process.resume()
        self.database.cut.clear()
        self.database.start()
        if not self.log.is_up:
            self.log.start(lost=0)

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────

    def rows(self) -> dict[str, list[str]]:
        """The stored texts of each room."""
        rows = {}
        for room in ROOMS:
            found = self._stored(f"room.{room}")
            demand(list(found) == list(range(1, len(found) + 1)), "the rows have gaps", found)
            rows[room] = list(found.values())
        return rows

    def _stored(self, channel: str) -> dict[int, str]:
        """The texts of an *every* channel by their numbers."""
        query = "select seq, body from channel_messages where channel = ? order by seq"
        with closing(sqlite3.connect(self._path)) as file:
            return {seq: msgspec.json.decode(body)["text"] for seq, body in file.execute(query, (channel,))}

    def check(self) -> None:
        """Check that everybody has reached the same end."""
        leader = self.leader()
        demand(leader is not None, "nobody leads")
        assert leader is not None
        rows = self.rows()
        demand(self.moderator.is_done, "somebody is still banned")
        demand(len(self.ready_gateways()) == len(NAMES["gateway"]), "a gateway takes no connections")
        for client in self.clients:
            demand(client.established, "a client is not connected", client.name)
            demand(not client.is_busy, "a client waits for an answer", client.name)
        check_rows(self.clients, rows, self.forgotten)
        latest = self._latest(leader, rows)
        for view in self.views:
            check_view(view, rows, latest)
            demand(
                view.epoch == leader.database.epoch.name, "a client is in another epoch", view.client.name, view.epoch
            )
        alarms = leader.copied.dump(ALARMS.channel().name)
        assert alarms is not None
        check_alarms(self.views, alarms.seq, self._stored("alarm"), leader.platform.raised)
        self._check_copies(leader)
        self._check_zones(leader)
        for gateway in self.ready_gateways():
            demand(
                _accounts(gateway) == _accounts(leader),
                "a copy of the accounts differs",
                gateway.name,
                _accounts(gateway),
            )

    def _latest(self, leader: CandidateProcess, rows: dict[str, list[str]]) -> dict[str, dict[str, Any]]:
        state: dict[str, dict[str, Any]] = {}
        for room in ROOMS:
            state[f"total.{room}"] = state[f"board.{room}"] = {"": len(rows[room])}
        for channel in CHANNELS:
            if channel.family is PRICE:
                dumped = leader.copied.dump(channel.name)
                prices = (
                    []
                    if dumped is None
                    else [msgspec.json.decode(put.body) for put in dumped.messages if not put.is_tombstone]
                )
                state[channel.name] = {price["key"]: [price["term"], price["number"]] for price in prices}
        return state

    def _check_copies(self, leader: CandidateProcess) -> None:
        for gateway in self.ready_gateways():
            for channel in CHANNELS:
                mine, theirs = gateway.copied.dump(channel.name), leader.copied.dump(channel.name)
                if mine is None or theirs is None:
                    # The leader may have read an *every* channel from the database.
                    lacks = theirs is not None and theirs.messages and channel.kind is Kind.LATEST
                    demand(not lacks, "a copy lacks a channel", gateway.name, channel)
                    continue
                # The position of a channel without messages is of no importance.
                demand(
                    mine.seq == theirs.seq or not theirs.messages,
                    "a copy is elsewhere",
                    gateway.name,
                    channel,
                    mine.seq,
                    theirs.seq,
                )
                begin = max(mine.reaches_back_to, theirs.reaches_back_to)
                is_live = channel.kind is Kind.LATEST
                kept = [
                    [put for put in one.messages if (is_live and not put.is_tombstone) or put.seq > begin]
                    for one in (mine, theirs)
                ]
                bodies = [[(put.seq, put.body) for put in one] for one in kept]
                demand(bodies[0] == bodies[1], "a copy differs", gateway.name, channel, *bodies)

    def _check_zones(self, leader: CandidateProcess) -> None:
        """The domain must know the zones of the connections that there are, and of no others."""
        known = {zone for zones in leader.platform.zones._named.values() for zone in zones.values()}
        demand(
            {client.zone for client in self.clients if client.zone is not None} <= known,
            "a zone is forgotten",
            [client.zone for client in self.clients],
            known,
        )
        connections = {
            one.session.connection_id for gateway in self.ready_gateways() for one in gateway.gateway.admitted()
        }
        named = {one for zones in leader.platform.zones._named.values() for one in zones}
        demand(named <= connections, "a connection that has ended is present", named - connections)

    def all_heard(self) -> Iterator[Heard]:
        """The frames that clients have received."""
        for client in self.clients:
            yield from client.heard

    async def bury(self) -> None:
        """Let everything that still exists come to its end, in any order and unseen."""
        self.is_over = True
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        self.database.stop()
        self.log.stop()
        for process in self.processes:
            process.exhume()
        mine = asyncio.current_task()
        for _ in range(200):
            others = [task for task in asyncio.all_tasks() if task is not mine]
            if not others:
                return
            for task in others:
                task.cancel()
            await asyncio.wait(others, timeout=1.0)
        raise AssertionError(f"tasks that do not end: {others}")

    def _loop_failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        self.defects.append(f"{context.get('message')}: {error!r}")

    def logged(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Take what the nodes log."""
        if self.is_over:
            raise structlog.DropEvent
        process = current_process()
        name = "" if process is None else process.name
        about = " ".join(f"{key}={value}" for key, value in event.items() if key != "event")
        self.history.append(f"{asyncio.get_running_loop().time():8.3f} {name}: {event['event']} {about}")
        if event["event"] == "defect":
            self.defects.append(self.history[-1])
        raise structlog.DropEvent


def _accounts(node: GatewayProcess | CandidateProcess) -> set[Account]:
    """The accounts of a node, without those that have nothing but a name."""
    return {account for account in node.models.accounts.all() if account != Account(account.wallet)}


def _has_ended(node: NodeProcess) -> bool:
    return node.process.is_dead or node.main.done()


@contextmanager
def replaced(world: World) -> Iterator[None]:
    """Let the code of the server use what the world has in the place of real things."""
    processors = structlog.get_config()["processors"]
    state = random.getstate()

    async def connect(_address: object, *, writes: bool) -> Session:
        process = current_process()
        assert process is not None
        return await world.database.connect(process, world.seed, writes=writes)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lease, "connect", connect)
        for module in (hub, first_frames):
            patched.setattr(module, "time", SimpleNamespace(perf_counter=lambda: asyncio.get_running_loop().time()))
        random.seed(world.seed)
        structlog.configure(processors=[world.logged])
        try:
            yield
        finally:
            structlog.configure(processors=processors)
            random.setstate(state)


def simulate(seed: int, prepare: Callable[[World], None] = lambda _world: None) -> World:
    """Run the world of a seed. Raises `Violation`, with the seed and what happened."""
    with TemporaryDirectory(prefix="duelcast-") as folder, asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, SimulatedLoop)
        world = World(seed, Path(folder), loop)
        prepare(world)
        with replaced(world):
            try:
                runner.run(world.run())
            except BaseException as error:
                error.add_note("\n".join(world.history[-200:]))
                error.add_note(f"Seed {seed}")
                raise
    return world


def digest(seed: int) -> str:
    """A digest of everything that happens in the world of a seed."""
    world = simulate(seed)
    heard = [(one.at_s, one.gateway, one.frame["type"], one.frame.get("seq")) for one in world.all_heard()]
    return sha256(repr((world.history, heard)).encode()).hexdigest()


if __name__ == "__main__":
    print(digest(int(sys.argv[1])))  # noqa: T201 - for the process that started this one

"""Whatever the interleaving, a subscriber misses nothing, gets nothing twice, and is told where that cannot be."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.channels.broker import Message, Position
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.endpoints.common import confirmation
from duelcast.gateway import compression
from duelcast.gateway.compression import CompressionSettings
from duelcast.gateway.hub import Hub
from duelcast.gateway.subscriptions import Segment
from duelcast.wire.frames import encode_body, push_body, reply_body, text_frame
from tests.contract.buses import StoredInMemory, publish
from tests.e2e.arena import BOARD, NOTES, Note, PlayerLeft, Score, make_arena
from tests.examples import examples
from tests.gateway.wire_client import WireClient

ROOMS = ("a", "b")
BOARDS = ("p", "q")
PLAYERS = ("u", "v")
HISTORY = 3


@pytest.fixture(autouse=True)
def restarts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Full flushes cost nothing, so that many outboxes join compressed cohorts."""
    monkeypatch.setattr(compression, "FULL_FLUSH_INTERVAL_S", 0.0)


class View:
    """What a client of the contract knows, from its frames alone. Fails where a frame breaks the contract."""

    def __init__(self) -> None:
        self.position: dict[str, Position] = {}
        self.followed: set[str] = set()
        self.scores: dict[tuple[str, str], tuple[int, int | None]] = {}
        self.snapshot_ends: dict[str, int] = {}
        self.since: dict[str, int] = {}
        self.gaps_told = 0

    def handle(self, frame: dict[str, Any]) -> None:
        handler: Callable[[dict[str, Any]], None] = getattr(self, f"_{frame['type']}", lambda _frame: None)
        handler(frame)

    def _subscription_confirmed(self, frame: dict[str, Any]) -> None:
        channel, seq = frame["channel"], frame["seq"]
        self.followed.add(channel)
        if channel == "board.*":
            self.followed -= {f"board.{board}" for board in BOARDS}
            self.scores.clear()
            return
        if "board.*" in self.followed and channel.startswith("board."):
            self.followed.discard(channel)
        if frame["kind"] == "every":
            start, since = seq, self.since.pop(channel, self.position.get(channel, Position("", seq)).seq)
            if frame.get("recovered"):
                start = since
            elif "recovered" in frame:
                self.gaps_told += 1
            self.position[channel] = Position(frame["epoch"], start)
        else:
            if not frame.get("recovered"):
                self.scores = {key: value for key, value in self.scores.items() if key[0] != channel}
            self.snapshot_ends[channel] = seq

    def _unsubscription_confirmed(self, frame: dict[str, Any]) -> None:
        channel = frame["channel"]
        if channel == "board.*" or not (channel.startswith("board.") and "board.*" in self.followed):
            self.followed.discard(channel)
        if channel == "board.*":
            self.followed -= {f"board.{board}" for board in BOARDS}

    def _note(self, frame: dict[str, Any]) -> None:
        channel, seq = frame["channel"], frame["seq"]
        assert channel in self.followed, "a message of a channel that is not followed"
        known = self.position[channel]
        assert seq == known.seq + 1, f"{channel}: {seq} after {known.seq}"
        self.position[channel] = Position(known.epoch, seq)

    def _score(self, frame: dict[str, Any]) -> None:
        self._take_score(frame, frame["points"])

    def _player_left(self, frame: dict[str, Any]) -> None:
        self._take_score(frame, None)

    def _take_score(self, frame: dict[str, Any], points: int | None) -> None:
        channel, seq, player = frame["channel"], frame["seq"], frame["player"]
        assert channel in self.followed or "board.*" in self.followed
        known = self.scores.get((channel, player))
        if seq > self.snapshot_ends.get(channel, 0) and known is not None:
            assert seq > known[0], "an older message, or the same one twice"
        self.scores[channel, player] = seq, points


class World:
    def __init__(self, flush_interval_ms: float) -> None:
        self.clock = ManualClock()
        self.stored = StoredInMemory(self.clock)
        self.broker = MemoryBroker(
            self.clock, self.stored, history_messages=HISTORY, history_s=5, tombstone_retention_s=5
        )
        self.hub = Hub(
            self.broker,
            self.clock,
            flush_interval_ms=flush_interval_ms,
            log_s=4,
            compression=CompressionSettings(min_followers=1),
        )
        self.publisher = Publisher(self.broker, self.clock)
        self.endpoint = make_arena()
        self.published: dict[str, int] = {}
        self.scores: dict[tuple[str, str], int | None] = {}
        self.clients = [self.connect(f"c{number}") for number in range(3)]
        self.views = [View() for _ in self.clients]
        self.bus_lost = False
        self.pushed: set[bytes] = set()
        """The bytes of every message that reached the hub."""
        self.inflated = 0
        """How many messages were compressed."""
        self._deliver, self.hub.deliver = self.hub.deliver, self.deliver  # type: ignore[method-assign]  # it listens in
        self.hub.on_lost = self._on_lost

    def connect(self, name: str) -> WireClient:
        # All but one take compressed messages.
        takes_compressed = not name.startswith("c0")
        return WireClient(name, self.endpoint, self.hub, self.broker, self.clock, takes_compressed=takes_compressed)

    def deliver(self, message: Message) -> None:
        self.pushed.add(push_body(message.body, message.channel.suffix, message.seq))
        self._deliver(message)

    def _on_lost(self) -> None:
        self.bus_lost = True
        for client in self.clients:
            client.outbox.lose_track()

    def read(self) -> None:
        for client, view in zip(self.clients, self.views, strict=True):
            for frame in client.frames():
                view.handle(frame)
            assert self.pushed.issuperset(client.inflated), "a window was out of step"
            self.inflated += len(client.inflated)
            client.inflated.clear()

    async def settle(self) -> None:
        for _ in range(6):
            await asyncio.sleep(0)
        lost = [client for client in self.clients if client.lost or self.bus_lost]
        bus_lost, self.bus_lost = self.bus_lost, False
        for client in lost:
            await self.rejoin(client, bus_lost=bus_lost and not client.lost)
        if lost:
            await self.settle()

    async def rejoin(self, client: WireClient, *, bus_lost: bool) -> None:
        """What a connection does when positions were lost: unasked confirmations, each with its replay or snapshot."""
        client.lost = 0
        joins = client.subscriptions.joins_again(bus_lost=bus_lost)
        joined = (await client.desk.read_again(client.ask(), joins)).joined
        segments: list[Segment] = []
        for one in joined:
            segments += (text_frame(reply_body(confirmation(one), self.clock.time(), None)), one)
        client.subscriptions.commit_again(segments, joined)

    async def step(self, action: tuple[str, int, int]) -> None:
        name, first, second = action
        index = first % len(self.clients)
        client, view = self.clients[index], self.views[index]
        room, board, player = ROOMS[second % 2], BOARDS[second % 2], PLAYERS[first % 2]
        if name == "note":
            body = encode_body(Note(room=room, text="x", id=0), self.clock.time())
            publish(self.broker, self.stored, NOTES.channel(room), body)
        elif name == "score":
            self.publisher.publish(BOARD.channel(board), Score(board=board, player=player, points=second))
            self.scores[f"board.{board}", player] = second
        elif name == "left":
            self.publisher.publish(BOARD.channel(board), PlayerLeft(board=board, player=player))
            self.scores[f"board.{board}", player] = None
        elif name == "ping":
            await client.send(type="ping")
        elif name == "stall":
            client.stop_reading()
        elif name == "read":
            client.read_on()
        elif name == "turn":
            await self.settle()
        elif name == "age":
            await self.clock.advance(second)
            await self.broker._sweep()
        elif name == "lose":
            self.broker.reset()
            self.scores.clear()
            await self.settle()
        elif name == "reconnect":
            await self.reconnect(index, with_since=bool(second % 2))
        else:
            target = [f"note.{room}", f"board.{board}", "board.*"][second % 3]
            if name == "subscribe":
                if target == f"note.{room}":
                    view.since.pop(target, None)
                await client.send(type="subscribe", channel=target)
            elif name == "unsubscribe":
                await client.send(type="unsubscribe", channel=target)

    async def reconnect(self, index: int, *, with_since: bool) -> None:
        """The socket ends, unread bytes with it; the client comes back with the positions that it knows."""
        self.read()
        old, view = self.clients[index], self.views[index]
        old.outbox.close()
        new = self.clients[index] = self.connect(f"{old.session.connection_id}+")
        channels: list[dict[str, Any]] = []
        for channel in sorted(view.followed):
            item: dict[str, Any] = {"channel": channel}
            if with_since and channel in view.position:
                known = view.position[channel]
                item["since"] = {"epoch": known.epoch, "seq": known.seq}
                view.since[channel] = known.seq
            channels.append(item)
        view.followed.clear()
        if not with_since:
            view.scores.clear()
        if channels:
            await new.send(type="subscribe", channels=channels)


ACTIONS = ("note", "note", "note", "score", "score", "left", "ping", "stall", "read", "turn", "turn", "age", "lose")
CHANGES = ("subscribe", "subscribe", "unsubscribe", "reconnect")


async def play(actions: list[tuple[str, int, int]], flush_interval_ms: float) -> World:
    world = World(flush_interval_ms)
    for action in actions:
        await world.step(action)
        world.read()
    await finish(world)
    return world


async def finish(world: World) -> None:
    """Everybody reads on; then every view must be the truth."""
    for client in world.clients:
        client.read_on()
    await world.settle()
    world.hub.flush_interval_ms = 0
    await asyncio.sleep(0.003)
    for client in world.clients:
        await client.send(type="ping")
    await world.settle()
    world.read()
    for client, view in zip(world.clients, world.views, strict=True):
        held = {target.name for target, _ in client.subscriptions.positions()}
        assert held == view.followed
        for name in held:
            if name.startswith("note."):
                recovery = await world.broker.recover(NOTES.channel(name.removeprefix("note.")))
                assert view.position[name] == Position(recovery.epoch, recovery.seq), "a message is missing"
        for (channel, player), points in world.scores.items():
            if channel in held or "board.*" in held:
                seen = view.scores.get((channel, player))
                assert (seen[1] if seen else None) == points, "the newest message of a key is missing"


@settings(max_examples=examples(300))
@given(
    st.lists(
        st.tuples(st.sampled_from(ACTIONS + CHANGES), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=60
    ),
    st.sampled_from([0.0, 1.0]),
)
def test_a_view_made_of_frames_is_the_truth(actions: list[tuple[str, int, int]], flush_interval_ms: float) -> None:
    uvloop.run(play(actions, flush_interval_ms))


def test_a_long_random_evening_ends_with_the_truth() -> None:
    chance = random.Random(20)
    actions = [(chance.choice(ACTIONS + CHANGES), chance.randrange(6), chance.randrange(6)) for _ in range(5000)]
    world = uvloop.run(play(actions, 1.0))
    assert world.inflated

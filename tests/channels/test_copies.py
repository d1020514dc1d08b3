"""Copies of the leader's channels: whatever is published, lost, trimmed or wiped, every copy becomes equal."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec

from duelcast.channels.broker import Position
from duelcast.channels.copied import CopiedChannels, DumpedChannel
from duelcast.channels.dumping import dump
from duelcast.channels.log_reader import DumpPiece, LogReader
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.names import Channel, Family, Kind, Unfollowed
from duelcast.channels.records import EntryId, Put
from duelcast.channels.shared_log import LogEntry
from duelcast.clock import ManualClock
from duelcast.wire.messages import Event
from tests.channels.fragile_log import FragileLog
from tests.contract.buses import Recorder, StoredInMemory
from tests.examples import examples


class Said(Event, tag="said"):
    """Any message."""


PRICE = Family("price", Kind.LATEST, (Said,), "Kept.", parameter="[a-z]+")
BOARD = Family("board", Kind.LATEST, (Said,), "Silent.", parameter="[a-z]+", unfollowed=Unfollowed.SILENT)
BRIEF = Family("brief", Kind.LATEST, (Said,), "Forgotten.", parameter="[a-z]+", unfollowed=Unfollowed.FORGOTTEN)
ROOM = Family("room", Kind.EVERY, (Said,), "Every message.", parameter="[a-z]+")
CHANNELS = [family.channel(name) for family in (PRICE, BOARD, BRIEF, ROOM) for name in ("a", "b")]
CHAT = ROOM.channel("a")
BY_NAME = {channel.name: channel for channel in CHANNELS}


class Pausing:
    """A node's view of the log, which can stand still."""

    def __init__(self, log: FragileLog) -> None:
        self._log = log
        self._may_read = asyncio.Event()
        self._may_read.set()

    async def read(self, after: EntryId, wait_s: float) -> Sequence[LogEntry]:
        await self._may_read.wait()
        entries = await self._log.read(after, wait_s)
        # What was read before the pause is lost with it.
        return entries if self._may_read.is_set() else ()

    def toggle(self) -> None:
        (self._may_read.clear if self._may_read.is_set() else self._may_read.set)()

    def resume(self) -> None:
        self._may_read.set()

    async def run_id(self) -> str:
        return await self._log.run_id()

    async def append(self, entry: LogEntry, keep_after: EntryId) -> None:
        raise AssertionError("Only the leader appends.")

    async def top(self) -> EntryId:
        return await self._log.top()

    async def faults(self) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        pass


class Place:
    """A leader, its log, and nodes with copies."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.log = FragileLog(self.clock, entries_per_read=3)
        self.stored = StoredInMemory(self.clock)
        self.channels = self._channels()
        self.channels.leads = True
        self.writer = LogWriter(self.log, self.clock)
        self.writer.open(EntryId(1, 0), EntryId(1, 0), "only")
        self.writer.attach_to(self.channels)
        self.nodes: list[tuple[LogReader, CopiedChannels, Recorder]] = []
        self.views: list[Pausing] = []
        self.tasks = [asyncio.create_task(self.writer.run())]
        self.published = 0
        self.followed: set[Channel] = set()

    def _channels(self) -> CopiedChannels:
        return CopiedChannels(self.clock, self.stored, history_messages=5, history_s=5.0, tombstone_retention_s=5.0)

    async def dump(self) -> AsyncGenerator[DumpPiece, None]:
        async for piece in dump(self.channels, self.writer, {}):
            # As over a network: nothing is shared.
            yield msgspec.msgpack.decode(msgspec.msgpack.encode(piece), type=DumpPiece)

    def add_node(self) -> None:
        copied, recorder = self._channels(), Recorder()
        copied.attach(recorder)
        view = Pausing(self.log)
        self.views.append(view)
        reader = LogReader(view, copied, BY_NAME.get, self, self.clock)
        self.nodes.append((reader, copied, recorder))
        self.tasks.append(asyncio.create_task(reader.run()))

    def publish(self, channel: Channel, key: str, is_tombstone: bool) -> None:
        self.published += 1
        body = b"%d" % self.published
        if channel.kind is Kind.EVERY:
            self.channels.broadcast(channel, self.stored.add(channel, body), body)
        else:
            self.channels.publish(channel, body, key=key, is_tombstone=is_tombstone)

    async def settle(self) -> None:
        """Let the log work, and return once every node has applied everything."""
        self.log.is_away = False
        self.log.answers_lost = 0
        for view in self.views:
            view.resume()
        ready = asyncio.gather(*(self._ready(reader) for reader, _, _ in self.nodes), self._appended())
        for _ in range(1_000):
            if ready.done():
                break
            await self.clock.advance(1.0)
            await asyncio.sleep(0)
        assert ready.done(), "the nodes never caught up"
        await ready

    async def _appended(self) -> None:
        await self.writer.appended(self.writer.newest)

    async def _ready(self, reader: LogReader) -> None:
        await self._appended()
        await reader.applied(self.writer.newest)

    async def take(self, step: Sequence[Any]) -> None:
        match step:
            case ["publish", channel, key, is_tombstone]:
                self.publish(channel, key, is_tombstone)
            case ["follow", channel]:
                (self.channels.unfollow if channel in self.followed else self.channels.follow)(channel)
                self.followed ^= {channel}
            case ["advance", seconds]:
                await self.clock.advance(seconds)
            case ["node"]:
                self.add_node()
            case ["pause", number]:
                self.views[number % len(self.views)].toggle()
            case ["settle"]:
                await self.settle()
            case ["away"]:
                self.log.is_away = not self.log.is_away
            case ["unanswered", count]:
                self.log.answers_lost = count
            case ["drop", count]:
                self.log.drop(count)
            case ["trim", count]:
                self.log.trim(count)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def check(self) -> None:
        """Every copy must be equal to the leader's channels, and every listener must have seen each channel in order;
        of an *every* channel, without gaps unless it was resynchronised."""
        for _, copied, recorder in self.nodes:
            for channel in CHANNELS:
                _expect_equal(self.channels.dump(channel.name), copied.dump(channel.name))
                seqs = [message.seq for message in recorder.messages if message.channel is channel]
                assert seqs == sorted(set(seqs))
                if channel.kind is Kind.EVERY and not recorder.resynchronisations:
                    assert seqs == list(range(seqs[0], seqs[0] + len(seqs))) if seqs else True


def _expect_equal(leaders: DumpedChannel | None, copys: DumpedChannel | None) -> None:
    if leaders is None or copys is None:
        assert leaders is None or not leaders.messages
        return
    assert copys.seq == leaders.seq
    complete = max(leaders.reaches_back_to, copys.reaches_back_to)
    assert [put for put in copys.messages if put.seq > complete] == [
        put for put in leaders.messages if put.seq > complete
    ]
    live = [put for put in leaders.messages if not put.is_tombstone]
    if BY_NAME[leaders.channel].kind is Kind.LATEST:
        assert [put for put in copys.messages if not put.is_tombstone] == live


STEPS = 150


def _step(rng: random.Random) -> Sequence[Any]:
    """A random step; publishing and the passing of time are the most frequent."""
    kinds = (
        ["publish"] * 8 + ["advance"] * 6 + ["follow", "pause", "trim", "drop", "away", "unanswered", "node", "settle"]
    )
    match kind := rng.choice(kinds):
        case "publish":
            return kind, rng.choice(CHANNELS), rng.choice("xyz"), rng.random() < 0.3
        case "follow":
            return kind, rng.choice(CHANNELS)
        case "advance":
            return kind, rng.choice([0.001, 0.02, 0.02, 1.0, 3.0, 70.0])
        case "node" | "settle" | "away":
            return (kind,)
        case _:
            return kind, rng.randrange(4)


async def _run(seed: int) -> None:
    rng = random.Random(seed)
    place = Place()
    place.add_node()
    try:
        for _ in range(STEPS):
            step = _step(rng)
            if step[0] != "node" or len(place.nodes) < 4:
                await place.take(step)
        place.add_node()
        await place.settle()
        place.check()
    finally:
        await place.close()


async def test_every_copy_becomes_equal_whatever_happens() -> None:
    for seed in range(examples(300)):
        try:
            await _run(seed)
        except BaseException as error:
            error.add_note(f"Seed {seed}")
            raise


def test_a_dump_takes_back_texts_that_were_deleted_meanwhile() -> None:
    clock = ManualClock()
    ours, theirs = (CopiedChannels(clock, StoredInMemory(clock)) for _ in range(2))
    for copied in (ours, theirs):
        for seq in (1, 2, 3):
            copied.put(Put(CHAT.name, seq, b"text"), CHAT)
    theirs.replace(CHAT, 2, b"gone")
    theirs.put(Put(CHAT.name, 4, b"text"), CHAT)
    dumped = theirs.dump(CHAT.name)
    assert dumped is not None
    assert ours.load(dumped, CHAT)
    assert ours.dump(CHAT.name) == dumped


def test_channels_that_nobody_used_are_not_kept_once_nobody_follows_them() -> None:
    copied = CopiedChannels(ManualClock(), StoredInMemory(ManualClock()))
    for channel in (PRICE.channel("a"), BOARD.channel("a")):
        copied.follow(channel)
        copied.unfollow(channel)
    assert copied.names() == []


def test_a_node_that_begins_to_lead_keeps_no_more_channels_than_any_leader() -> None:
    clock = ManualClock()
    copied = CopiedChannels(clock, StoredInMemory(clock), max_idle_channels=2)
    for name in ("a", "b", "c"):
        copied.put(Put(f"room.{name}", 1, b"text"), ROOM.channel(name))
    copied.lead("epoch", 0, {})
    copied.follow(CHAT)
    copied.unfollow(CHAT)
    assert copied.names() == ["room.a", "room.c"]


async def test_a_position_that_was_lost_with_its_leader_is_not_recovered() -> None:
    clock = ManualClock()
    price = PRICE.channel("a")
    lost, known = (CopiedChannels(clock, StoredInMemory(clock)) for _ in range(2))
    for copied in (lost, known):
        copied.put(Put(price.name, 7, b"known"), price)
    lost.put(Put(price.name, 8, b"lost"), price)
    known.lead("", 100, {})
    known.publish(price, b"new")
    for seq, covered in ((6, True), (7, True), (8, False), (100, False), (101, True)):
        recovery = await known.recover(price, Position(known.epoch, seq))
        assert recovery.recovered is covered, seq
    dumped = known.dump(price.name)
    assert dumped is not None
    lost.follow(price)
    assert not lost.load(dumped, price), "its followers have a lost message"
    assert lost.dump(price.name) == dumped


def test_a_copy_learns_from_a_dump_which_earlier_positions_are_lost() -> None:
    clock = ManualClock()
    price = PRICE.channel("a")
    leader, copied = (CopiedChannels(clock, StoredInMemory(clock)) for _ in range(2))
    for channels in (leader, copied):
        for seq in (10, 21):
            channels.put(Put(price.name, seq, b"text"), price)
    leader.put(Put(price.name, 61, b"text"), price)
    dumped = leader.dump(price.name)
    assert dumped is not None
    assert copied.load(dumped, price)
    assert copied.dump(price.name) == dumped
    assert dumped.reaches_back_to == 20, "the numbers from 11 to 20 were skipped"

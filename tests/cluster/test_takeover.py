"""Takeover: what was committed is published once, by the leader of the newest term, whatever the log has lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from duelcast.channels.copied import CopiedChannels
from duelcast.channels.dumping import dump
from duelcast.channels.log_reader import DumpPiece, DumpUnavailable, LogReader
from duelcast.channels.log_writer import LogWriter
from duelcast.channels.names import Channel, Family, Kind
from duelcast.channels.publisher import Broadcast, Erase, Published, Publisher
from duelcast.channels.records import (
    BEGINNING,
    EPOCH,
    NUMBERS,
    RUN,
    URGENT,
    EntryId,
    Fact,
    Put,
    decode_entry,
    encode_entry,
)
from duelcast.channels.shared_log import Fenced, LogEntry, LogUnavailable, MemoryLog
from duelcast.channels.valkey import ValkeyLog
from duelcast.clock import SystemClock
from duelcast.cluster.facts import Facts
from duelcast.cluster.leadership import Leadership
from duelcast.cluster.presence import Presence
from duelcast.cluster.takeover import Takeover
from duelcast.domain.analytics.activity import Zones
from duelcast.domain.contests.rooms import Rooms, RoomSettings
from duelcast.store.backend import TermLost
from duelcast.store.channel_log import RESERVED_NUMBERS, Encoded
from duelcast.store.database import Database, Transaction
from duelcast.store.postgres.database import PostgresDatabase
from duelcast.store.stored_log import StoredLog
from duelcast.wire.frames import encode_body
from duelcast.wire.messages import Event
from tests.contract.buses import Recorder
from tests.store.facts import until
from tests.store.postgres.place import Place
from tests.valkey import valkey

pytestmark = pytest.mark.postgres

CLOCK = SystemClock()
BUSY_TIMEOUT_MS = 200
FAR_TERM = 2**52
"""A term that comes long after the present one; terms grow with the clock."""
LEASE_MS = 60_000


class Said(Event, tag="said"):
    """Any message."""

    text: str = ""


ROOM = Family("room", Kind.EVERY, (Said,), "Every message.", parameter="[a-z]+")
PRICE = Family("price", Kind.LATEST, (Said,), "Kept.", parameter="[a-z]+")
ALARM = Family("alarm", Kind.EVERY, (Said,), "Urgent.", is_urgent=True)
A, B, P, ALERTS = ROOM.channel("a"), ROOM.channel("b"), PRICE.channel("p"), ALARM.channel()
BY_NAME: dict[str, Channel] = {channel.name: channel for channel in (A, B, P, ALERTS)}


class LossyMemory(MemoryLog):
    """A log within the process that can be away, and lose its end."""

    is_away = False

    run = 0

    async def run_id(self) -> str:
        return f"run {self.run}"

    async def lose(self, entries: int) -> None:
        """Lose so many of the newest entries."""
        del self._entries[max(0, len(self._entries) - entries) :]

    async def top(self) -> EntryId:
        if self.is_away:
            raise LogUnavailable("The log is away.")
        return await super().top()


class LossyValkey(ValkeyLog):
    """A log on a server that can restart without the end of its data."""

    run = 0

    async def run_id(self) -> str:
        return f"{await super().run_id()} {self.run}"

    async def lose(self, entries: int) -> None:
        """Lose so many of the newest entries."""
        kept: list[Any] = list(await self._writing.xrange(self._key) or ())
        await self._writing.delete(self._key)
        for id_, fields in kept[: max(0, len(kept) - entries)]:
            await self._writing.xadd(self._key, fields, id=id_)


Log = LossyMemory | LossyValkey


@pytest.fixture(params=["memory", "valkey"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    if request.param == "memory":
        yield LossyMemory(CLOCK)
        return
    async with valkey(tmp_path) as server:
        shared = LossyValkey(server.url)
        yield shared
        await shared.close()


class Cluster:
    """Nodes that share a log and a database."""

    def __init__(self, place: Place, log: Log) -> None:
        self.place = place
        self.log = log
        self.leader: Candidate | None = None
        self._nodes: list[Candidate | Gateway] = []

    async def dump(self) -> AsyncGenerator[DumpPiece, None]:
        leader = self.leader
        if leader is None or leader.writer is None:
            raise DumpUnavailable("There is no leader.")
        async for piece in dump(leader.copied, leader.writer, leader.facts.known):
            yield piece

    def gateway(self) -> Gateway:
        gateway = Gateway(self)
        self._nodes.append(gateway)
        return gateway

    def candidate(self) -> Candidate:
        """A candidate that waits for its term from now on."""
        candidate = Candidate(self, len(self._nodes))
        self._nodes.append(candidate)
        return candidate

    async def lead(self, candidate: Candidate | None = None) -> Candidate:
        """A new node, or `candidate`, once it leads."""
        candidate = candidate or self.candidate()
        await candidate.takes_over
        self.leader = candidate
        return candidate

    async def settled(self, gateway: Gateway) -> None:
        """Wait until a gateway has applied everything that the leader has published."""
        assert self.leader is not None
        assert self.leader.writer is not None
        newest = self.leader.writer.newest
        await self.leader.writer.appended(newest)
        await gateway.reader.applied(newest)

    async def published(self) -> list[tuple[str, int, int]]:
        """Term, channel and number of each message in the log."""
        entries: list[LogEntry] = []
        while some := await self.log.read(entries[-1].id if entries else BEGINNING, 0.001):
            entries += some
        records = [(entry.id, record) for entry in entries for record in decode_entry(entry.data).records]
        return [(record.channel, record.seq, id_.term) for id_, record in records if isinstance(record, Put)]

    async def close(self) -> None:
        for node in self._nodes:
            await node.close()


class Gateway:
    """A node that copies the channels of the leader, and records what it hears."""

    def __init__(self, cluster: Cluster) -> None:
        self.recorder = Recorder()
        stored = StoredLog(Database(PostgresDatabase(cluster.place.url, Path(), 0), CLOCK), CLOCK, 3600)
        self.copied = CopiedChannels(CLOCK, stored)
        self.copied.attach(self.recorder)
        self.reader = LogReader(cluster.log, self.copied, BY_NAME.get, cluster, CLOCK)
        self._reading = asyncio.create_task(self.reader.run())

    def heard(self, channel: Channel) -> list[int]:
        return [message.seq for message in self.recorder.messages if message.channel is channel]

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.wait([self._reading])


class Candidate:
    """A node that takes over as soon as it can."""

    def __init__(self, cluster: Cluster, number: int) -> None:
        backend = PostgresDatabase(
            cluster.place.url,
            cluster.place.data_dir / str(number),
            BUSY_TIMEOUT_MS,
            node=f"node {number}",
            lease_ms=LEASE_MS,
        )
        self.database = Database(backend, CLOCK, urgent=[ALERTS])
        self.copied = CopiedChannels(CLOCK, StoredLog(self.database, CLOCK, 3600))
        self.database.log.bus = self.copied
        self.reader = LogReader(cluster.log, self.copied, BY_NAME.get, cluster, CLOCK)
        self.leadership = Leadership(backend.lease, CLOCK)
        self.lease = backend.lease
        self.loaded_at: list[int] = []
        """The position of A each time the domain was loaded."""
        self.load_error: Exception | None = None
        self.on_load: Callable[[], object] = lambda: None
        self.writer: LogWriter | None = None
        """Set once it leads."""
        self._started = AsyncExitStack()
        self._writer = LogWriter(cluster.log, CLOCK)
        rooms = Rooms(Publisher(self.copied, CLOCK), CLOCK, lambda _contest, _wallet: False, RoomSettings)
        self.facts = Facts(rooms, Zones(), Presence(), self._writer.add, lambda: self.database.log.numbers)
        self._takeover = Takeover(
            self.leadership, cluster.log, self.reader, self.copied, self._writer, self.database, BY_NAME.get, CLOCK
        )
        self.takes_over = asyncio.create_task(self._lead())

    async def _lead(self) -> None:
        async with AsyncExitStack() as started:
            await self._takeover.run(started, self._load)
            self._started = started.pop_all()
        self.writer = self._writer

    @property
    def begins_anew(self) -> bool:
        return self._takeover.begins_anew

    async def _load(self, started: AsyncExitStack) -> str:
        if self.load_error is not None:
            raise self.load_error
        self.on_load()
        running = asyncio.create_task(self.database.run())

        async def stop() -> None:
            self.database.stop_writing()
            await running

        started.push_async_callback(stop)
        self.loaded_at.append(self.copied.every_positions().get(A.name, 0))
        takeover = self._takeover
        self.copied.on_forget = self.facts.channel_forgotten
        self.facts.restore(self.reader.facts, are_complete=takeover.knows_all)
        urgent, run_id = takeover.urgent_positions, self._writer.run_id
        self.facts.follow(self.database.epoch.name, urgent, run_id, anew=takeover.begins_anew)
        self._writer.on_another_run = self.facts.log_runs
        return "candidate:8070"

    async def say(self, *channels: Channel, text: str = "") -> None:
        """Store and publish a message on each channel."""

        async def work(_transaction: Transaction) -> Published[None]:
            return Published(None, [Broadcast(channel, Said(text=text), row_id=1) for channel in channels])

        await self.database.publish(work)

    async def erase(self, channel: Channel) -> None:
        """Say that a text is gone, and erase it."""

        async def work(_transaction: Transaction) -> Published[None]:
            return Published(None, [Broadcast(channel, Said()), Erase(channel, [1], Said(text="gone"))])

        await self.database.publish(work)

    def price(self, text: str = "") -> None:
        Publisher(self.copied, CLOCK).publish(P, Said(text=text))

    async def appended(self) -> None:
        assert self.writer is not None
        await self.writer.appended(self.writer.newest)

    @property
    def writing(self) -> asyncio.Task[None]:
        assert self._takeover.writing is not None
        return self._takeover.writing

    async def fall_silent(self) -> None:
        """Append nothing any more, as if killed after the next COMMIT."""
        await _end(self._takeover.writing)

    async def die(self) -> None:
        """End as if killed; the database server sees the end of the sessions."""
        await self.close()

    async def close(self) -> None:
        await _end(self.takes_over)
        await _end(self._takeover.writing)
        await self._started.aclose()


async def _end(task: asyncio.Task[None] | None) -> None:
    if task is None:
        return
    task.cancel()
    with suppress(asyncio.CancelledError, Fenced, TermLost, ZeroDivisionError):
        await task


@pytest.fixture
async def cluster(place: Place, log: Log) -> AsyncIterator[Cluster]:
    cluster = Cluster(place, log)
    try:
        yield cluster
    finally:
        await cluster.close()


# ── what the last leader did not publish ────────────────────────────────────────────────────────────────────────────


async def test_what_was_committed_and_not_appended_is_published_once_before_the_domain_is_loaded(
    cluster: Cluster,
) -> None:
    first, gateway = await cluster.lead(), cluster.gateway()
    old = first.lease.term
    second = cluster.candidate()
    await first.say(A)
    await first.say(A)
    await cluster.settled(gateway)
    await until(lambda: second.reader.position == gateway.reader.position)
    await first.fall_silent()
    await first.say(A, B)
    await first.say(A)
    await first.die()
    await cluster.lead(second)
    await second.say(A, B)
    await cluster.settled(gateway)
    assert second.loaded_at == [4]
    assert gateway.heard(A) == [1, 2, 3, 4, 5]
    assert gateway.heard(B) == [1, 2]
    new = second.lease.term
    assert await cluster.published() == [
        *[("room.a", 1, old), ("room.a", 2, old)],
        *[("room.a", 3, new), ("room.b", 1, new), ("room.a", 4, new), ("room.a", 5, new), ("room.b", 2, new)],
    ]
    assert gateway.reader.dumps_taken == 1, "at its start"


async def test_a_text_that_was_erased_and_not_appended_is_erased_everywhere(cluster: Cluster) -> None:
    first, gateway = await cluster.lead(), cluster.gateway()
    second = cluster.candidate()
    await first.say(A, text="secret")
    await cluster.settled(gateway)
    await until(lambda: second.reader.position == gateway.reader.position)
    await first.fall_silent()
    await first.erase(A)
    await first.die()
    await cluster.lead(second)
    await cluster.settled(gateway)
    for copied in (second.copied, gateway.copied):
        dumped = copied.dump(A.name)
        assert dumped is not None
        assert [b"secret" in put.body for put in dumped.messages] == [False, False]


async def test_a_log_of_urgent_messages_alone_is_complete(cluster: Cluster) -> None:
    first, gateway = await cluster.lead(), cluster.gateway()
    second = cluster.candidate()
    await first.say(ALERTS)
    await cluster.settled(gateway)
    await until(lambda: second.reader.position == gateway.reader.position)
    await first.die()
    await cluster.lead(second)
    await second.say(ALERTS)
    await cluster.settled(gateway)
    assert gateway.heard(ALERTS) == [1, 2]
    assert gateway.reader.dumps_taken == 1, "at its start"


async def test_urgent_messages_that_were_published_and_not_stored_are_stored(cluster: Cluster) -> None:
    first, gateway = await cluster.lead(), cluster.gateway()
    second = cluster.candidate()
    await first.say(ALERTS)
    event = Said(text="unstored")
    first.database.log.send_unstored(Encoded(Broadcast(ALERTS, event), encode_body(event, CLOCK.time())))
    await cluster.settled(gateway)
    await until(lambda: second.reader.position == gateway.reader.position)
    await first.die()
    await cluster.lead(second)
    await second.say(ALERTS)
    await cluster.settled(gateway)
    assert gateway.heard(ALERTS) == [1, 2, 3]
    stored = cluster.place.query("select seq from channel_messages where channel = 'alarm' order by seq")
    assert stored == [(1,), (2,), (3,)]


async def test_a_number_of_an_urgent_message_that_the_log_lost_is_not_assigned_again(
    cluster: Cluster, log: Log
) -> None:
    first, gateway = await cluster.lead(), cluster.gateway()
    await first.say(ALERTS)
    await cluster.settled(gateway)
    event = Said(text="unstored and lost")
    first.database.log.send_unstored(Encoded(Broadcast(ALERTS, event), encode_body(event, CLOCK.time())))
    await cluster.settled(gateway)
    await first.die()
    log.run += 1
    await log.lose(1)
    second = await cluster.lead()
    await second.say(ALERTS)
    await cluster.settled(gateway)
    ((seq,),) = cluster.place.query("select seq from channel_messages where channel = 'alarm'")
    assert seq > RESERVED_NUMBERS
    assert gateway.heard(ALERTS) == [1, 2, seq]
    assert second.begins_anew


async def test_a_database_that_lacks_the_skipped_numbers_of_urgent_messages_has_a_new_epoch(
    cluster: Cluster, log: Log
) -> None:
    first, gateway = await cluster.lead(), cluster.gateway()
    await first.say(ALERTS)
    await cluster.settled(gateway)
    await first.die()
    log.run += 1
    second, third = await cluster.lead(), cluster.candidate()
    await cluster.settled(gateway)
    await until(lambda: third.reader.position == gateway.reader.position)
    await second.die()
    # The database as it was before the second leader started.
    cluster.place.query(f"update channel_positions set seq = 1, reserved = {RESERVED_NUMBERS + 1}")
    await cluster.lead(third)
    assert third.copied.epoch != second.copied.epoch


async def test_a_leader_that_published_nothing_after_it_skipped_numbers_is_noticed(cluster: Cluster) -> None:
    first = await cluster.lead()
    await first.say(A)
    await first.appended()
    cluster.leader = None
    await first.die()
    # The second one has skipped numbers and died. No node has the position of the urgent channel from a message.
    ((reserved,),) = cluster.place.query("select reserved from channel_positions where channel = 'alarm'")
    cluster.place.query(f"update channel_positions set seq = {reserved} where channel = 'alarm'")
    third = await cluster.lead()
    assert third.begins_anew
    await third.say(ALERTS)
    assert third.copied.every_positions()[ALERTS.name] == reserved + 1


async def test_the_number_of_an_urgent_message_that_is_lost_is_not_assigned_again(cluster: Cluster, log: Log) -> None:
    first = await cluster.lead()
    epoch, term = first.copied.epoch, first.lease.term
    assert term is not None
    await first.appended()
    cluster.leader = None
    await first.die()
    await log.lose(100)
    # A later leader began anew after an urgent message that was not stored before the database lost its end.
    began = {
        EPOCH: epoch.encode(),
        NUMBERS: b"0",
        RUN: (await log.run_id()).encode(),
        (URGENT, "", ALERTS.name): b"1",
    }
    entry = encode_entry(BEGINNING, 0, [Fact(*key, value) for key, value in began.items()])
    await log.append(LogEntry(EntryId(term, 1), entry), BEGINNING)
    second = await cluster.lead()
    await second.say(ALERTS)
    assert second.copied.epoch == epoch
    assert second.copied.every_positions()[ALERTS.name] == 2
    assert cluster.place.query("select seq from channel_messages where channel = 'alarm'") == [(2,)]


async def test_numbers_are_skipped_once(cluster: Cluster, log: Log) -> None:
    first = await cluster.lead()
    await first.say(ALERTS)
    await first.appended()
    await first.die()
    log.run += 1
    second = await cluster.lead()
    await second.appended()
    cluster.leader = None
    await second.die()
    third = await cluster.lead()
    assert [node.begins_anew for node in (first, second, third)] == [True, True, False]
    assert second.copied.every_positions() == third.copied.every_positions()


async def test_a_run_of_the_log_that_the_leader_has_seen_is_as_good_as_the_first(cluster: Cluster, log: Log) -> None:
    leader, gateway = await cluster.lead(), cluster.gateway()
    await leader.say(ALERTS)
    await cluster.settled(gateway)
    log.run += 1
    await log.lose(1)
    await until(lambda: gateway.reader.facts[RUN].decode().endswith("1"))
    await leader.die()
    leader = await cluster.lead()
    assert not leader.begins_anew
    await leader.say(ALERTS)
    await cluster.settled(gateway)
    assert gateway.heard(ALERTS) == [1, 2]


# ── the last leader goes on ─────────────────────────────────────────────────────────────────────────────────────────


async def test_an_entry_of_the_last_leader_after_the_term_was_opened_is_refused(cluster: Cluster) -> None:
    first, gateway = await cluster.lead(), cluster.gateway()
    first.price("early")
    await cluster.settled(gateway)
    second = cluster.candidate()
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    await until(lambda: cluster.place.query(waiting) == [(1,)])
    cluster.place.query("select pg_terminate_backend(pid) from leaders")
    await cluster.lead(second)
    first.price("late")
    with pytest.raises(Fenced):
        await first.writing
    second.price("next")
    await cluster.settled(gateway)
    terms = [term for name, _, term in await cluster.published() if name == P.name]
    assert terms == [first.lease.term, second.lease.term]
    assert b"late" not in b"".join(gateway.recorder.bodies)
    await first.lease.lost()


async def test_a_leader_asks_the_database_before_it_writes_to_another_run_of_the_log(
    cluster: Cluster, log: Log
) -> None:
    first = await cluster.lead()
    writer = first.writer
    assert writer is not None
    await first.appended()
    # Another node has begun a term, but the log has lost the entry that opened it.
    cluster.place.query("update leaders set term = term + 1")
    run_id = await log.run_id()
    log.run += 1
    await until(lambda: first.writing.done() or writer.run_id != run_id)
    assert isinstance(first.writing.exception(), Fenced)


async def test_a_log_that_knows_a_later_term_leads_to_a_term_after_it(cluster: Cluster, log: Log) -> None:
    await log.append(LogEntry(EntryId(FAR_TERM, 0), b""), BEGINNING)
    leader = await cluster.lead()
    assert leader.lease.term == FAR_TERM + 1


async def test_a_term_that_database_and_log_have_lost_is_not_begun_again(cluster: Cluster, log: Log) -> None:
    first = await cluster.lead()
    term = first.lease.term
    await first.die()
    await log.lose(100)
    cluster.place.query("delete from leaders")
    second = await cluster.lead()
    assert term is not None
    assert second.lease.term is not None
    assert second.lease.term > term


async def test_a_term_that_the_log_refuses_is_followed_by_the_next_one(
    cluster: Cluster, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log.append(LogEntry(EntryId(FAR_TERM, 0), b""), BEGINNING)
    tops = [BEGINNING, EntryId(FAR_TERM, 0)]

    async def top() -> EntryId:
        return tops.pop(0) if len(tops) > 1 else tops[0]

    monkeypatch.setattr(log, "top", top)
    leader = await cluster.lead()
    assert leader.lease.term == FAR_TERM + 1


# ── what the log has lost ───────────────────────────────────────────────────────────────────────────────────────────


async def _led(cluster: Cluster, gateway: Gateway) -> None:
    """Have a leader publish something, and die."""
    leader = await cluster.lead()
    await until(lambda: gateway.reader.is_complete)
    for _ in range(3):
        await leader.say(A)
        leader.price()
        await leader.appended()
    await cluster.settled(gateway)
    cluster.leader = None
    await leader.die()


async def _go_on(cluster: Cluster, gateway: Gateway, leader: Candidate) -> None:
    """Have the next leader publish something; nothing may be missing, and no number may be used again."""
    newest_seq = gateway.heard(P)[-1]
    await leader.say(A)
    leader.price("new")
    await cluster.settled(gateway)
    assert gateway.heard(A) == [1, 2, 3, 4]
    # A dump may have replaced the channel; followers are then resynchronised instead.
    dumped = gateway.copied.dump(P.name)
    assert dumped is not None
    assert b"new" in dumped.messages[-1].body
    assert dumped.messages[-1].seq > newest_seq


async def test_a_node_that_starts_after_the_death_of_the_leader_takes_over_from_the_log(cluster: Cluster) -> None:
    gateway = cluster.gateway()
    await _led(cluster, gateway)
    leader = await cluster.lead()
    assert leader.loaded_at == [3]
    await _go_on(cluster, gateway, leader)
    assert gateway.reader.dumps_taken == 1


@pytest.mark.parametrize("entries", [1, 2, 100])
async def test_a_log_without_its_end_costs_neither_messages_nor_numbers(
    cluster: Cluster, log: Log, entries: int
) -> None:
    gateway = cluster.gateway()
    await _led(cluster, gateway)
    await log.lose(entries)
    leader = await cluster.lead()
    await _go_on(cluster, gateway, leader)
    assert gateway.reader.dumps_taken == 2, "it had entries that the leader had not"


async def test_a_candidate_that_followed_the_log_needs_none_of_it(cluster: Cluster, log: Log) -> None:
    gateway = cluster.gateway()
    leader, standby = await cluster.lead(), cluster.candidate()
    await until(lambda: gateway.reader.is_complete)
    for _ in range(3):
        await leader.say(A)
        leader.price()
    await cluster.settled(gateway)
    await until(lambda: standby.reader.position == gateway.reader.position)
    await log.lose(100)
    await leader.die()
    await cluster.lead(standby)
    await _go_on(cluster, gateway, standby)
    assert gateway.reader.dumps_taken == 1


async def test_the_epoch_of_positions_outlives_the_leader_and_the_log(cluster: Cluster, log: Log) -> None:
    gateway = cluster.gateway()
    await _led(cluster, gateway)
    ((epoch,),) = cluster.place.query("select epoch from epochs")
    leader = await cluster.lead()
    assert leader.copied.epoch == epoch
    await leader.die()
    await log.lose(100)
    assert (await cluster.lead()).copied.epoch == epoch


async def test_a_database_that_lacks_what_was_published_has_a_new_epoch(cluster: Cluster) -> None:
    gateway = cluster.gateway()
    await _led(cluster, gateway)
    ((epoch,),) = cluster.place.query("select epoch from epochs")
    cluster.place.query("update channel_positions set seq = 1 where channel = 'room.a'")
    cluster.place.query("delete from channel_messages where channel = 'room.a' and seq > 1")
    leader = await cluster.lead()
    assert leader.copied.epoch != epoch
    found = await leader.lease.find()
    assert found is not None
    assert found.epoch == leader.copied.epoch
    await leader.say(A)
    await cluster.settled(gateway)
    assert cluster.place.query("select seq from channel_messages where channel = 'room.a' order by seq") == [(1,), (2,)]
    assert gateway.reader.dumps_taken == 2
    assert gateway.copied.every_positions()[A.name] == 2


async def test_a_database_that_lacks_messages_of_a_forgotten_channel_has_a_new_epoch(cluster: Cluster) -> None:
    leader, standby = await cluster.lead(), cluster.candidate()
    for _ in range(3):
        await leader.say(A)
    leader.copied.forget(A)
    await leader.appended()
    await until(lambda: standby.reader.facts.get(NUMBERS) == b"3")
    await leader.die()
    cluster.place.query("update channel_positions set seq = 2 where channel = 'room.a'")
    cluster.place.query("delete from channel_messages where channel = 'room.a' and seq > 2")
    await cluster.lead(standby)
    assert standby.copied.epoch != leader.copied.epoch


async def test_a_database_that_lacks_what_was_published_before_the_log_began_anew_has_a_new_epoch(
    cluster: Cluster, log: Log
) -> None:
    gateway = cluster.gateway()
    await _led(cluster, gateway)
    await log.lose(100)
    leader = await cluster.lead()
    assert await cluster.published() == []
    epoch = leader.copied.epoch
    await leader.die()
    # The database as it was before the last two messages.
    cluster.place.query(f"update channel_positions set seq = 0, reserved = {RESERVED_NUMBERS} where channel = 'alarm'")
    cluster.place.query("update channel_positions set seq = 1 where channel = 'room.a'")
    cluster.place.query("delete from channel_messages where channel = 'room.a' and seq > 1")
    assert (await cluster.lead()).copied.epoch != epoch


# ── a takeover that fails ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_node_that_cannot_load_leaves_the_term_to_others(cluster: Cluster) -> None:
    broken = cluster.candidate()
    broken.load_error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await broken.takes_over
    leader = await cluster.lead()
    await leader.say(A)
    assert cluster.place.query("select term from leaders") == [(leader.lease.term,)]


async def test_a_node_publishes_nothing_that_it_loaded_from_a_database_without_its_term(cluster: Cluster) -> None:
    node = cluster.candidate()
    # A standby that lacks the latest transactions takes the place of the database.
    node.on_load = lambda: cluster.place.query("update leaders set term = term - 1")
    with pytest.raises(TermLost):
        await cluster.lead(node)
    assert await cluster.published() == []


async def test_without_the_log_nobody_takes_the_term(place: Place) -> None:
    log = LossyMemory(CLOCK)
    log.is_away = True
    cluster = Cluster(place, log)
    try:
        candidate = cluster.candidate()
        await until(lambda: candidate.reader.failure is not None)
        assert place.query("select term from leaders") == []
        log.is_away = False
        await cluster.lead(candidate)
        assert place.query("select term from leaders") == [(candidate.lease.term,)]
    finally:
        await cluster.close()

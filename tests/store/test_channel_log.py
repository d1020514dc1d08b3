"""The log of *every* channels: numbers, what is kept of them, and what outlives the process (protocol §2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.channels.broker import Origin, Position
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.names import Channel, Family, Kind
from duelcast.channels.publisher import Broadcast, Erase, Outgoing, Published
from duelcast.clock import Clock, ManualClock, SystemClock
from duelcast.errors import AppError, Conflict, OutcomeUnknown, Unavailable
from duelcast.store import database as database_module
from duelcast.store.channel_log import RESERVED_NUMBERS
from duelcast.store.database import Database, Transaction
from duelcast.store.delivery import deliver
from duelcast.store.log_retention import LogBounds
from duelcast.store.stored_log import StoredLog
from duelcast.wire.messages import Event
from tests.databases import backend_at, place_new, rows_in
from tests.failpoints import failing_commits
from tests.store.facts import put
from tests.storing import locked


class Said(Event, tag="said"):
    text: str


class Unwritable(Event, tag="unwritable"):
    """A defect."""

    value: object


ROOM = Family("room", Kind.EVERY, (Said,), "Messages.", parameter="[a-z]+")
SIREN = Family("siren", Kind.EVERY, (Said,), "Goes out in any case.", is_urgent=True)
A, B = ROOM.channel("a"), ROOM.channel("b")


class Listener:
    """Who gets what is committed, in this order."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, str]] = []
        self.replaced: list[tuple[str, int, str]] = []
        self.origins: list[Origin | None] = []

    def broadcast(self, channel: Channel, seq: int, body: bytes, origin: Origin | None = None) -> None:
        self.told.append((channel.name, seq, msgspec.json.decode(body)["text"]))
        self.origins.append(origin)

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        self.replaced.append((channel.name, seq, msgspec.json.decode(body)["text"]))


class Place:
    """A database, and who hears of its commits."""

    def __init__(self, database: Database, clock: Clock, path: Path) -> None:
        self.database = database
        self.clock = clock
        self.path = path
        self.listener = database.log.bus = Listener()

    async def say(self, *texts: str, channel: Channel = A, row_ids: Sequence[int | None] = ()) -> None:
        ids = row_ids or [None] * len(texts)
        await self.publish(*(said(text, channel, row_id) for text, row_id in zip(texts, ids, strict=True)))

    async def publish(self, *outgoing: Outgoing) -> None:
        async def work(_transaction: Transaction) -> Published[None]:
            return Published(None, outgoing)

        await self.database.publish(work)

    def stored(self, channel: Channel = A) -> list[tuple[int, str]]:
        """What another program finds in the file."""
        rows = self.query("select seq, body from channel_messages where channel = ? order by seq", channel.name)
        return [(seq, msgspec.json.decode(body)["text"]) for seq, body in rows]

    def position(self, channel: Channel = A) -> tuple[int, int]:
        """Number and floor."""
        ((seq, floor),) = self.query("select seq, floor from channel_positions where channel = ?", channel.name)
        return seq, floor

    def query(self, statement: str, *values: object) -> list[Any]:
        return rows_in(self.path, statement, *values)


def said(text: str, channel: Channel = A, row_id: int | None = None) -> Broadcast:
    return Broadcast(channel, Said(text=text), row_id=row_id)


@asynccontextmanager
async def place_at(
    path: Path, clock: Clock | None = None, bounds: LogBounds | None = None, outcome_wait_ms: int = 2_000
) -> AsyncIterator[Place]:
    place_new(path)
    clock = clock or ManualClock()
    database = Database(
        backend_at(path), clock, outcome_wait_ms=outcome_wait_ms, urgent=[SIREN.channel()], log_bounds=bounds
    )
    place = Place(database, clock, path)
    async with database.at_work():
        yield place


async def advance(place: Place, seconds: float) -> None:
    assert isinstance(place.clock, ManualClock)
    await place.clock.advance(seconds)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_messages_are_numbered_by_channel_in_the_order_of_the_commits(path: Path) -> None:
    async with place_at(path) as place:
        await place.say("1", "2")
        await place.say("x", channel=B)
        await asyncio.gather(place.say("3"), place.say("y", channel=B), place.say("4"))
        assert place.listener.told == [
            ("room.a", 1, "1"),
            ("room.a", 2, "2"),
            ("room.b", 1, "x"),
            ("room.a", 3, "3"),
            ("room.b", 2, "y"),
            ("room.a", 4, "4"),
        ]
        assert place.stored() == [(1, "1"), (2, "2"), (3, "3"), (4, "4")]
        assert (place.position(), place.position(B)) == ((4, 0), (2, 0))


async def test_numbers_go_on_at_the_next_start(path: Path) -> None:
    async with place_at(path) as place:
        await place.say("1", "2")
    async with place_at(path) as place:
        await place.say("3")
        assert place.listener.told == [("room.a", 3, "3")]


async def test_what_fails_takes_no_number(path: Path) -> None:
    async def refused(_transaction: Transaction) -> Published[None]:
        raise Conflict("no")

    async def broken(_transaction: Transaction) -> Published[None]:
        return Published(None, [Broadcast(A, Unwritable(value=object()))])

    async with place_at(path) as place:
        outcomes = await asyncio.gather(
            place.say("1"),
            place.database.publish(refused),
            place.database.publish(broken),
            place.say("2"),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [type(None), Conflict, TypeError, type(None)]
        assert place.listener.told == [("room.a", 1, "1"), ("room.a", 2, "2")]


async def test_of_a_batch_that_is_halved_each_message_has_one_number(path: Path) -> None:
    async def batch(_transaction: Transaction, texts: Sequence[str]) -> list[Published[str] | AppError]:
        if "defect" in texts:
            raise ValueError
        return [Conflict(text) if text == "no" else Published(text, [said(text)]) for text in texts]

    async with place_at(path) as place:
        texts = ["1", "2", "no", "defect", "3"]
        writes = (place.database.publish_batched(batch, text) for text in texts)
        await asyncio.gather(*writes, return_exceptions=True)
        assert place.listener.told == [("room.a", 1, "1"), ("room.a", 2, "2"), ("room.a", 3, "3")]
        assert place.stored() == [(1, "1"), (2, "2"), (3, "3")]


async def test_an_origin_is_handed_on_and_an_acknowledgement_comes_behind_its_message(path: Path) -> None:
    async with place_at(path) as place:
        await place.publish(Broadcast(A, Said(text="1"), Origin("connection", "7")))
        assert place.listener.origins == [Origin("connection", "7")]


# ── a COMMIT that fails, or that nobody knows about ─────────────────────────────────────────────────────────────────


async def test_the_numbers_of_a_commit_that_failed_are_given_again(path: Path) -> None:
    async with place_at(path) as place:
        await place.say("1")
        with failing_commits(happen=False, times=1), pytest.raises(Unavailable):
            await place.say("lost")
        await place.say("2")
        assert place.listener.told == [("room.a", 1, "1"), ("room.a", 2, "2")]


async def test_what_an_unknown_commit_stored_is_broadcast_before_what_follows(path: Path) -> None:
    async with place_at(path) as place:
        await place.say("1")
        with failing_commits(happen=True, times=1):
            await place.say("2", "3")
        assert place.listener.told == [("room.a", seq, str(seq)) for seq in (1, 2, 3)]
        await place.say("4")
        assert place.listener.told == [("room.a", seq, str(seq)) for seq in (1, 2, 3, 4)]


async def test_what_an_unknown_commit_stored_is_broadcast_by_whatever_is_written_next(path: Path) -> None:
    async with place_at(path, SystemClock(), outcome_wait_ms=0) as place:
        with failing_commits(happen=True), pytest.raises(OutcomeUnknown):
            await place.say("1")
        assert place.listener.told == []
        await place.database.write(put("other"))
        assert place.listener.told == [("room.a", 1, "1")]


# ── deletion ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_deleted_row_leaves_its_message_in_the_same_transaction(path: Path) -> None:
    async with place_at(path) as place:
        await place.say("secret", "other", row_ids=[10, 11])
        await place.publish(said("gone"), Erase(A, [10], Said(text="gone")))
        assert place.stored() == [(1, "gone"), (2, "other"), (3, "gone")]
        assert place.listener.replaced == [("room.a", 1, "gone")]
        assert place.listener.told[-1] == ("room.a", 3, "gone")


async def test_a_row_without_message_and_one_of_the_same_transaction_can_be_erased_too(path: Path) -> None:
    async with place_at(path) as place:
        await place.publish(said("secret", row_id=10), Erase(A, [10, 99], Said(text="gone")))
        assert place.stored() == [(1, "gone")]
        assert (place.listener.told, place.listener.replaced) == ([("room.a", 1, "secret")], [("room.a", 1, "gone")])


# ── retention ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_newest_of_a_channel_and_its_last_time_are_kept(path: Path) -> None:
    async with place_at(path, bounds=LogBounds(messages=100, seconds=60)) as place:
        for number in range(400):
            await place.say(str(number))
        assert len(place.stored()) == 400, "they are all new"
        await advance(place, 61)
        for number in range(400, 800):
            await place.say(str(number))
        kept = place.stored()
        assert kept[-1] == (800, "799")
        assert [seq for seq, _ in kept] == list(range(kept[0][0], 801))
        assert place.position() == (800, kept[0][0] - 1)
        assert 400 <= len(kept) <= 600, "those of before, but for what was not pruned yet"


async def test_all_together_have_a_bound_and_the_oldest_go_first(path: Path) -> None:
    async with place_at(path, bounds=LogBounds(max_bytes=20_000)) as place:
        await place.say("first", channel=B)
        for _ in range(200):
            await place.say("x" * 500)
        (size,) = place.query("select sum(length(body)) from channel_messages")[0]
        assert 10_000 < size < 20_000
        assert (place.stored(B), place.position(B)) == ([], (1, 1))
        await place.say("second", channel=B)
        assert place.stored(B) == [(2, "second")]


async def test_what_is_too_old_goes_while_others_come(path: Path) -> None:
    async with place_at(path, bounds=LogBounds(max_age_s=3600)) as place:
        await place.say("old", channel=B)
        await advance(place, 3601)
        await place.say("new")
        await place.say("newer")
        assert (place.stored(B), place.stored()) == ([], [(1, "new"), (2, "newer")])


async def test_a_commit_that_fails_prunes_nothing_it_does_not_know_of(path: Path) -> None:
    async with place_at(path, bounds=LogBounds(max_bytes=5_000)) as place:
        for number in range(50):
            await place.say(f"{number:500}")
            if number % 5 == 0:
                happen = number % 2 == 0
                with failing_commits(happen=happen, times=1), nullcontext() if happen else pytest.raises(Unavailable):
                    await place.say("y" * 500)
        (size,) = place.query("select sum(length(body)) from channel_messages")[0]
        assert size < 5_000
        assert [told[1] for told in place.listener.told] == list(range(1, len(place.listener.told) + 1))


# ── while the database is down ──────────────────────────────────────────────────────────────────────────────────────


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.01)


async def test_an_urgent_message_is_stored_like_others_while_the_database_works(path: Path) -> None:
    async with place_at(path, SystemClock()) as place:
        place.database.announce(said("1", SIREN.channel()))
        await place.database.write(put("behind"))
        assert place.stored(SIREN.channel()) == [(1, "1")]
        assert place.listener.told == [("siren", 1, "1")]


async def test_urgent_messages_go_out_while_the_database_is_down_and_are_stored_once_it_is_back(path: Path) -> None:
    async with place_at(path, SystemClock()) as place:
        place.database.announce(said("1", SIREN.channel()))
        await place.database.write(put("behind"))
        async with locked(path):
            place.database.announce(said("2", SIREN.channel()))
            await until(lambda: len(place.listener.told) == 2)
            place.database.announce(said("3", SIREN.channel()))
            assert len(place.listener.told) == 3, "it is known by now"
            assert place.stored(SIREN.channel()) == [(1, "1")]
        await place.database.probe()
        place.database.announce(said("4", SIREN.channel()))
        await place.database.write(put("end"))
        assert place.listener.told == [("siren", seq, str(seq)) for seq in (1, 2, 3, 4)]
        assert place.stored(SIREN.channel()) == [(seq, str(seq)) for seq in (1, 2, 3, 4)]


async def test_numbers_continue_above_messages_that_were_stored_late(path: Path) -> None:
    async with place_at(path, SystemClock()) as place:
        async with locked(path):
            with pytest.raises(Unavailable):
                await place.database.write(put("x"))
            place.database.announce(said("1", SIREN.channel()))
            place.database.announce(said("2", SIREN.channel()))
        await place.database.probe()
        await place.database.write(put("end"))
        assert place.stored(SIREN.channel()) == [(1, "1"), (2, "2")]
    async with place_at(path, SystemClock()) as place:
        place.database.announce(said("3", SIREN.channel()))
        await place.database.write(put("again"))
        assert place.stored(SIREN.channel()) == [(1, "1"), (2, "2"), (3, "3")]


async def test_beyond_the_reserved_numbers_urgent_messages_are_dropped_and_counted(path: Path) -> None:
    async with place_at(path, SystemClock()) as place:
        async with locked(path):
            with pytest.raises(Unavailable):
                await place.database.write(put("x"))
            for number in range(RESERVED_NUMBERS + 5):
                place.database.announce(said(str(number), SIREN.channel()))
            assert len(place.listener.told) == RESERVED_NUMBERS
        await place.database.probe()
        dropped = {metric.name: metric.samples[0].value for metric in place.database.collect()}["duelcast_log_dropped"]
        assert dropped == 5
        assert len(place.stored(SIREN.channel())) == RESERVED_NUMBERS


async def test_after_a_crash_while_the_database_was_down_numbers_go_on_above_the_reserved_ones(path: Path) -> None:
    async with place_at(path, SystemClock()) as place:
        place.database.announce(said("1", SIREN.channel()))
        await place.database.write(put("behind"))
        epoch = place.database.epoch.name
        (mark,) = path.parent.glob("*.epoch")
        async with locked(path):
            place.database.announce(said("2", SIREN.channel()))
            await until(lambda: len(place.listener.told) == 2)
            copied = mark.read_bytes()
    # What a process that is killed leaves behind.
    mark.write_bytes(copied)
    async with place_at(path, SystemClock()) as place:
        assert place.database.epoch.name == epoch
        place.database.announce(said("3", SIREN.channel()))
        await place.database.write(put("end"))
        ((_, seq, _),) = place.listener.told
        assert seq > RESERVED_NUMBERS
        assert place.stored(SIREN.channel()) == [(seq, "3")]


# ── what is read of it ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_recovery_reads_what_is_stored(path: Path) -> None:
    async with place_at(path) as place:
        await place.say("1", "2", "3")
        stored = StoredLog(place.database, place.clock, max_age_s=100)
        await advance(place, 50)
        assert await stored.position(A) == 3
        assert await stored.position(B) == 0
        found = await stored.messages(A)
        assert [(each.seq, msgspec.json.decode(each.body)["text"], each.age_s) for each in found] == [
            (seq, str(seq), 50.0) for seq in (1, 2, 3)
        ]
        await advance(place, 51)
        assert await stored.messages(A) == []


async def test_a_message_that_is_read_before_it_is_delivered_is_still_broadcast(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed, read = asyncio.Event(), asyncio.Event()

    async def late(*arguments: Any) -> None:
        committed.set()
        await read.wait()
        await deliver(*arguments)

    async with place_at(path) as place:
        await place.say("1")
        broker = MemoryBroker(place.clock, StoredLog(place.database, place.clock, max_age_s=100))
        broker.begin("epoch", 0, {})
        place.database.log.bus = broker
        monkeypatch.setattr(database_module, "deliver", late)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(place.say("2"))
            await committed.wait()
            try:
                assert (await broker.recover(A)).seq == 1
            finally:
                read.set()
        recovery = await broker.recover(A, Position("epoch", 1))
        assert [(message.seq, b"2" in message.body) for message in recovery.messages] == [(2, True)]
        assert await broker.stored.position(A) == 2


async def test_two_thousand_who_come_back_read_the_table_once(path: Path) -> None:
    async with place_at(path) as place:
        await place.say("1", "2")
    async with place_at(path) as place:
        stored = StoredLog(place.database, place.clock, max_age_s=100)
        reads = 0
        original = stored._messages_of

        async def counted(transaction: AsyncConnection, names: Sequence[str]) -> Any:
            nonlocal reads
            reads += 1
            return await original(transaction, names)

        stored._messages_of = counted  # type: ignore[method-assign]  # to count
        broker = MemoryBroker(place.clock, stored)
        broker.begin("epoch", 0, {})
        broker.follow(A)
        recoveries = await asyncio.gather(*(broker.recover(A, Position("epoch", 0)) for _ in range(2_000)))
        assert {recovery.recovered for recovery in recoveries} == {True}
        assert reads == 1

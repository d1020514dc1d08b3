"""A COMMIT that fails and may have taken effect: the truth is found out, or nobody claims to know it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from duelcast.channels.names import Channel, Family, Kind
from duelcast.channels.publisher import Broadcast, Published
from duelcast.clock import ManualClock
from duelcast.errors import Conflict, OutcomeUnknown, Unavailable
from duelcast.store.availability import PROBE_INTERVAL_S
from duelcast.store.database import SETTLE_INTERVAL_S, Database, Transaction
from duelcast.store.sqlite.failures import leaves_doubt
from duelcast.wire.messages import Event
from tests.databases import backend_at, place_new
from tests.failpoints import failing_commits, sqlite_error
from tests.store.facts import figure, put, put_all, read_names, stored, until
from tests.storing import opened

DAY_MS = 86_400_000
"""Longer than the clock moves while a busy machine looks a few times."""
AT_ONCE: dict[str, Any] = {"outcome_wait_ms": 0}
"""Whoever waits for an outcome learns after the first look that nobody knows it."""


class Rung(Event, tag="rung"):
    text: str


SIREN = Family("siren", Kind.EVERY, (Rung,), "Goes out in any case.", is_urgent=True).channel()


class Caller:
    """Somebody who writes a name, and remembers what memory was told."""

    def __init__(self, database: Database, name: str) -> None:
        self.told: list[str] = []
        self.asking = asyncio.create_task(
            database.write(put(name), lambda _: self.told.append("committed"), lambda _: self.told.append("refused"))
        )


# ── what SQLite says ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "code",
    [
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
    ],
)
def test_an_error_before_the_whole_transaction_is_in_the_log_leaves_no_doubt(code: int) -> None:
    assert not leaves_doubt(sqlite_error(code))


@pytest.mark.parametrize(
    "error",
    [
        sqlite_error(sqlite3.SQLITE_IOERR_FSYNC),
        sqlite_error(sqlite3.SQLITE_IOERR_SHMSIZE),
        sqlite_error(sqlite3.SQLITE_IOERR),
        sqlite_error(sqlite3.SQLITE_NOMEM),
        OSError(5, "Input/output error"),
        RuntimeError(),
    ],
)
def test_a_later_error_and_one_that_is_not_sqlites_leave_doubt(error: Exception) -> None:
    assert leaves_doubt(error)


async def test_a_write_whose_commit_certainly_failed_is_refused_without_looking(tmp_path: Path) -> None:
    async with opened(tmp_path / "test.db") as database:
        full = sqlite_error(sqlite3.SQLITE_FULL)
        with (
            failing_commits(happen=False, times=1, error=full),
            pytest.raises(Unavailable, match="nothing was changed"),
        ):
            await database.write(put("a"))
        assert figure(database, "unknown_commits_total") == 0
        assert await stored(database) == []


# ── the outcome can be found out ────────────────────────────────────────────────────────────────────────────────────


async def test_a_commit_that_turns_out_to_have_happened_is_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    async with opened(path) as database:
        with failing_commits(happen=True, times=1):
            caller = Caller(database, "a")
            assert await caller.asking == "a"
        assert caller.told == ["committed"]
        assert figure(database, "unknown_commits_total") == 1
        assert figure(database, "unknown_writes_total") == 0
        assert await database.write(put("b")) == "b"
    assert read_names(path) == ["a", "b"]


async def test_a_commit_that_turns_out_not_to_have_happened_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    async with opened(path) as database:
        with failing_commits(happen=False, times=1):
            caller = Caller(database, "a")
            with pytest.raises(Unavailable, match="nothing was changed"):
                await caller.asking
        assert caller.told == ["refused"]
        assert await database.write(put("b")) == "b"
    assert read_names(path) == ["b"]


@pytest.mark.parametrize("happen", [True, False])
async def test_looking_may_fail_in_the_same_way(tmp_path: Path, happen: bool) -> None:
    path, clock = tmp_path / "test.db", ManualClock()
    async with opened(path, clock, outcome_wait_ms=DAY_MS) as database:
        with failing_commits(happen=happen, times=3):
            caller = Caller(database, "a")
            while not caller.asking.done():
                await clock.advance(SETTLE_INTERVAL_S)
        assert caller.told == ["committed" if happen else "refused"]
        await asyncio.wait([caller.asking])
        assert isinstance(caller.asking.exception(), type(None) if happen else Unavailable)
    assert read_names(path) == (["a"] if happen else [])


async def test_all_writes_of_the_commit_share_its_outcome(tmp_path: Path) -> None:
    async with opened(tmp_path / "test.db") as database:
        with failing_commits(happen=True, times=1):
            outcomes = await asyncio.gather(
                database.write(put("a")), *(database.write_batched(put_all, name) for name in "bcd")
            )
        assert outcomes == ["a", "b", "c", "d"]
        assert await stored(database) == ["a", "b", "c", "d"]


# ── it cannot be found out in time ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("happen", [True, False])
async def test_an_outcome_that_stays_unknown_is_called_so_and_memory_learns_it_later(
    tmp_path: Path, happen: bool
) -> None:
    path = tmp_path / "test.db"
    async with opened(path, **AT_ONCE) as database:
        with failing_commits(happen=happen):
            caller = Caller(database, "a")
            with pytest.raises(OutcomeUnknown) as unknown:
                await caller.asking
            assert unknown.value.retry_after_ms
            assert caller.told == []
            assert figure(database, "unknown_writes_total") == 1
            with pytest.raises(Unavailable, match="nothing was changed"):
                await database.write(put("b"))
            assert figure(database, "available") == 0
        seen: list[list[str]] = []

        async def look(_transaction: Transaction) -> None:
            seen.append(list(caller.told))

        await database.write(look)
        assert seen == [["committed" if happen else "refused"]], "before anything else is written"
        assert figure(database, "available") == 1
        await database.write(put("c"))
        assert caller.told == seen[0], "once"
    assert read_names(path) == (["a", "c"] if happen else ["c"])


async def test_the_probe_finds_it_out_if_nobody_writes(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "test.db", clock, **AT_ONCE) as database:
        with failing_commits(happen=True), pytest.raises(OutcomeUnknown):
            await (caller := Caller(database, "a")).asking
        await clock.advance(PROBE_INTERVAL_S)
        await until(lambda: caller.told == ["committed"])
        await until(lambda: database.failure is None)


async def test_a_write_that_its_own_work_refused_has_certainly_changed_nothing(tmp_path: Path) -> None:
    async def refuse(_transaction: Transaction) -> str:
        raise Conflict("no")

    async with opened(tmp_path / "test.db", **AT_ONCE) as database:
        with failing_commits(happen=True):
            outcomes = await asyncio.gather(database.write(put("a")), database.write(refuse), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [OutcomeUnknown, Unavailable]


async def test_a_server_that_stops_meanwhile_does_not_wait(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    with failing_commits(happen=True):
        async with opened(path, ManualClock()) as database:
            caller = Caller(database, "a")
            await until(lambda: figure(database, "unknown_commits_total") == 1)
    with pytest.raises(OutcomeUnknown):
        await caller.asking
    assert read_names(path) == ["a"]


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Listener:
    """Hears what is broadcast, once by number, as the bus does."""

    def __init__(self) -> None:
        self.told: list[tuple[int, str]] = []

    def broadcast(self, _channel: Channel, seq: int, body: bytes, origin: object = None) -> None:
        if seq > len(self.told):
            assert seq == len(self.told) + 1
            self.told.append((seq, msgspec.json.decode(body)["text"]))

    def replace(self, _channel: Channel, _seq: int, _body: bytes) -> None:
        raise AssertionError


@asynccontextmanager
async def with_siren(path: Path) -> AsyncIterator[tuple[Database, Listener]]:
    place_new(path)
    database = Database(backend_at(path), ManualClock(), urgent=[SIREN], outcome_wait_ms=0)
    listener = database.log.bus = Listener()
    async with database.at_work():
        yield database, listener


@pytest.mark.parametrize("happen", [True, False])
async def test_urgent_messages_do_not_wait_for_the_outcome_and_keep_their_numbers(tmp_path: Path, happen: bool) -> None:
    async def ring(_transaction: Transaction) -> Published[None]:
        return Published(None, [Broadcast(SIREN, Rung(text="in the commit"))])

    async with with_siren(tmp_path / "test.db") as (database, listener):
        with failing_commits(happen=happen):
            asking = asyncio.create_task(database.publish(ring))
            await asyncio.sleep(0)  # it is asked for now, and not begun
            database.announce(Broadcast(SIREN, Rung(text="beside it")))
            with pytest.raises(OutcomeUnknown):
                await asking
            database.announce(Broadcast(SIREN, Rung(text="during the outage")))
            told = [(1, "in the commit"), (2, "beside it"), (3, "during the outage")]
            assert listener.told == told
        await database.probe()
        database.announce(Broadcast(SIREN, Rung(text="after it")))
        await database.probe()
        told.append((4, "after it"))
        assert listener.told == told
        async with database.read() as transaction:
            rows = (await transaction.exec_driver_sql("select seq, body from channel_messages order by seq")).all()
            assert [(row.seq, msgspec.json.decode(row.body)["text"]) for row in rows] == told

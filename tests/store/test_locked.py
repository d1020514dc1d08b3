"""A database whose write lock another process holds: how long a write waits, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from duelcast.clock import ManualClock
from duelcast.errors import Unavailable
from duelcast.store.database import Database
from duelcast.store.sqlite.failures import is_locked
from duelcast.store.sqlite.file import SqliteFile
from tests.store.facts import figure, put, put_all, stored, until, waiting
from tests.storing import locked

WAIT_S = 2.0
NOTICE_S = 0.25


@pytest.fixture(autouse=True)
def _quick_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer looks at the clock often: it stands still while SQLite waits."""
    monkeypatch.setattr("duelcast.store.sqlite.file.LOCK_ATTEMPT_MS", 2)


@asynccontextmanager
async def behind_a_lock(path: Path) -> AsyncIterator[tuple[Database, ManualClock]]:
    """A database that another process holds during the block, and its clock."""
    clock = ManualClock()
    database = Database(SqliteFile(path, int(WAIT_S * 1000)), clock, lock_notice_ms=int(NOTICE_S * 1000))
    async with database.at_work(), locked(path):
        yield database, clock


async def test_each_write_waits_from_the_moment_it_was_asked_for(tmp_path: Path) -> None:
    refused_s: list[float] = []

    async def ask(name: str) -> None:
        asked_s = clock.monotonic()
        with pytest.raises(Unavailable):
            await (database.write(put(name)) if len(name) % 2 else database.write_batched(put_all, name))
        refused_s.append(clock.monotonic() - asked_s)

    def was_refused(number: int) -> bool:
        return len(refused_s) > number

    async with behind_a_lock(tmp_path / "test.db") as (database, clock):
        asked: list[asyncio.Task[None]] = []
        for number in range(10):
            asked += await waiting(database, ask("x" * (number + 1)))
            await clock.advance(WAIT_S / 16)
        for number in range(10):
            await clock.advance(WAIT_S - clock.monotonic() + number * WAIT_S / 16)
            await until(partial(was_refused, number))
            assert figure(database, "waiting_writes") == 9 - number, "the later ones have time left"
        await asyncio.gather(*asked)
    assert refused_s == [WAIT_S] * 10


async def test_those_that_have_time_left_when_others_are_refused_are_stored_once_the_lock_is_given_back(
    tmp_path: Path,
) -> None:
    async with behind_a_lock(tmp_path / "test.db") as (database, clock):
        (early,) = await waiting(database, database.write(put("early")))
        await clock.advance(WAIT_S / 2)
        (late,) = await waiting(database, database.write(put("late")))
        await clock.advance(WAIT_S / 2)
        with pytest.raises(Unavailable):
            await early
        assert not late.done()
    assert await late == "late"


async def test_what_stood_in_a_line_before_does_not_wait_all_over_again(tmp_path: Path) -> None:
    async with behind_a_lock(tmp_path / "test.db") as (database, clock):
        await clock.advance(10)
        with database.asked_since(database.moment() - WAIT_S), pytest.raises(Unavailable):
            await database.write(put("a"))
        with database.asked_since(database.moment() - WAIT_S / 2):
            (half,) = await waiting(database, database.write(put("b")))
        (whole,) = await waiting(database, database.write(put("c")))
        await clock.advance(WAIT_S / 2)
        with pytest.raises(Unavailable):
            await half
        assert not whole.done()
    assert await whole == "c"


async def test_it_is_known_to_be_locked_before_anybody_is_refused_and_to_be_free_at_once(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    async with behind_a_lock(path) as (database, clock):
        (write,) = await waiting(database, database.write(put("a")))
        await clock.advance(NOTICE_S)
        await until(lambda: database.failure == "Another process holds the database.")
        assert (figure(database, "available"), figure(database, "refused_writes_total")) == (0, 0)
        assert not write.done()
    assert await write == "a"


async def test_a_short_wait_is_no_outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Exception] = []

    def look(error: Exception) -> bool:
        seen.append(error)
        return is_locked(error)

    monkeypatch.setattr("duelcast.store.sqlite.file.is_locked", look)
    async with behind_a_lock(tmp_path / "test.db") as (database, clock):
        (write,) = await waiting(database, database.write(put("a")))
        await clock.advance(NOTICE_S / 2)
        attempts = len(seen)
        await until(lambda: len(seen) > attempts + 2)
        assert database.failure is None
    assert await write == "a"


async def test_stopped_it_waits_for_the_lock_no_longer_than_its_writes_do(tmp_path: Path) -> None:
    clock = ManualClock()
    path = tmp_path / "test.db"
    database = Database(SqliteFile(path, int(WAIT_S * 1000)), clock)
    await database.open()
    running = asyncio.create_task(database.run())
    async with locked(path):
        (write,) = await waiting(database, database.write(put("a")))
        database.stop_writing()
        await clock.advance(WAIT_S)
        with pytest.raises(Unavailable):
            await write
        async with asyncio.timeout(60):
            await running
    assert await stored(database) == []
    await database.close()

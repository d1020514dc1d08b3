"""The database: what an acknowledgement means, what is refused, what a read sees."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import insert, text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from duelcast.clock import SystemClock
from duelcast.errors import Unavailable
from duelcast.store.database import Database, Transaction
from duelcast.store.sqlite.file import READERS, SqliteFile
from duelcast.store.tables import holdings
from duelcast.store.write_queue import RETRY_MS
from tests.databases import backend_at, place_new
from tests.store.facts import figure, held, names_in, put, put_all, read_names, stored, waiting
from tests.storing import opened


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "test.db") as database:
        yield database


# ── acknowledgement ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_committed_runs_in_the_order_of_the_commits_and_before_the_acknowledgement(database: Database) -> None:
    written: list[str] = []
    told: list[tuple[str, str]] = []

    async def write(name: str) -> None:
        async def work(transaction: Transaction) -> str:
            written.append(name)
            return await put(name)(transaction)

        await database.write(work, lambda name: told.append(("committed", name)))
        told.append(("acknowledged", name))

    async def write_many(name: str) -> None:
        await database.write_batched(batch, name, lambda name: told.append(("committed", name)))
        told.append(("acknowledged", name))

    async def batch(transaction: Transaction, names: Sequence[str]) -> Sequence[str]:
        written.extend(names)
        return await put_all(transaction, names)

    await asyncio.gather(*((write if number % 3 else write_many)(f"{number:03}") for number in range(200)))
    assert len(written) == 200
    assert [name for what, name in told if what == "committed"] == written
    assert all(told.index(("committed", name)) < told.index(("acknowledged", name)) for name in written)


async def test_committed_sees_what_is_committed_and_not_what_failed(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def look(_result: object) -> None:
        # On a connection that is no part of the database's own: what a reader of the file finds.
        seen.append(read_names(tmp_path / "test.db"))

    async with opened(tmp_path / "test.db") as database:
        await database.write(put("a"), look)
        with pytest.raises(IntegrityError):
            await database.write(put("a"), look)
    assert seen == [["a"]]


async def test_a_committed_that_fails_harms_nobody_and_shows_no_text(database: Database) -> None:
    def broken(_name: str) -> None:
        raise ValueError("a secret")

    told: list[str] = []
    with capture_logs() as logs:
        async with held(database):
            tasks = await waiting(database, database.write(put("a"), broken), database.write(put("b"), told.append))
        assert await asyncio.gather(*tasks) == ["a", "b"]
    assert told == ["b"]
    (entry,) = logs
    assert entry["event"] == "defect"
    assert entry["traceback"][-1].endswith(f" in {broken.__qualname__}")
    assert "secret" not in repr(logs)


@pytest.mark.parametrize("is_under_way", [False, True])
async def test_who_asked_may_go_and_the_write_is_done_all_the_same(database: Database, is_under_way: bool) -> None:
    began, may_end = asyncio.Event(), asyncio.Event()
    told: list[str] = []

    async def work(transaction: Transaction) -> str:
        began.set()
        await may_end.wait()
        return await put("kept")(transaction)

    if is_under_way:
        asked = asyncio.create_task(database.write(work, told.append))
        await began.wait()
        asked.cancel()
        may_end.set()
    else:
        may_end.set()
        async with held(database):
            (asked,) = await waiting(database, database.write(work, told.append))
            asked.cancel()
            await asyncio.wait({asked})
    with pytest.raises(asyncio.CancelledError):
        await asked
    await database.write(put("later"))
    assert told == ["kept"]
    assert await stored(database) == ["kept", "later"]


# ── bounds and the end ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_full_queue_refuses_and_counts(database: Database) -> None:
    database.shared.max_waiting = 3
    async with held(database):
        tasks = await waiting(database, *(database.write(put(str(number))) for number in range(3)))
        for write in (database.write(put("beyond")), database.write_batched(put_all, "beyond")):
            with pytest.raises(Unavailable) as refused:
                await write
            assert refused.value.retry_after_ms == RETRY_MS
        assert figure(database, "refused_writes_total") == 2
    await asyncio.gather(*tasks)
    assert await stored(database) == ["0", "1", "2"]
    assert database.failure is None, "a crowd is no failure of the database"


async def test_stopped_it_commits_what_waits_and_takes_nothing_more(tmp_path: Path) -> None:
    place_new(tmp_path / "test.db")
    database = Database(backend_at(tmp_path / "test.db"), SystemClock())
    await database.open()
    running = asyncio.create_task(database.run())
    async with held(database):
        tasks = await waiting(database, *(database.write(put(str(number))) for number in range(5)))
        database.stop_writing()
        with pytest.raises(Unavailable):
            await database.write(put("late"))
        assert not running.done()
    await asyncio.gather(*tasks)
    await asyncio.wait_for(running, 60)
    with pytest.raises(Unavailable):
        await database.write(put("later still"))
    assert figure(database, "refused_writes_total") == 2
    assert await stored(database) == ["0", "1", "2", "3", "4"]
    await database.close()


async def test_cancelled_it_ends_the_commit_that_is_on_its_way_and_refuses_what_waits(tmp_path: Path) -> None:
    place_new(tmp_path / "test.db")
    database = Database(backend_at(tmp_path / "test.db"), SystemClock())
    await database.open()
    running = asyncio.create_task(database.run())
    async with held(database):
        (task,) = await waiting(database, database.write(put("late")))
        running.cancel()
        with pytest.raises(Unavailable):
            await task
        assert not running.done()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(running, 60)
    assert await stored(database) == []
    await database.close()


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_read_sees_only_what_is_committed(database: Database) -> None:
    wrote, may_end = asyncio.Event(), asyncio.Event()

    async def work(transaction: Transaction) -> None:
        await put("a")(transaction)
        wrote.set()
        await may_end.wait()

    writing = asyncio.create_task(database.write(work))
    await wrote.wait()
    assert await stored(database) == []
    may_end.set()
    await writing
    assert await stored(database) == ["a"]


async def test_a_read_that_reads_nothing_leaves_its_connection_as_it_was(database: Database) -> None:
    for number in range(READERS + 1):
        async with database.read():
            pass
        await database.write(put(f"{number}"))
        async with database.read() as transaction:
            assert len(await names_in(transaction)) == number + 1


async def test_a_read_sees_one_moment_whatever_is_committed_meanwhile(database: Database) -> None:
    await database.write(put("a"))
    async with database.read() as transaction:
        assert await names_in(transaction) == ["a"]
        await database.write(put("b"))
        assert await names_in(transaction) == ["a"]
    assert await stored(database) == ["a", "b"]


# ── what a commit rests upon ────────────────────────────────────────────────────────────────────────────────────────


@pytest_asyncio.fixture
async def served_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """As a server opens it: other tests do not sync theirs to the disk."""
    monkeypatch.setattr(SqliteFile, "synchronous", "FULL")
    async with opened(tmp_path / "served.db") as database:
        yield database


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
"""2 is FULL (https://sqlite.org/pragma.html#pragma_synchronous), which is what the server has by itself."""


async def pragmas(transaction: Transaction, *names: str) -> dict[str, Any]:
    return {name: (await transaction.execute(text(f"PRAGMA {name}"))).scalar_one() for name in names}


async def test_the_writer_is_durable_and_checks_references(served_database: Database) -> None:
    async def work(transaction: Transaction) -> dict[str, Any]:
        return await pragmas(transaction, *PRAGMAS, "query_only")

    assert await served_database.write(work) == PRAGMAS | {"query_only": 0}


async def test_readers_are_set_up_alike_and_cannot_write(served_database: Database) -> None:
    async with served_database.read() as transaction:
        assert await pragmas(transaction, *PRAGMAS, "query_only") == PRAGMAS | {"query_only": 1}


async def test_a_reference_to_nothing_is_refused(database: Database) -> None:
    async def orphan(transaction: Transaction) -> None:
        await transaction.execute(insert(holdings).values(entry_id=1, symbol="SOL", weight=100))

    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        await database.write(orphan)

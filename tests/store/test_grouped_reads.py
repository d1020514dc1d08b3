"""Reads that share a transaction: who is given what, and who fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select

from duelcast.errors import Unavailable
from duelcast.store.database import Database, Transaction
from duelcast.store.grouped_reads import MAX_KEYS
from duelcast.store.tables import facts
from tests.store.facts import LIMIT_S, put, until
from tests.storing import moved_away, opened


class Reading:
    """A batch that can be held on its way, and that remembers what it was asked for."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.broken: str | None = None
        self.forgotten: str | None = None
        self.cancelled = False

    async def batch(self, transaction: Transaction, names: Sequence[str]) -> dict[str, bool]:
        """Whether there are such facts."""
        rows = await transaction.execute(select(facts.c.name).where(facts.c.name.in_(names)))
        found = set(rows.scalars())
        self.groups.append(list(names))
        await self.may_end.wait()
        if self.cancelled:
            raise asyncio.CancelledError
        if self.broken in names:
            raise ValueError("a defect")
        return {name: name in found for name in names if name != self.forgotten}


@pytest.fixture
def reading() -> Reading:
    return Reading()


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "test.db") as database:
        yield database


async def asked(database: Database, reading: Reading, *names: str) -> list[asyncio.Task[bool]]:
    """Tasks that have all asked, in this order."""
    tasks = [asyncio.create_task(database.read_grouped(reading.batch, name)) for name in names]
    await asyncio.sleep(0)
    return tasks


async def on_its_way(database: Database, reading: Reading, *names: str) -> list[asyncio.Task[bool]]:
    """The same, where the first has read and is held there, until `may_end` is set."""
    reading.may_end.clear()
    tasks = await asked(database, reading, names[0])
    await until(lambda: len(reading.groups) == 1)
    return tasks + await asked(database, reading, *names[1:])


async def test_who_asks_is_given_what_is_stored(database: Database, reading: Reading) -> None:
    await database.write(put("a"))
    assert await database.read_grouped(reading.batch, "a") is True
    assert await database.read_grouped(reading.batch, "b") is False


async def test_those_who_ask_meanwhile_share_the_next_read_and_equal_keys_a_place_in_it(
    database: Database, reading: Reading
) -> None:
    await database.write(put("c"))
    tasks = await on_its_way(database, reading, "a", "b", "c", "b", "d")
    reading.may_end.set()
    assert await asyncio.gather(*tasks) == [False, False, True, False, False]
    assert reading.groups == [["a"], ["b", "c", "d"]]


async def test_nobody_is_given_what_was_read_before_they_asked(database: Database, reading: Reading) -> None:
    early = await on_its_way(database, reading, "a")
    await database.write(put("a"))
    late = await asked(database, reading, "a")
    reading.may_end.set()
    assert await asyncio.gather(*early, *late) == [False, True]


async def test_no_read_is_of_more_than_it_may(database: Database, reading: Reading) -> None:
    names = [str(number) for number in range(2 * MAX_KEYS + 1)]
    tasks = await on_its_way(database, reading, "first", *names)
    reading.may_end.set()
    await asyncio.gather(*tasks)
    assert [len(group) for group in reading.groups] == [1, MAX_KEYS, MAX_KEYS, 1]


async def test_batches_do_not_wait_for_one_another(database: Database, reading: Reading) -> None:
    held = await on_its_way(database, reading, "a")
    assert await asyncio.wait_for(database.read_grouped(Reading().batch, "a"), LIMIT_S) is False
    reading.may_end.set()
    await asyncio.gather(*held)


async def test_a_defect_concerns_its_own_key_alone(database: Database, reading: Reading) -> None:
    await database.write(put("c"))
    reading.broken = "b"
    tasks = await on_its_way(database, reading, "a", "b", "c", "b")
    reading.may_end.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcome if isinstance(outcome, bool) else type(outcome) for outcome in outcomes] == [
        False,
        ValueError,
        True,
        ValueError,
    ]
    assert await database.read_grouped(reading.batch, "c") is True


async def test_a_key_that_is_forgotten_is_a_defect_of_its_own(database: Database, reading: Reading) -> None:
    reading.forgotten = "b"
    tasks = await on_its_way(database, reading, "a", "b", "c")
    reading.may_end.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [bool, KeyError, bool]


async def test_what_nobody_waits_for_is_not_read(database: Database, reading: Reading) -> None:
    tasks = await on_its_way(database, reading, "a", "b", "c", "b")
    for task in tasks[1], tasks[2]:
        task.cancel()
    reading.may_end.set()
    await asyncio.wait(tasks)
    assert reading.groups == [["a"], ["b"]]
    (leaves,) = await asked(database, reading, "d")
    leaves.cancel()
    assert await database.read_grouped(reading.batch, "e") is False
    assert reading.groups[2:] == [["e"]]


async def test_a_read_that_is_cancelled_leaves_nobody_waiting(database: Database, reading: Reading) -> None:
    tasks = await on_its_way(database, reading, "a", "b")
    reading.cancelled = True
    reading.may_end.set()
    assert (await asyncio.wait(tasks, timeout=LIMIT_S))[1] == set()
    assert all(task.cancelled() for task in tasks)
    reading.cancelled = False
    assert await database.read_grouped(reading.batch, "a") is False


async def test_without_the_database_all_are_refused_at_once(reading: Reading, tmp_path: Path) -> None:
    async with opened(tmp_path / "test.db") as database:
        with moved_away(tmp_path / "test.db"):
            for task in await asked(database, reading, "a", "b"):
                with pytest.raises(Unavailable):
                    await task
        assert reading.groups == []
        assert await database.read_grouped(reading.batch, "a") is False


async def test_one_who_leaves_takes_nobody_along(database: Database, reading: Reading) -> None:
    first, leaves, stays = await on_its_way(database, reading, "a", "b", "b")
    first.cancel()
    leaves.cancel()
    reading.may_end.set()
    assert await stays is False
    assert await database.read_grouped(reading.batch, "c") is False
    assert first.cancelled()
    assert leaves.cancelled()


async def test_a_database_closes_behind_what_is_read(tmp_path: Path, reading: Reading) -> None:
    async with opened(tmp_path / "test.db") as database:
        (task,) = await on_its_way(database, reading, "a")
        asyncio.get_running_loop().call_later(0.05, reading.may_end.set)
    assert reading.may_end.is_set()
    assert await task is False

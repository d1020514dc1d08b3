"""The errors that a filter finds are those that fit all of it, newest first."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from sqlalchemy import delete

from duelcast.store import errors as store
from duelcast.store.database import Database, Transaction
from duelcast.store.errors import ErrorFilter, ErrorRow
from duelcast.store.tables import error_records
from tests.examples import examples
from tests.storing import opened_in_runner

words = st.sampled_from(["a", "b", "A"])
rows = st.lists(
    st.builds(
        ErrorRow,
        id=st.integers(1, 20),
        service=words,
        source=words,
        level=words,
        error=words,
        details=st.dictionaries(words, st.none() | st.text(max_size=3), max_size=2),
        count=st.integers(1, 9),
    ),
    max_size=12,
    unique_by=lambda row: row.id,
)
filters = st.builds(ErrorFilter, service=st.none() | words, level=st.none() | words)


def fits(row: ErrorRow, wanted: ErrorFilter) -> bool:
    return wanted.service in (None, row.service) and wanted.level in (None, row.level)


async def clear(transaction: Transaction) -> None:
    await transaction.execute(delete(error_records))


async def all_rows(database: Database) -> list[ErrorRow]:
    async with database.read() as transaction:
        return (await store.newest(transaction, ErrorFilter(), 1_000))[::-1]


async def check_reading(database: Database, kept: list[ErrorRow], wanted: ErrorFilter, limit: int) -> None:
    await database.write(clear)
    await database.write(lambda transaction: store.put_all(transaction, kept))
    newest_first = sorted(kept, key=lambda row: row.id, reverse=True)
    async with database.read() as transaction:
        found = await store.newest(transaction, wanted, limit)
        assert found == [row for row in newest_first if fits(row, wanted)][:limit]
        assert await store.count(transaction, wanted) == sum(fits(row, wanted) for row in kept)
        assert await store.last_id(transaction) == max((row.id for row in kept), default=0)
        nth = newest_first[limit - 1].id if len(kept) >= limit else 0
        assert await store.nth_newest_id(transaction, limit) == nth
        assert await store.find_ids(transaction, range(10)) == {row.id for row in kept if row.id < 10}


async def check_counting(database: Database, first: list[ErrorRow], later: list[ErrorRow]) -> None:
    """A row that is stored keeps everything but its count."""
    await database.write(clear)
    await database.write(lambda transaction: store.put_all(transaction, first))
    await database.write(lambda transaction: store.put_all(transaction, later))
    expected = {row.id: row for row in later} | {row.id: row for row in first}
    counts = {row.id: row.count for row in later}
    assert await all_rows(database) == [
        structs.replace(row, count=counts.get(row.id, row.count)) for _, row in sorted(expected.items())
    ]


async def check_deleting(database: Database, kept: list[ErrorRow], before_id: int, limit: int) -> None:
    """The oldest go first."""
    await database.write(clear)
    await database.write(lambda transaction: store.put_all(transaction, kept))
    deleted = await database.write(lambda transaction: store.delete_before(transaction, before_id, limit))
    oldest_first = sorted(kept, key=lambda row: row.id)
    old = [row for row in oldest_first if row.id < before_id]
    assert deleted == min(len(old), limit)
    assert await all_rows(database) == oldest_first[deleted:]


def test_what_fits_is_found_newest_first_and_counted(tmp_path: Path) -> None:
    with opened_in_runner(tmp_path / "errors.db") as (runner, database):

        @settings(max_examples=examples(60))
        @given(rows, filters, st.integers(1, 5))
        def holds(kept: list[ErrorRow], wanted: ErrorFilter, limit: int) -> None:
            runner.run(check_reading(database, kept, wanted, limit))

        holds()


def test_of_a_row_that_is_stored_the_count_is_set(tmp_path: Path) -> None:
    with opened_in_runner(tmp_path / "errors.db") as (runner, database):

        @settings(max_examples=examples(60))
        @given(rows, rows)
        def holds(first: list[ErrorRow], later: list[ErrorRow]) -> None:
            runner.run(check_counting(database, first, later))

        holds()


def test_the_oldest_are_deleted_first(tmp_path: Path) -> None:
    with opened_in_runner(tmp_path / "errors.db") as (runner, database):

        @settings(max_examples=examples(60))
        @given(rows, st.integers(0, 21), st.integers(1, 5))
        def holds(kept: list[ErrorRow], before_id: int, limit: int) -> None:
            runner.run(check_deleting(database, kept, before_id, limit))

        holds()

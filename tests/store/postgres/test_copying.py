"""A copy from SQLite to PostgreSQL, or back, has all rows, the ids and the epoch (protocol §2)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Integer, LargeBinary, SmallInteger, insert

from duelcast.domain.operations.events import ALERTS
from duelcast.store.channel_log import RESERVED_NUMBERS
from duelcast.store.copy_port import BATCH_BYTES, BATCH_ROWS, Batch
from duelcast.store.database import Transaction
from duelcast.store.sqlite.backup import back_up
from duelcast.store.statements import new_ids
from duelcast.store.stored_epoch import read_epoch
from duelcast.store.tables import channel_messages, facts
from tests.databases import Databases
from tests.examples import examples
from tests.postgres_server import PostgresServer
from tests.store.postgres.place import Place, say_something
from tests.store.postgres.spots import (
    GENERATED,
    Ends,
    PostgresSpot,
    SqliteSpot,
    copied,
    epoch_of_start,
    fill,
    opened,
)

pytestmark = pytest.mark.postgres

NUMBERS = (f"drawn_{number}" for number in count())


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_all_rows_are_equal_there_and_back(file: SqliteSpot, empty: Place, tmp_path: Path) -> None:
    there, back = PostgresSpot(empty), SqliteSpot(tmp_path / "back" / "duelcast.db")
    await fill(file)
    before = file.rows()
    assert all(before.values()), "every table has rows"
    done = await copied(Ends(file, there))
    assert there.rows() == before
    assert done.rows == sum(map(len, before.values())) - len(before["alembic_version"])
    assert (await copied(Ends(there, back))).rows == done.rows
    assert back.rows() == before
    assert file.rows() == before, "a source stays as it is"


def drawn(draw: st.DataObject, column: Column[Any], number: int) -> Any:
    """Any value of a column; a text ends with the number, because it may have to be unique."""
    text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
    scalars = st.none() | st.booleans() | integers(64) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    kinds: dict[Any, st.SearchStrategy[Any]] = {
        Boolean: st.booleans(),
        SmallInteger: integers(16),
        BigInteger: integers(64),
        Integer: integers(32),
        Double: st.floats(allow_nan=False),
        JSON: st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=3),
        LargeBinary: st.binary().map(lambda data: data + bytes([number])),
    }
    found = next((value for kind, value in kinds.items() if isinstance(column.type, kind)), None)
    values = text.map(lambda value: f"{value}{number}") if found is None else found
    return draw.draw(st.none() | values if column.nullable else values)


def integers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1)


# An example has values for all columns of all tables, so that a few suffice.
@settings(max_examples=examples(30) // 3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
async def test_any_value_is_equal_there_and_back(draw: st.DataObject, server: PostgresServer, tmp_path: Path) -> None:
    name, databases = next(NUMBERS), Databases(server.url())
    databases.make(name)
    there = PostgresSpot(Place(databases, name, tmp_path / name))
    file, back = (SqliteSpot(tmp_path / name / which) for which in ("first.db", "back.db"))
    await fill(file, 1, lambda column, number: drawn(draw, column, number))
    await copied(Ends(file, there))
    await copied(Ends(there, back))
    assert there.rows() == file.rows()
    assert back.rows() == file.rows()


async def test_batches_are_limited_in_rows_and_bytes(ends: Ends) -> None:
    async def add(transaction: Transaction) -> None:
        some = [{"name": str(number), "value": None} for number in range(2 * BATCH_ROWS)]
        await transaction.execute(insert(facts), some)
        large = {"channel": "c", "at_ms": 0, "body": bytes(BATCH_BYTES // 8)}
        await transaction.execute(insert(channel_messages), [{**large, "seq": seq} for seq in range(1, 33)])

    async with opened(ends.source) as database:
        await database.write(add)
    async with ends.source.backend().copy_source() as source:
        rows = [batch async for batch in source.batches(facts)]
        bodies = [batch async for batch in source.batches(channel_messages)]
    assert total(rows) == 2 * BATCH_ROWS
    assert total(bodies) == 32
    assert max(len(batch.rows) for batch in rows) <= BATCH_ROWS
    sizes = [sum(len(row[-1]) for row in batch.rows if isinstance(row[-1], bytes)) for batch in bodies]
    assert max(sizes) == BATCH_BYTES


def total(batches: list[Batch]) -> int:
    return sum(len(batch.rows) for batch in batches)


# ── ids ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_new_ids_are_above_all_that_were_ever_used(ends: Ends) -> None:
    await fill(ends.source)
    never_again = [table for table in GENERATED if table.dialect_options["sqlite"]["autoincrement"]]
    async with opened(ends.source) as database:
        before = {}
        for table in never_again:
            ids = await database.write(lambda transaction, table=table: new_ids(transaction, table, 5))  # type: ignore[misc]  # a lambda has no annotations
            before[table.name] = ids[-1]
    # SQLite remembers an id once a row had it.
    if isinstance(ends.source, SqliteSpot):
        for name, last in before.items():
            ends.source.execute(f"update sqlite_sequence set seq = {last} where name = '{name}'")
    await copied(ends)
    async with opened(ends.target) as database:
        for table in never_again:
            ids = await database.write(lambda transaction, table=table: new_ids(transaction, table, 1))  # type: ignore[misc]  # a lambda has no annotations
            assert ids[0] == before[table.name] + 1, table.name


async def test_a_table_that_may_use_an_id_again_continues_above_its_rows(ends: Ends) -> None:
    await fill(ends.source)
    if isinstance(ends.source, PostgresSpot):
        ends.source.execute("select setval('idempotent_requests_id_seq', 3)")
    await copied(ends)
    row = "'W', 'http', 'k', 'r', 'd', 1"
    ends.target.execute(f"insert into idempotent_requests (wallet, source, key, route, digest, at_ms) values ({row})")
    assert max(row["id"] for row in ends.target.rows()["idempotent_requests"]) == 4


# ── the epoch ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_epoch_moves_to_the_copy_and_the_source_begins_a_new_one(ends: Ends) -> None:
    epoch = await fill(ends.source)
    assert (await copied(ends)).has_epoch
    assert await read_epoch(ends.target.backend()) == epoch
    assert [await epoch_of_start(ends.target) for _ in range(2)] == [epoch] * 2
    other = await epoch_of_start(ends.source)
    assert other != epoch
    assert await epoch_of_start(ends.source) == other


async def test_the_epoch_moves_there_and_back(file: SqliteSpot, empty: Place, tmp_path: Path) -> None:
    there, back = PostgresSpot(empty), SqliteSpot(tmp_path / "back" / "duelcast.db")
    epoch = await fill(file)
    await copied(Ends(file, there))
    assert await epoch_of_start(there) == epoch
    assert (await copied(Ends(there, back))).has_epoch
    assert await epoch_of_start(back) == epoch
    assert epoch not in (await epoch_of_start(there), await epoch_of_start(file))


async def test_an_unused_copy_can_be_copied_on_with_its_epoch(file: SqliteSpot, empty: Place, tmp_path: Path) -> None:
    there, back = PostgresSpot(empty), SqliteSpot(tmp_path / "back" / "duelcast.db")
    epoch = await fill(file)
    await copied(Ends(file, there))
    assert (await copied(Ends(there, back))).has_epoch
    assert await epoch_of_start(back) == epoch


@pytest.mark.parametrize("copy", [shutil.copy, back_up], ids=["copied", "backed up"])
async def test_the_copy_of_a_file_that_is_itself_a_copy_has_a_new_epoch(
    file: SqliteSpot, empty: Place, tmp_path: Path, copy: Callable[[Path, Path], object]
) -> None:
    epoch = await fill(file)
    other = SqliteSpot(tmp_path / "other" / "backup.db")
    other.path.parent.mkdir(mode=0o700)
    copy(file.path, other.path)
    assert not (await copied(Ends(other, PostgresSpot(empty)))).has_epoch
    second = await read_epoch(empty.backend())
    assert await epoch_of_start(PostgresSpot(empty)) == second != epoch
    assert await epoch_of_start(file) == epoch, "the original keeps its own"


async def test_the_copy_of_a_restored_dump_has_a_new_epoch(
    place: Place, server: PostgresServer, file: SqliteSpot
) -> None:
    epoch = await fill(PostgresSpot(place))
    dump = str(server.folder / "dump")
    server.run_program("pg_dump", "-Fc", "-f", dump, place.url)
    server.run_program("pg_restore", "--clean", "-d", place.url, dump)
    assert not (await copied(Ends(PostgresSpot(place), file))).has_epoch
    assert await epoch_of_start(file) != epoch


async def test_messages_are_numbered_on(ends: Ends) -> None:
    await fill(ends.source, 3)
    await copied(ends)
    async with opened(ends.target) as database:
        await database.publish(say_something)
    numbers = [row["seq"] for row in ends.target.rows()["channel_messages"] if row["channel"] == "chat.1"]
    assert sorted(numbers) == [1, 2, 3, 4]


async def test_latest_channels_are_numbered_above_those_of_the_source(ends: Ends) -> None:
    await fill(ends.source)
    future = 4_000_000_000_000_000
    ends.source.execute(f"update epochs set latest_floor = {future}")
    await copied(ends)
    async with opened(ends.target) as database:
        assert database.epoch.latest_floor == future


@pytest.mark.parametrize("is_used", [False, True], ids=["unused", "used"])
async def test_reserved_numbers_that_were_used_are_not_used_again(ends: Ends, is_used: bool) -> None:
    await fill(ends.source)
    (mark,) = ends.source.data_dir.glob(f"{'duelcast' if isinstance(ends.source, SqliteSpot) else 'postgres'}*.epoch")
    assert b"unused" in mark.read_bytes()
    if is_used:
        mark.write_bytes(mark.read_bytes().replace(b"unused", b"used  "))
    await copied(ends)
    async with opened(ends.target) as database:
        expected = RESERVED_NUMBERS if is_used else 0
        assert database.urgent_positions[ALERTS.channel()] == expected


async def test_commits_are_counted_on(ends: Ends) -> None:
    await fill(ends.source)
    (before,) = ends.source.rows()["store_commits"]
    await copied(ends)
    assert ends.target.rows()["store_commits"] == [before]
    await epoch_of_start(ends.target)
    (after,) = ends.target.rows()["store_commits"]
    assert after["number"] > before["number"]

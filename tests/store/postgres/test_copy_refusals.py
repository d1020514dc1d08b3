"""Copies that are refused: both databases stay as they are, and a sentence says what is wrong."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from duelcast.settings import ConfigurationError
from tests.store.postgres.place import Place
from tests.store.postgres.spots import (
    Ends,
    PostgresSpot,
    SqliteSpot,
    copied,
    epoch_of_start,
    fill,
    is_unused,
    opened,
)

pytestmark = pytest.mark.postgres


async def refusal(ends: Ends) -> str:
    """Why a copy is refused; neither database changes."""
    before = ends.source.rows(), ends.target.rows()
    with pytest.raises(ConfigurationError) as refused:
        await copied(ends)
    source, target = ends.source.rows(), ends.target.rows()
    assert source == before[0]
    assert target == before[1] or is_unused(ends.target)
    return str(refused.value)


# ── databases ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_source_that_a_server_uses(ends: Ends) -> None:
    await fill(ends.source)
    name = ends.source.backend().name
    async with opened(ends.source):
        assert await refusal(ends) == f"A server uses the database {name}: stop it first."
    await copied(ends)


async def test_a_target_that_a_server_uses(ends: Ends) -> None:
    await fill(ends.source)
    await ends.target.backend().migrate()
    async with opened(ends.target):
        refused = await refusal(ends)
    assert refused == f"A server uses the database {ends.target.backend().name}: stop it first."


async def test_a_target_on_which_a_server_was_started(ends: Ends) -> None:
    epoch = await fill(ends.source)
    await ends.target.backend().migrate()
    await epoch_of_start(ends.target)
    refused = await refusal(ends)
    assert refused == f"The database {ends.target.backend().name} is not empty: name another one, or empty it first."
    assert await epoch_of_start(ends.source) == epoch


async def test_a_target_with_a_row(ends: Ends) -> None:
    await fill(ends.source)
    await ends.target.backend().migrate()
    ends.target.execute("insert into facts (name, value) values ('precious', 'null')")
    assert "is not empty" in await refusal(ends)


async def test_a_second_copy(ends: Ends) -> None:
    await fill(ends.source)
    await copied(ends)
    assert "is not empty" in await refusal(ends)


async def test_a_target_with_tables_and_no_rows_is_accepted(ends: Ends) -> None:
    epoch = await fill(ends.source)
    await ends.target.backend().migrate()
    await copied(ends)
    assert ends.target.rows() == ends.source.rows()
    assert await epoch_of_start(ends.target) == epoch


async def test_an_empty_file_is_accepted(place: Place, file: SqliteSpot) -> None:
    file.path.parent.mkdir(mode=0o700)
    file.path.touch()
    await fill(PostgresSpot(place))
    await copied(Ends(PostgresSpot(place), file))
    assert file.rows() == PostgresSpot(place).rows()


async def test_a_target_that_another_process_has_open(place: Place, file: SqliteSpot) -> None:
    await fill(PostgresSpot(place))
    await file.backend().migrate()
    with closing(sqlite3.connect(file.path)) as reader:
        reader.execute("select * from epochs").fetchall()
        with pytest.raises(ConfigurationError, match="Another process has it open"):
            await copied(Ends(PostgresSpot(place), file))
    await copied(Ends(PostgresSpot(place), file))
    assert file.rows() == PostgresSpot(place).rows()


async def test_a_log_without_its_file_is_no_empty_target(place: Place, file: SqliteSpot) -> None:
    file.path.parent.mkdir(mode=0o700)
    log = file.path.with_name(f"{file.path.name}-wal")
    log.write_bytes(b"of another database")
    await fill(PostgresSpot(place))
    with pytest.raises(ConfigurationError, match="is not empty"):
        await copied(Ends(PostgresSpot(place), file))
    assert log.read_bytes() == b"of another database"


@pytest.mark.parametrize("which", ["source", "target"])
async def test_a_database_of_another_program(ends: Ends, which: str, file: SqliteSpot) -> None:
    spot: PostgresSpot | SqliteSpot = getattr(ends, which)
    if which == "target":
        await fill(ends.source)
    file.path.parent.mkdir(mode=0o700, exist_ok=True)
    if isinstance(spot, PostgresSpot):
        spot.execute("drop schema public cascade")
        spot.execute("create schema public")
    spot.execute("create table bookmarks (url text)")
    assert "It is not a database of Duelcast." in await refusal(ends)
    assert spot.rows() == {"bookmarks": []}


@pytest.mark.parametrize("which", ["source", "target"])
@pytest.mark.parametrize(("version", "reason"), [("0007", "earlier version|pending"), ("9999", "later version")])
async def test_another_version(ends: Ends, which: str, version: str, reason: str) -> None:
    await fill(ends.source)
    await ends.target.backend().migrate()
    getattr(ends, which).execute(f"update alembic_version set version_num = '{version}'")
    getattr(ends, which).execute(f"update schema_users set oldest = '{version}'")
    assert re.search(reason, await refusal(ends))


async def test_a_source_that_does_not_exist(ends: Ends) -> None:
    if isinstance(ends.source, SqliteSpot):
        assert await refusal(ends) == f"There is no database {ends.source.path}."
        assert not ends.source.path.parent.exists()
        return
    missing = PostgresSpot(Place(ends.source.place.databases, "nowhere", ends.source.data_dir))  # type: ignore[attr-defined]  # the only other kind
    with pytest.raises(ConfigurationError, match="no database of this name"):
        await copied(Ends(missing, ends.target))


async def test_a_refused_target_leaves_no_file(place: Place, file: SqliteSpot) -> None:
    file.path.parent.mkdir(mode=0o777)
    file.path.parent.chmod(0o777)
    await fill(PostgresSpot(place))
    with pytest.raises(ConfigurationError, match="Others may write"):
        await copied(Ends(PostgresSpot(place), file))
    assert not file.path.exists()


async def test_two_databases_of_the_same_kind(file: SqliteSpot, place: Place, empty: Place, tmp_path: Path) -> None:
    for ends in (
        Ends(file, SqliteSpot(tmp_path / "other.db")),
        Ends(PostgresSpot(place), PostgresSpot(empty)),
    ):
        await fill(ends.source)
        assert re.search("`duelcast backup`.*`pg_dump`", await refusal(ends))


# ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

AUDIT = "insert into audit (id, at_ms, wallet, role, action, target, outcome, details) values "
BAD_ROWS = {
    "U+0000": (f"{AUDIT} (17, 0, 'W' || char(0), 0, 'a', 't', 'o', '{{}}')", "`wallet` contains U+0000"),
    "a blob": (f"{AUDIT} (17, 0, x'41', 0, 'a', 't', 'o', '{{}}')", "`wallet` is no text in UTF-8"),
    "not UTF-8": (f"{AUDIT} (17, 0, cast(x'ff' as text), 0, 'a', 't', 'o', '{{}}')", "`wallet` is no text in UTF-8"),
    "a text": (f"{AUDIT} (17, 'x', 'W', 0, 'a', 't', 'o', '{{}}')", "`at_ms` is no integer"),
    "a fraction": (f"{AUDIT} (17, 0.5, 'W', 0, 'a', 't', 'o', '{{}}')", "`at_ms` is no integer"),
    "a large role": (f"{AUDIT} (17, 0, 'W', 32768, 'a', 't', 'o', '{{}}')", "`role` does not fit into 16 bits"),
    "a small role": (f"{AUDIT} (17, 0, 'W', -32769, 'a', 't', 'o', '{{}}')", "`role` does not fit into 16 bits"),
    "broken JSON": (f"{AUDIT} (17, 0, 'W', 0, 'a', 't', 'o', '{{')", "`details` is no JSON"),
    "NaN in JSON": (f"{AUDIT} (17, 0, 'W', 0, 'a', 't', 'o', '[NaN]')", "`details` is no JSON"),
    "infinite JSON": (f"{AUDIT} (17, 0, 'W', 0, 'a', 't', 'o', 9e999)", "`details` is no JSON"),
}


@pytest.mark.parametrize(("statement", "fault"), BAD_ROWS.values(), ids=BAD_ROWS)
async def test_a_row_that_postgresql_cannot_store_is_named(
    file: SqliteSpot, empty: Place, statement: str, fault: str
) -> None:
    ends = Ends(file, PostgresSpot(empty))
    epoch = await fill(file)
    file.execute(statement)
    refused = "The row of `audit` with rowid 17 cannot be copied: its "
    with pytest.raises(ConfigurationError, match=re.escape(f"{refused}{fault}")):
        await copied(ends)
    assert is_unused(ends.target)
    assert await epoch_of_start(file) == epoch


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("update contest_entries set final_value = 'NaN' where id = 2", r"`contest_entries` with ctid \(\d+, \d+\)"),
        ("update settings set value = '9223372036854775808'", r"`settings` with ctid .* `value` does not fit"),
        (f"update settings set value = '-{'9' * 5_000}'", r"`settings` with ctid .* `value` does not fit"),
        ("update settings set value = '9e999'", r"`settings` with ctid .* `value` does not fit"),
    ],
    ids=["NaN", "a large integer", "an integer of 5,000 digits", "a large number"],
)
async def test_a_row_that_sqlite_cannot_store_is_named(
    place: Place, file: SqliteSpot, statement: str, named: str
) -> None:
    ends = Ends(PostgresSpot(place), file)
    epoch = await fill(ends.source)
    ends.source.execute(statement)
    with pytest.raises(ConfigurationError, match=named):
        await copied(ends)
    assert is_unused(file)
    assert await epoch_of_start(ends.source) == epoch


async def test_a_row_that_violates_a_constraint_is_refused(file: SqliteSpot, empty: Place) -> None:
    await fill(file)
    file.execute("delete from contest_entries")  # an independent program does not check references
    refused = await refusal(Ends(file, PostgresSpot(empty)))
    assert refused == "A row of `holdings` violates a constraint of its table. Correct the source, and copy again."

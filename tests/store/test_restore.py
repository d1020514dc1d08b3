"""Putting a copy of a database in its place: nothing is lost, whatever the copy is and whoever uses the database."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from duelcast.settings import ConfigurationError
from duelcast.store.sqlite.backup import restore
from tests.store.copies import (
    backed_up,
    damage,
    execute,
    full_disk,
    left_by_a_killed_server,
    names_in,
    nothing_left,
    store,
)
from tests.store.facts import put, read_names, stored
from tests.storing import earlier_revisions, make_earlier, opened


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


def test_a_copy_takes_the_place_of_a_database_that_is_not_there(tmp_path: Path, file: Path) -> None:
    backed_up(tmp_path / "old.db", file, "kept")
    database = tmp_path / "data" / "duelcast.db"
    done = restore(file, database)
    assert (done.moved, done.is_served, done.size_bytes) == (None, False, database.stat().st_size)
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    assert stat.S_IMODE(database.parent.stat().st_mode) == 0o700
    assert names_in(database.parent) == {"duelcast.db", "duelcast.db.lock"}
    store(database, "new")
    assert (read_names(database), read_names(file)) == (["kept", "new"], ["kept"])


def test_a_database_that_is_there_is_moved_aside_on_demand_alone(database: Path, file: Path) -> None:
    backed_up(database, file, "kept")
    store(database, "precious")
    with nothing_left(database.parent), pytest.raises(ConfigurationError, match=r"is not empty.*--force"):
        restore(file, database)
    done = restore(file, database, replace=True)
    assert done.moved is not None
    assert re.fullmatch(r"duelcast\.db\.replaced-\d{8}T\d{6}\.\d{6}Z", done.moved.name)
    assert (read_names(database), read_names(done.moved)) == (["kept"], ["precious"])


def test_what_was_moved_aside_can_be_put_back_with_its_log(database: Path, file: Path, tmp_path: Path) -> None:
    backed_up(tmp_path / "old.db", file, "kept")
    left_by_a_killed_server(database, "precious")
    moved = restore(file, database, replace=True).moved
    assert moved is not None
    assert read_names(database) == ["kept"]
    restore(moved, database, replace=True)
    assert read_names(database) == ["precious"]


def test_a_log_without_its_database_is_moved_aside_too(database: Path, file: Path) -> None:
    """SQLite would apply it to whatever stands in its place."""
    backed_up(database, file, "kept")
    log = Path(f"{database}-wal")
    log.write_bytes(b"of another database")
    with pytest.raises(ConfigurationError, match="is not empty"):
        restore(file, database)
    done = restore(file, database, replace=True)
    assert Path(f"{done.moved}-wal").read_bytes() == b"of another database"
    assert not log.exists()


async def test_a_database_that_a_server_uses_is_taken_from_it_on_demand_alone(database: Path, file: Path) -> None:
    await asyncio.to_thread(backed_up, database, file, "kept")
    async with opened(database) as used:
        await used.write(put("precious"))
        with pytest.raises(ConfigurationError, match=r"A server uses the database.*--force"):
            restore(file, database)
        assert await stored(used) == ["precious"]
        done = restore(file, database, replace=True)
        assert done.is_served
        assert done.moved is not None
    assert (read_names(database), read_names(done.moved)) == (["kept"], ["precious"])


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("create trigger spy after insert on facts begin delete from facts; end", "trigger `spy`"),
        ("create view cats as select * from facts", "view `cats`"),
        ("create unique index one_each on facts (value)", "index `one_each`"),
        ("create table cats (name)", "table `cats`"),
        ("alter table facts add column spare text", "table `facts`"),
        ("drop table audit", "table `audit`"),
    ],
)
def test_a_backup_with_other_tables_than_ours_is_not_restored(
    database: Path, file: Path, statement: str, named: str
) -> None:
    backed_up(database, file, "kept")
    execute(file, statement)
    with nothing_left(database.parent), pytest.raises(ConfigurationError, match=re.escape(named)) as refused:
        restore(file, database)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("revision", earlier_revisions())
def test_an_earlier_version_is_restored_and_brought_up_to_date_at_the_next_start(
    database: Path, file: Path, revision: str
) -> None:
    make_earlier(file, revision)
    execute(file, "insert into facts (name, value) values ('kept', 'null')")
    restore(file, database)
    store(database, "new")
    assert read_names(database) == ["kept", "new"]


@pytest.mark.parametrize(
    "there_is", ["nothing", "an empty file", "a text", "a foreign database", "a later version", "a damaged one"]
)
@pytest.mark.parametrize("replaced", [False, True])
def test_what_is_no_intact_backup_is_not_restored(database: Path, file: Path, there_is: str, replaced: bool) -> None:
    if there_is == "an empty file":
        file.touch()
    elif there_is == "a text":
        file.write_text("no database" * 1_000)
    elif there_is == "a foreign database":
        execute(file, "create table cats (name)")
    elif there_is != "nothing":
        backed_up(database, file, "kept")
        if there_is == "a later version":
            execute(file, "update alembic_version set version_num = '9999'")
            execute(file, "update schema_users set oldest = '9999'")
        else:
            damage(file)
    if replaced:
        store(database, "precious")
    with nothing_left(database.parent), pytest.raises(ConfigurationError, match=re.escape(str(file))):
        restore(file, database, replace=replaced)


def test_a_missing_row_of_an_index_is_noticed(database: Path, file: Path) -> None:
    backed_up(database, file, "kept")
    with index_hidden(file, "ix_audit_action"):
        execute(file, "insert into audit values (1, 0, 'W', 0, 'a', 't', 'ok', '{}')")
    with nothing_left(database.parent), pytest.raises(ConfigurationError, match=re.escape(f"{file} cannot")):
        restore(file, database)


@contextmanager
def index_hidden(path: Path, name: str) -> Iterator[None]:
    """The block changes rows without the index."""
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("select * from sqlite_master where name = ?", [name]).fetchone()
    change_schema(path, "delete from sqlite_master where name = ?", [name])
    yield
    change_schema(path, "insert into sqlite_master values (?, ?, ?, ?, ?)", row)


def change_schema(path: Path, statement: str, values: Sequence[object]) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("pragma writable_schema = on")
        connection.execute(statement, values)


def test_a_database_that_was_only_copied_is_restored_and_nothing_is_left_beside_it(
    database: Path, file: Path, tmp_path: Path
) -> None:
    store(tmp_path / "old" / "duelcast.db", "kept")
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    shutil.copy(tmp_path / "old" / "duelcast.db", shelf / "copied.db")
    restore(shelf / "copied.db", database)
    assert read_names(database) == ["kept"]
    assert names_in(shelf) == {"copied.db"}


def test_a_database_is_not_restored_from_itself(database: Path) -> None:
    store(database, "kept")
    with pytest.raises(ConfigurationError, match="part of the database itself"):
        restore(database, database, replace=True)
    assert read_names(database) == ["kept"]


def test_a_disk_that_is_full_leaves_the_old_database(database: Path, file: Path) -> None:
    backed_up(database, file, "kept")
    store(database, "precious")
    with full_disk(), nothing_left(database.parent), pytest.raises(ConfigurationError, match="is the disk full"):
        restore(file, database, replace=True)


def test_a_disk_that_is_full_leaves_no_database_where_there_was_none(tmp_path: Path, file: Path) -> None:
    backed_up(tmp_path / "old.db", file, "kept")
    with full_disk(), pytest.raises(ConfigurationError, match="is the disk full"):
        restore(file, tmp_path / "data" / "duelcast.db")
    assert names_in(tmp_path / "data") == {"duelcast.db.lock"}


def test_behind_a_link_the_database_itself_is_replaced(tmp_path: Path, file: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    link = tmp_path / "duelcast.db"
    link.symlink_to(disk / "real.db")
    backed_up(tmp_path / "old.db", file, "kept")
    store(link, "precious")
    restore(file, link, replace=True)
    assert link.is_symlink()
    assert read_names(disk / "real.db") == ["kept"]
    assert len(names_in(disk)) == 2

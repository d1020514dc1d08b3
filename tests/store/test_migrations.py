"""Bringing a file up to date: what it comes to, and what is refused."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from duelcast.settings import ConfigurationError, Settings
from duelcast.store.choosing import sqlite_path_of
from duelcast.store.migrate import MIGRATIONS, REVISIONS
from duelcast.store.sqlite.file import SqliteFile
from duelcast.store.sqlite.schema import migrate
from duelcast.store.tables import metadata
from tests.e2e.process import kill
from tests.store.facts import put, read_names, stored
from tests.storing import BUSY_TIMEOUT_MS, opened


def migrated(folder: Path) -> Path:
    """A file at head, as the first start makes it."""
    path = folder / "test.db"
    path.touch()
    migrate(path)
    return path


def execute(path: Path, statement: str) -> None:
    """Change a file as another program does."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def schema(path: Path) -> set[str]:
    """The statements that make what is in the file, in a form that can be compared: parts sorted, space apart."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("select sql from sqlite_master where sql is not null and name not like 'alembic%'")
        return {" ".join(sorted(re.split(r",?\s*\n\s*|,\s+", sql.strip()))) for (sql,) in found}


# ── what it comes to ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_migrations_make_the_tables_as_the_code_knows_them(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{migrated(tmp_path)}", poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_migrations_make_checks_and_numbering_too(tmp_path: Path) -> None:
    """Which the comparison above does not look at."""
    made = tmp_path / "made.db"
    engine = create_engine(f"sqlite:///{made}", poolclass=NullPool)
    metadata.create_all(engine)
    assert schema(migrated(tmp_path)) == schema(made)


def test_the_files_are_named_by_the_migrations_in_them_and_each_follows_the_one_before() -> None:
    steps = list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())
    assert [step.revision for step in reversed(steps)] == list(REVISIONS)
    assert [step.down_revision for step in reversed(steps)] == [None, *REVISIONS[:-1]]


async def test_what_is_stored_is_there_at_the_next_start(tmp_path: Path) -> None:
    async with opened(tmp_path / "test.db") as database:
        await database.write(put("kept"))
    async with opened(tmp_path / "test.db") as database:
        assert await stored(database) == ["kept"]


def test_a_second_start_has_nothing_to_upgrade_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = migrated(tmp_path)
    before = path.read_bytes()
    monkeypatch.delattr("alembic.command.upgrade")
    migrate(path)
    assert path.read_bytes() == before


def test_a_migration_that_breaks_off_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "test.db"
    path.touch()

    def broken(*_arguments: object) -> None:
        raise KeyboardInterrupt

    # The last thing that a migration does is to write down that it was done.
    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", broken)
    with pytest.raises(KeyboardInterrupt):
        migrate(path)
    assert schema(path) == set()
    monkeypatch.undo()
    migrate(path)
    assert schema(path) != set()


async def test_the_folder_is_made_and_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "test.db"
    async with opened(path):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


# ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────────────


async def refusal(path: Path) -> str:
    """What the operator is told. The file can be taken by another server afterwards."""
    with pytest.raises(ConfigurationError) as refused:
        async with opened(path):
            pass
    again = SqliteFile(path, BUSY_TIMEOUT_MS)
    again.hold()
    again.release()
    return str(refused.value)


async def test_a_database_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = migrated(tmp_path)
    execute(path, "update alembic_version set version_num = '9999'")
    execute(path, "update schema_users set oldest = '9999'")
    before = path.read_bytes()
    assert "later version" in await refusal(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"xy", b"-- my notes\n" * 1_000, b"\x00" * 8_192, b"SQLite format 3\x00 no more"])
async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    assert str(path) in await refusal(path)
    assert path.read_bytes() == content
    assert set(os.listdir(tmp_path)) == {"notes.txt", "notes.txt.lock"}


@pytest.mark.parametrize("table", ["bookmarks", "users", "alembic_version"])
async def test_the_database_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path, table: str) -> None:
    path = tmp_path / "other.db"
    execute(path, f"create table {table} (version_num text)")
    before = path.read_bytes()
    assert "not a database of Duelcast" in await refusal(path)
    assert path.read_bytes() == before


async def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        async with opened(tmp_path):
            pass


async def test_a_database_that_is_locked_is_refused(tmp_path: Path) -> None:
    path = migrated(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "Another process holds the database" in await refusal(path)


HOLDER = """
import sys
from pathlib import Path
from duelcast.store.sqlite.file import SqliteFile
file = SqliteFile(Path(sys.argv[1]), 0)
file.hold()
print("held", flush=True)
sys.stdin.read()
"""


@asynccontextmanager
async def another_server(path: Path) -> AsyncIterator[None]:
    """A process that holds the file at `path` as a server does."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, str(path), stdin=PIPE, stdout=PIPE)
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"held\n"
        yield
    finally:
        await kill(process)


async def test_two_servers_on_one_file_are_one_too_many(tmp_path: Path) -> None:
    path = migrated(tmp_path)
    async with another_server(path):
        with pytest.raises(ConfigurationError, match=r"Another server uses the database .* DUELCAST_DATA_DIR"):
            async with opened(path):
                pass
    async with opened(path) as database:  # the other was killed: what it held is free
        await database.write(put("a"))
    assert read_names(path) == ["a"]


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///", "mysql://localhost/duelcast", "/tmp/test.db"])
def test_an_address_that_is_no_file_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DUELCAST_DATABASE_URL"):
        sqlite_path_of(Settings(database_url=url))


@pytest.mark.parametrize("url", ["sqlite:////var/lib/test.db", "sqlite+aiosqlite:////var/lib/test.db"])
def test_an_address_leads_to_its_file(url: str) -> None:
    assert sqlite_path_of(Settings(database_url=url)) == Path("/var/lib/test.db")

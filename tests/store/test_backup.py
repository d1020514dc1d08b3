"""Copies of a database in use: whole, private, and never in the place of something else by accident."""

from __future__ import annotations

import asyncio
import re
import signal
import stat
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from duelcast.settings import ConfigurationError
from duelcast.store.sqlite.backup import back_up
from tests.store.copies import damage, execute, full_disk, left_by_a_killed_server, names_in, nothing_left, store
from tests.store.facts import put, read_names, stored
from tests.storing import opened


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


async def test_what_is_committed_is_in_the_copy_while_the_database_is_in_use(database: Path, file: Path) -> None:
    async with opened(database) as used:
        await used.write(put("in the write-ahead log alone"))
        await asyncio.to_thread(back_up, database, file)
        await used.write(put("later"))
    assert read_names(file) == ["in the write-ahead log alone"]


def test_what_a_killed_server_left_in_its_log_is_in_the_copy(database: Path, file: Path) -> None:
    left_by_a_killed_server(database, "kept")
    back_up(database, file)
    assert read_names(file) == ["kept"]


def test_a_copy_is_private_and_alone(database: Path, file: Path, tmp_path: Path) -> None:
    store(database, "kept")
    assert back_up(database, file) == file.stat().st_size
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names_in(tmp_path) == {database.name, f"{database.name}.epoch", f"{database.name}.lock", file.name}


def test_a_file_that_is_there_is_replaced_on_demand_alone(database: Path, file: Path) -> None:
    store(database, "kept")
    file.write_text("precious")
    with pytest.raises(ConfigurationError, match=r"already exists.*--force"):
        back_up(database, file)
    assert file.read_text() == "precious"
    file.unlink()
    back_up(database, file)
    store(database, "new")
    back_up(database, file, replace=True)
    assert read_names(file) == ["kept", "new"]


@pytest.mark.parametrize("there_is", ["nothing", "a text", "a foreign database", "a database in use"])
def test_what_is_no_backup_of_ours_is_never_replaced(database: Path, file: Path, there_is: str) -> None:
    store(database, "kept")
    if there_is == "a foreign database":
        execute(file, "create table cats (name)")
    elif there_is == "a database in use":
        left_by_a_killed_server(file, "precious")
    else:
        file.write_text("" if there_is == "nothing" else "precious")
    with nothing_left(database.parent), pytest.raises(ConfigurationError, match="name another file"):
        back_up(database, file, replace=True)


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
def test_what_sqlite_would_take_for_a_part_of_the_database_is_not_made(database: Path, ending: str) -> None:
    store(database, "kept")
    with nothing_left(database.parent), pytest.raises(ConfigurationError, match="part of the database itself"):
        back_up(database, Path(f"{database}{ending}"))


@pytest.mark.parametrize("ending", ["", "-wal", ".lock"])
async def test_no_part_of_the_database_is_replaced(database: Path, tmp_path: Path, ending: str) -> None:
    link = tmp_path / "link"
    async with opened(database) as used:
        await used.write(put("kept"))
        link.symlink_to(f"{database}{ending}")
        for name in (link, Path(f"{database}{ending}")):
            with pytest.raises(ConfigurationError, match="part of the database itself"):
                back_up(database, name, replace=True)
        assert await stored(used) == ["kept"]


@pytest.mark.parametrize(
    "there_is", ["nothing", "a folder", "an empty file", "a text", "a foreign database", "a later version"]
)
def test_what_is_no_database_of_ours_is_not_backed_up(database: Path, file: Path, there_is: str) -> None:
    if there_is == "an empty file":
        database.touch()
    elif there_is == "a folder":
        database.mkdir()
    elif there_is == "a text":
        database.write_text("no database" * 1_000)
    elif there_is == "a foreign database":
        execute(database, "create table cats (name)")
    elif there_is == "a later version":
        store(database)
        execute(database, "update alembic_version set version_num = '9999'")
        execute(database, "update schema_users set oldest = '9999'")
    with nothing_left(database.parent), pytest.raises(ConfigurationError, match=re.escape(str(database))):
        back_up(database, file)


def test_a_damaged_database_is_not_backed_up(database: Path, file: Path) -> None:
    store(database, "kept")
    damage(database)
    with nothing_left(database.parent), pytest.raises(ConfigurationError, match="damaged"):
        back_up(database, file)


def test_a_place_that_takes_no_file_is_named(database: Path, tmp_path: Path) -> None:
    store(database, "kept")
    with pytest.raises(ConfigurationError, match="nowhere"):
        back_up(database, tmp_path / "nowhere" / "backup.db")
    with pytest.raises(ConfigurationError, match="is not a file, so it cannot be replaced"):
        back_up(database, tmp_path, replace=True)


def test_a_full_disk_leaves_nothing(database: Path, file: Path) -> None:
    store(database, "x" * 64)
    with full_disk(), nothing_left(database.parent), pytest.raises(ConfigurationError, match="is the disk full"):
        back_up(database, file)


# ── interrupted ─────────────────────────────────────────────────────────────────────────────────────────────────────

SLOW = """
import functools, sqlite3, sys, time
from duelcast.store.sqlite import backup
class Slow(sqlite3.Connection):
    def set_progress_handler(self, handler, _steps):
        super().set_progress_handler(lambda: print("copying", flush=True) or time.sleep(0.2) or handler(), 1)
backup.sqlite3.connect = functools.partial(sqlite3.connect, factory=Slow)
from duelcast.cli import main
sys.argv = ["duelcast", *sys.argv[1:]]
main()
"""


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
async def test_a_command_that_is_told_to_stop_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: str, code: int
) -> None:
    folder = tmp_path / "data"
    await asyncio.to_thread(store, folder / "duelcast.db", "kept")
    monkeypatch.setenv("DUELCAST_DATA_DIR", str(folder))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SLOW, "backup", str(tmp_path / "backup.db"), stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"copying\n"
    process.send_signal(signal.Signals[number])
    # A copy that went on would take minutes.
    async with asyncio.timeout(60):
        await process.communicate()
    assert process.returncode == code
    assert names_in(tmp_path) == {"data"}

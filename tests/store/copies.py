"""Databases to be copied: with facts in them, damaged, left by a server that was killed."""

from __future__ import annotations

import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvloop

from duelcast.store.sqlite.backup import back_up
from tests.store.facts import put
from tests.storing import opened


def store(path: Path, *names: str) -> None:
    """Commit these facts in the database at `path`, made where there is none."""

    async def write() -> None:
        async with opened(path) as database:
            for name in names:
                await database.write(put(name))

    uvloop.run(write())


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def damage(path: Path) -> None:
    """Overwrite the middle of every page but the first."""
    content = bytearray(path.read_bytes())
    for start in range(4_096, len(content), 4_096):
        content[start + 8 : start + 512] = bytes(504)
    path.write_bytes(content)


def left_by_a_killed_server(path: Path, *names: str) -> None:
    """The same as `store`, but that it is all in the write-ahead log still."""
    used = path.with_name("used.db")

    async def write() -> None:
        async with opened(used) as database:
            for name in names:
                await database.write(put(name))
            for ending in ("", "-wal"):
                shutil.copy(f"{used}{ending}", f"{path}{ending}")

    uvloop.run(write())
    used.unlink()


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@contextmanager
def nothing_left(folder: Path) -> Iterator[None]:
    """The block leaves neither new files in `folder` nor other contents, but for the lock."""
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    yield
    after = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert {path: content for path, content in after.items() if path.suffix != ".lock"} == {
        path: content for path, content in before.items() if path.suffix != ".lock"
    }


@contextmanager
def full_disk() -> Iterator[None]:
    """No file becomes larger than 64 KiB, which no database of ours fits into."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def backed_up(database: Path, file: Path, *names: str) -> None:
    """`file` holds a database with these names; there is no other."""
    store(database, *names)
    back_up(database, file)
    database.unlink()

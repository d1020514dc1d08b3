"""Backups of a whole database, taken while a server writes to it, and their restoration."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from duelcast.settings import ConfigurationError
from duelcast.store.atomic_write import is_same_file, sync, whole_file
from duelcast.store.backend import Held
from duelcast.store.sqlite.epoch_file import put_new_epoch
from duelcast.store.sqlite.failures import describe_failure
from duelcast.store.sqlite.file import SqliteFile
from duelcast.store.sqlite.paths import BESIDE, file_uri, is_empty, read_only_uri
from duelcast.store.sqlite.schema import check_schema, examine, is_ours

BUSY_TIMEOUT_S = 10.0
_STEPS_PER_LOOK = 10_000
"""How many steps of SQLite's virtual machine run between two checks for an interruption; they take less than a
millisecond."""
_WAIT_S = 0.2
"""The length of each wait. It is short because a signal that arrives just before a wait does not end the wait."""


class Restored(Struct, frozen=True):
    """A restored database. `moved` is the new path of the database that it replaced, or None if there was none.
    `is_served` says whether a server still has the old database open."""

    size_bytes: int
    moved: Path | None
    is_served: bool


def back_up(database: Path, file: Path, *, replace: bool = False) -> int:
    """Copy the SQLite database into `file` (mode 0600); returns the size of the copy in bytes. Blocks.

    The copy contains everything committed so far, and a running server is not delayed. An interruption leaves nothing
    behind. Raises `ConfigurationError` if `database` is not a database of Duelcast; if `file` is part of that database;
    if `file` exists, unless `replace` is true and `file` is a backup of Duelcast; or if the copy cannot be completed.
    """
    if not database.exists():
        raise ConfigurationError(f"There is no database {database}.")
    _check_apart(database, file)
    if replace and file.is_file():
        _check_replaceable(file)
    with whole_file(file, replace=replace) as copy:
        _copy(file_uri(database), copy, database)
        return copy.stat().st_size


def restore(file: Path, database: Path, *, replace: bool = False) -> Restored:
    """Replace the SQLite database with a copy of `file`. Blocks.

    With `replace`, an existing database is moved aside, with the files beside it, even while a server is using it; that
    server is then left without a database. An interruption leaves everything as it was.

    Raises `ConfigurationError` if `file` is not an intact database of a known version, or has tables, triggers, views
    or indices that no migration creates; if, without `replace`, a server is using the database or it is not empty; or
    if the copy cannot be completed.
    """
    if not file.is_file():
        raise ConfigurationError(f"There is no file {file}.")
    _check_apart(database, file)
    with _reserved(database, replace=replace) as is_served:
        # SQLite puts its files beside the target of a symbolic link.
        place = database.resolve()
        with whole_file(place, replace=True) as copy:
            _copy(read_only_uri(file), copy, file)
            check_schema(copy, file)
            try:
                put_new_epoch(copy)
            except sqlite3.Error as error:
                raise ConfigurationError(f"No copy of {file} could be made. {describe_failure(error)}") from None
            size_bytes = copy.stat().st_size
            sync(copy)  # first, so that the rename after the move need not wait for the disk
            moved = _move_aside(place)
    return Restored(size_bytes, moved, is_served)


def _check_apart(database: Path, file: Path) -> None:
    for ending in (*BESIDE, "-journal", ".lock"):
        if any(is_same_file(file, Path(f"{place}{ending}")) for place in (database, database.resolve())):
            raise ConfigurationError(f"{file} is part of the database itself: name another file.")


def _check_replaceable(file: Path) -> None:
    if Path(f"{file}-wal").exists():
        raise ConfigurationError(f"{file} is a database in use, since {file}-wal exists: name another file.")
    if not is_ours(file):
        raise ConfigurationError(f"{file} is not a backup of Duelcast: name another file, or delete it first.")


def _copy(uri: str, copy: Path, source: Path) -> None:
    """Copy the database at `uri` into the empty file `copy`. Raises `ConfigurationError` with a message that names
    `source`."""
    stops = threading.Event()
    try:
        connecting = sqlite3.connect(uri, BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, uri=True)
        with closing(connecting) as connection, ThreadPoolExecutor(max_workers=1) as thread:
            # A signal interrupts only this thread, and SQLite would continue in the other one. This handler stops it;
            # `interrupt` would have no effect if it were called too early.
            connection.set_progress_handler(stops.is_set, _STEPS_PER_LOOK)
            # Start the thread first, with a trivial task: nothing waits for a thread whose start was interrupted.
            thread.submit(stops.is_set).result()
            try:
                copying = thread.submit(connection.execute, "VACUUM INTO ?", (str(copy),))
                while wait([copying], _WAIT_S).not_done:
                    pass
                copying.result()
            except BaseException:
                stops.set()
                raise
    except sqlite3.Error as error:
        raise ConfigurationError(f"No copy of {source} could be made. {describe_failure(error)}") from None
    examine(copy, source)


@contextmanager
def _reserved(database: Path, *, replace: bool) -> Iterator[bool]:
    """Keep servers from opening the database during the block. Yields whether a server already has it open, which is
    allowed only with `replace`."""
    was_there = os.path.lexists(database)
    target = SqliteFile(database, busy_timeout_ms=0)
    is_served = False
    try:
        target.hold()
    except Held:
        if not replace:
            raise ConfigurationError(
                f"A server uses the database {database}: stop it, or take the database from it with --force."
            ) from None
        is_served = True
    try:
        if not replace and not is_empty(database):
            raise ConfigurationError(
                f"The database {database} is not empty: set DUELCAST_DATA_DIR to another folder, or move it "
                "aside with --force."
            )
        yield is_served
    finally:
        if not was_there and is_empty(database):
            database.unlink(missing_ok=True)
        target.release()


def _move_aside(database: Path) -> Path | None:
    """Give the database and the files beside it new names, under which the database can still be opened. Returns the
    new path of the database, or None if the database is empty.

    The database also keeps its old name until another file takes that name in one step, so that there is always a
    database. The files beside it must be gone by then, because SQLite would take them for part of the new database.
    """
    if is_empty(database):
        return None
    aside = database.with_name(f"{database.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    there = [ending for ending in BESIDE if Path(f"{database}{ending}").exists()]
    for ending in there:
        os.link(f"{database}{ending}", f"{aside}{ending}")
    for ending in there[1:]:
        os.remove(f"{database}{ending}")
    return aside

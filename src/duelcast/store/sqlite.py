"""The file of an SQLite database: opens and holds it, notices its loss, and describes its errors."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple
from urllib.parse import quote

import aiosqlite
from sqlalchemy import AsyncAdaptedQueuePool, Connection, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from duelcast.settings import ConfigurationError, Settings, check_unshared
from duelcast.store.tables import store_commits

READERS = 4
LOCK_ATTEMPT_MS = 50
"""How long the writer waits for the lock within SQLite before it checks the deadlines of its writes and retries."""
BESIDE = ("", "-wal", "-shm")
"""The suffixes of the files of a database; the suffix of the database file itself is empty."""
_FILE_MODE = 0o600

# Primary result codes (https://sqlite.org/rescode.html).
_FAULTS_OF_THE_STATEMENT = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
}
_FAILURES = {
    sqlite3.SQLITE_BUSY: "Another process holds the database.",
    sqlite3.SQLITE_FULL: "The database cannot be written to: is the disk full?",
    sqlite3.SQLITE_IOERR: "The database cannot be written to: is the disk full?",
    sqlite3.SQLITE_READONLY: "The server may not write to the database file.",
    sqlite3.SQLITE_PERM: "The server may not write to the database file.",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened.",
    sqlite3.SQLITE_NOTADB: "The file is not a database.",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged.",
}


class Held(ConfigurationError):
    """Another process holds the file."""


class FileGone(OSError):
    """The file was moved or deleted: further commits would be lost with it."""


class Room(NamedTuple):
    """How many bytes the database takes on its disk, and how many are free there for the server's user."""

    database_bytes: int
    wal_bytes: int
    free_bytes: int


class _Closing(sqlite3.Connection):
    """A connection that ends its transaction when it is closed. Otherwise SQLite would keep the transaction and the
    write lock as long as something refers to the cursor of an abandoned statement (sqlite3_close_v2)."""

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.rollback()
        super().close()


class _Writing(_Closing):
    """The writer's connection, which counts each commit in the commit itself, so that a commit that failed with an
    unknown outcome can be looked up. It does so in the driver's thread, because another round trip would cost more."""

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("update store_commits set number = number + 1")
        super().commit()


class SqliteFile:
    """An SQLite file in WAL mode, so that readers and the writer do not block each other.

    One process at a time may `hold` the file. `busy_timeout_ms` is how long a connection waits while the file is
    locked; the writer's connection gives up earlier, and retries.
    """

    synchronous: ClassVar[Literal["FULL", "OFF"]] = "FULL"
    """With FULL, a commit is on the disk when it returns. Tests that do not depend on that set it to OFF, because their
    databases need not survive a crash."""

    def __init__(self, path: Path, busy_timeout_ms: int) -> None:
        self.path = path
        self.busy_timeout_ms = busy_timeout_ms
        self._identity: tuple[int, int] | None = None
        self._lock: int | None = None

    def hold(self) -> None:
        """Hold the file; create it if it is missing. Raises `Held`, and `ConfigurationError` if it cannot be opened."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, _FILE_MODE))
            self._lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT, _FILE_MODE)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise Held(
                f"Another server uses the database {self.path}: stop it, or set DUELCAST_DATA_DIR to another folder."
            ) from None
        except OSError as error:
            self.release()
            raise ConfigurationError(f"The database {self.path} cannot be opened ({error.strerror}).") from None
        self._identity = self._identity_now()

    def check_unshared(self) -> None:
        """Raise `ConfigurationError` if others may write to the file, to SQLite's files beside it, or to its folder,
        where they could replace it."""
        place = self.path.resolve()  # SQLite puts its files beside the target of a link
        check_unshared(place.parent, *(Path(f"{place}{ending}") for ending in BESIDE))

    def find(self) -> None:
        """Use the existing file, whoever holds it. Raises `ConfigurationError` if it is missing."""
        try:
            self._identity = self._identity_now()
        except OSError:
            raise ConfigurationError(f"There is no database {self.path}.") from None

    def release(self) -> None:
        """Let another process hold the file."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def check(self) -> None:
        """Raise `FileGone` if the path no longer leads to the open file, which SQLite itself would not notice."""
        try:
            is_there = self._identity_now() == self._identity
        except OSError:
            is_there = False
        if not is_there:
            raise FileGone

    def room(self) -> Room:
        """The current room. Raises `OSError` if the file is gone."""
        disk = os.statvfs(self.path.parent)
        try:
            wal_bytes = os.stat(f"{self.path}-wal").st_size
        except FileNotFoundError:
            wal_bytes = 0
        return Room(os.stat(self.path).st_size, wal_bytes, disk.f_bavail * disk.f_frsize)

    def engine(self, *, writes: bool) -> AsyncEngine:
        """An engine whose connections take the write lock at the beginning of a transaction if `writes`, and only read
        otherwise."""
        engine = create_async_engine(
            "sqlite+aiosqlite://",
            async_creator=partial(self._connect, writes=writes),
            poolclass=AsyncAdaptedQueuePool,
            pool_size=1 if writes else READERS,
            max_overflow=0,
        )
        begin = "BEGIN IMMEDIATE" if writes else "BEGIN"

        @event.listens_for(engine.sync_engine, "begin")
        def on_begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    async def _connect(self, *, writes: bool) -> aiosqlite.Connection:
        # If another file had replaced ours, SQLite would open it, and copy our write-ahead log into it.
        self.check()
        address = file_uri(self.path)
        wait_ms = min(self.busy_timeout_ms, LOCK_ATTEMPT_MS) if writes else self.busy_timeout_ms
        # No isolation level, because otherwise the driver would begin and end transactions by its own rules.
        connecting = aiosqlite.connect(
            address, uri=True, isolation_level=None, timeout=wait_ms / 1000, factory=_Writing if writes else _Closing
        )
        connecting._thread.daemon = True  # the process need not wait for it at exit
        connection = await connecting
        pragmas = ("journal_mode=WAL", f"synchronous={self.synchronous}", "foreign_keys=ON", "temp_store=MEMORY")
        try:
            for pragma in (*pragmas, f"query_only={'OFF' if writes else 'ON'}"):
                await connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            await connection.close()  # or its thread would keep running
            raise
        return connection

    def _identity_now(self) -> tuple[int, int]:
        status = os.stat(self.path)
        return status.st_dev, status.st_ino


def file_uri(path: Path) -> str:
    """A URI that opens an existing file; a missing one is not created."""
    return f"file:{quote(str(path))}?mode=rw"


def read_only_uri(path: Path) -> str:
    """A URI that opens a file read-only, without creating files beside it. A file without a write-ahead log must not
    be written to meanwhile."""
    # If there is a write-ahead log, all files beside the database exist already.
    is_whole = not Path(f"{path}-wal").exists()
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if is_whole else ''}"


def is_fault_of_statement(error: DBAPIError) -> bool:
    """Whether the statement or its values are at fault, rather than the file or the connection."""
    code = _primary_code(error)
    return not error.connection_invalidated and (code is None or code in _FAULTS_OF_THE_STATEMENT)


def is_locked(error: Exception) -> bool:
    """Whether another process has the file locked at the moment."""
    return _primary_code(error) == sqlite3.SQLITE_BUSY


def leaves_doubt(error: Exception) -> bool:
    """Whether a COMMIT that raised `error` may still take effect.

    In WAL mode, SQLite makes a transaction visible after everything that can fail, so no reader sees one whose COMMIT
    failed. But if the failure came after the frames were written (syncing the log, extending its index), a server that
    is killed before the next commit replaces those frames finds the transaction when it recovers the log. If a frame
    could not be written (full disk), the transaction is incomplete and never recovered. All other codes come before the
    frames are written. An error that is not SQLite's says nothing.
    """
    code = _extended_code(error)
    if code is None:
        return True
    return code & 0xFF in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM) and code != sqlite3.SQLITE_IOERR_WRITE


async def count_commits(connection: AsyncConnection) -> int:
    """How many transactions the writer has committed since the database was created."""
    return int((await connection.execute(select(store_commits.c.number))).scalar_one())


def describe_failure(error: Exception) -> str:
    """Why the file does not work, in our own words."""
    if isinstance(error, FileGone):
        return "The database file is gone."
    return _FAILURES.get(_primary_code(error) or 0, "The database does not work.")


def _primary_code(error: Exception) -> int | None:
    code = _extended_code(error)
    return None if code is None else code & 0xFF


def _extended_code(error: Exception) -> int | None:
    # There is no code if the driver refused without calling SQLite.
    cause = error.orig if isinstance(error, DBAPIError) else error
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    return code


def database_path(settings: Settings) -> Path:
    """The path of the database of a server with these settings. Raises `ConfigurationError`."""
    return settings.data_dir / "duelcast.db" if settings.database_url is None else sqlite_path(settings.database_url)


def sqlite_path(url: str) -> Path:
    """The path in the URL `sqlite:///path`. Raises `ConfigurationError` for any other URL."""
    for scheme in ("sqlite:///", "sqlite+aiosqlite:///"):
        if url.startswith(scheme) and len(url) > len(scheme):
            return Path(url.removeprefix(scheme)).expanduser().resolve()
    raise ConfigurationError("DUELCAST_DATABASE_URL can only be sqlite:///path/to/file so far.")

"""The file of an SQLite database: opens and holds it, and notices its loss."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import sqlalchemy
from sqlalchemy import AsyncAdaptedQueuePool, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from duelcast.settings import ConfigurationError, check_unshared
from duelcast.store.backend import Backend, Held, Room
from duelcast.store.sqlite import schema
from duelcast.store.sqlite.connections import BEGIN_READ, Connection
from duelcast.store.sqlite.copy_ends import SqliteSource, SqliteTarget, reading
from duelcast.store.sqlite.epoch_file import EpochFile
from duelcast.store.sqlite.failures import (
    FileGone,
    describe_failure,
    is_fault_of_statement,
    is_locked,
    leaves_doubt,
)
from duelcast.store.sqlite.paths import BESIDE, file_uri, is_empty

READERS = 4
LOCK_ATTEMPT_MS = 50
"""How long the writer waits for the lock within SQLite before it checks the deadlines of its writes and retries."""
CHECKPOINT_PAGES = 4_000
"""How many pages (of 4 KiB) the write-ahead log has before they are copied into the database, during a commit. The same
pages are written again and again, so a longer log makes for less copying."""
_FILE_MODE = 0o600


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

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def lease(self) -> None:
        """A file belongs to one server at a time."""

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def examine(self) -> None:
        self.check_unshared()
        await asyncio.to_thread(schema.check_takes, self.path)

    def is_new(self) -> bool:
        return not self.path.exists() or not self.path.stat().st_size

    async def check_version(self) -> None:
        self.find()
        await asyncio.to_thread(schema.check_version, self.path)

    async def migrate(self) -> Sequence[str]:
        self.hold()
        try:
            self.check_unshared()
            return await asyncio.to_thread(schema.migrate, self.path)
        finally:
            self.release()

    async def open(self) -> None:
        """Hold the file, and apply pending migrations. Raises `ConfigurationError`, for example if other users may
        write to the file."""
        self.hold()
        try:
            self.check_unshared()
            await asyncio.to_thread(schema.migrate, self.path)
        except BaseException:
            self.release()
            raise

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

    async def close(self) -> None:
        self.release()

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

    def check_idle(self) -> None:
        self.check()

    def room(self) -> Room:
        """The current room. Raises `OSError` if the file is gone."""
        disk = os.statvfs(self.path.parent)
        try:
            wal_bytes = os.stat(f"{self.path}-wal").st_size
        except FileNotFoundError:
            wal_bytes = 0
        return Room(os.stat(self.path).st_size, wal_bytes, disk.f_bavail * disk.f_frsize)

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────

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
        begin = "BEGIN IMMEDIATE" if writes else BEGIN_READ

        @event.listens_for(engine.sync_engine, "begin")
        def on_begin(connection: sqlalchemy.Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    async def _connect(self, *, writes: bool) -> Connection:
        # If another file had replaced ours, SQLite would open it, and copy our write-ahead log into it.
        self.check()
        wait_ms = min(self.busy_timeout_ms, LOCK_ATTEMPT_MS) if writes else self.busy_timeout_ms
        connection = Connection(file_uri(self.path), wait_ms=wait_ms, writes=writes)
        await connection
        pragmas = (
            "journal_mode=WAL",
            f"synchronous={self.synchronous}",
            f"wal_autocheckpoint={CHECKPOINT_PAGES}",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            f"query_only={'OFF' if writes else 'ON'}",
        )
        try:
            for pragma in pragmas:
                await connection.cursor().execute(f"PRAGMA {pragma}")
        except BaseException:
            await connection.close()  # or its thread would keep running
            raise
        return connection

    def epoch_mark(self) -> EpochFile:
        return EpochFile(self.path)

    @asynccontextmanager
    async def copy_source(self) -> AsyncIterator[SqliteSource]:
        await self.check_version()
        schema.check_complete(self.path)
        self.hold()
        try:
            with reading(self.path) as source:
                yield source
        finally:
            self.release()

    @asynccontextmanager
    async def copy_target(self) -> AsyncIterator[SqliteTarget]:
        with self._held_unused():
            yield SqliteTarget(self.path.resolve())

    @contextmanager
    def _held_unused(self) -> Iterator[None]:
        was_there = os.path.lexists(self.path)
        self.hold()
        try:
            self.check_unshared()
            schema.check_unused(self.path)
            yield
        finally:
            if not was_there and is_empty(self.path):
                self.path.unlink()
            self.release()

    # ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────

    def is_failure(self, error: Exception) -> bool:
        return isinstance(error, FileGone) or (isinstance(error, DBAPIError) and not is_fault_of_statement(error))

    def is_locked(self, error: Exception) -> bool:
        return is_locked(error)

    def leaves_doubt(self, error: Exception) -> bool:
        return leaves_doubt(error)

    def describe_failure(self, error: Exception) -> str:
        return describe_failure(error)

    def refusal(self, error: DBAPIError | OSError) -> ConfigurationError:
        return schema.refusal_of(self.path, error)

    def _identity_now(self) -> tuple[int, int]:
        status = os.stat(self.path)
        return status.st_dev, status.st_ino


if TYPE_CHECKING:
    _conforms: type[Backend] = SqliteFile

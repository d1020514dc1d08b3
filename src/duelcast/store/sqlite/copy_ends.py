"""An SQLite file as the source or the target of a copy.

Statements run in the thread of the event loop, because a copy has nothing else to do, and each takes only milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import JSON, Boolean, Table, delete, func, select
from sqlalchemy.dialects import sqlite

from duelcast.settings import ConfigurationError
from duelcast.store.atomic_write import sync, whole_file
from duelcast.store.copy_port import (
    BATCH_BYTES,
    BATCH_ROWS,
    STATE,
    Batch,
    CopySource,
    CopyTarget,
    Row,
    selection,
    state_of,
    text_of,
    violation,
)
from duelcast.store.epoch import Stored
from duelcast.store.portable_rows import number_in, size_of
from duelcast.store.sqlite.epoch_file import EpochFile
from duelcast.store.sqlite.failures import describe_failure
from duelcast.store.sqlite.paths import file_uri
from duelcast.store.sqlite.schema import migrate
from duelcast.store.statements import insertion
from duelcast.store.tables import FILLED_BY_MIGRATIONS

_DIALECT = sqlite.dialect()
_LAST_ID = "select seq from sqlite_sequence where name = ?"
# The file is discarded unless it is complete, so that nothing need be undone. Then it is synced to the disk.
_LOADING = ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "foreign_keys=ON", "cache_size=-65536")


class SqliteSource:
    """The file at `path`, opened by `connection` in a transaction."""

    place = "rowid"

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    async def state(self) -> Stored:
        with _explained(self._path):
            return state_of(self._connection.execute(STATE).fetchone())

    async def batches(self, table: Table) -> AsyncGenerator[Batch]:
        truths = [at for at, column in enumerate(table.columns, 1) if isinstance(column.type, Boolean)]
        jsons = [at for at, column in enumerate(table.columns, 1) if isinstance(column.type, JSON)]
        with _explained(self._path):
            found = self._connection.execute(text_of(selection(table, self.place), _DIALECT))
            for rows in _batched(found):
                if truths or jsons:
                    rows = [_typed(row, truths, jsons) for row in rows]
                yield Batch([row[0] for row in rows], [row[1:] for row in rows])

    async def last_id(self, table: Table) -> int:
        with _explained(self._path):
            if table.dialect_options["sqlite"]["autoincrement"]:
                query = self._connection.execute(_LAST_ID, (table.name,))
            else:
                query = self._connection.execute(str(select(func.max(table.c.id))))
            (last_id,) = query.fetchone() or (None,)
            return int(last_id or 0)

    async def disown(self) -> None:
        mark = EpochFile(self._path).path
        try:
            mark.unlink(missing_ok=True)
            sync(mark.parent)
        except OSError as error:
            raise ConfigurationError(f"The file {mark} cannot be deleted ({error.strerror}).") from None


class SqliteTarget:
    """The file at `path`, which a complete file replaces at the end of the transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection
        self.identity: Mapping[str, int | None] = dict.fromkeys(("cluster_id", "database_oid", "table_oid", "timeline"))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        with _explained(self._path), whole_file(self._path, replace=True) as made:
            migrate(made)
            with closing(_connect(made)) as self._connection:
                for pragma in _LOADING:
                    self._connection.execute(f"pragma {pragma}")
                self._connection.execute("begin")
                for table in FILLED_BY_MIGRATIONS:
                    self._connection.execute(str(delete(table)))
                yield
                self._connection.execute("commit")
                self._connection.execute("pragma journal_mode=WAL")

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        jsons = [at for at, column in enumerate(table.columns) if isinstance(column.type, JSON)]
        if jsons:
            rows = [_with_numbers(row, jsons) for row in rows]
        statement = insertion(table, *table.columns.keys())
        try:
            self._connection.executemany(str(statement.compile(dialect=_DIALECT)), rows)
        except sqlite3.IntegrityError:
            raise violation(table) from None

    async def set_last_id(self, table: Table, last_id: int) -> None:
        if last_id and table.dialect_options["sqlite"]["autoincrement"]:
            self._connection.execute("delete from sqlite_sequence where name = ?", (table.name,))
            self._connection.execute("insert into sqlite_sequence (name, seq) values (?, ?)", (table.name, last_id))


@contextmanager
def reading(path: Path) -> Iterator[SqliteSource]:
    """Open the file as a source."""
    with _explained(path), closing(_connect(path)) as connection:
        connection.text_factory = _text
        connection.execute("pragma query_only=ON")
        connection.execute("begin")
        yield SqliteSource(path, connection)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise ConfigurationError(f"The copy failed at the database {path}. {describe_failure(error)}") from None


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(file_uri(path), uri=True, isolation_level=None)


def _text(data: bytes) -> str | bytes:
    """A text; its bytes if it is not in UTF-8, so that the row can be named."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _batched(found: sqlite3.Cursor) -> Iterator[list[Row]]:
    rows, size_bytes = [], 0
    for row in found:
        rows.append(row)
        size_bytes += size_of(row)
        if len(rows) >= BATCH_ROWS or size_bytes >= BATCH_BYTES:
            yield rows
            rows, size_bytes = [], 0
    if rows:
        yield rows


def _typed(row: Row, truths: Sequence[int], jsons: Sequence[int]) -> Row:
    """A row with the truth values and JSON texts that SQLite stores as numbers."""
    values = list(row)
    for at in truths:
        if values[at] in (0, 1):
            values[at] = bool(values[at])
    for at in jsons:
        if isinstance(values[at], int | float):
            values[at] = repr(values[at])
    return tuple(values)


def _with_numbers(row: Row, jsons: Sequence[int]) -> Row:
    """A row with numbers in place of JSON texts of numbers, to which SQLite would convert them less exactly."""
    values = list(row)
    for at in jsons:
        text = values[at]
        number = number_in(text) if isinstance(text, str) else None
        if number is not None:
            values[at] = number
    return tuple(values)


if TYPE_CHECKING:
    _source: type[CopySource] = SqliteSource
    _target: type[CopyTarget] = SqliteTarget

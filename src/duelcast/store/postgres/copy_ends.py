"""A PostgreSQL database as the source or the target of a copy, in a session that has the claim to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import JSON, ColumnElement, LargeBinary, String, Table, cast, delete, func, literal, select
from sqlalchemy.dialects import postgresql

from duelcast.settings import ConfigurationError
from duelcast.store.copy_port import (
    BATCH_BYTES,
    BATCH_ROWS,
    IS_USED,
    STATE,
    Batch,
    CopySource,
    CopyTarget,
    Row,
    not_empty,
    selection,
    state_of,
    text_of,
    violation,
)
from duelcast.store.epoch import Stored
from duelcast.store.postgres.claim import Identity
from duelcast.store.postgres.failures import describe_failure
from duelcast.store.tables import FILLED_BY_MIGRATIONS

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy does not annotate it
_LAST_ID = "select pg_sequence_last_value(pg_get_serial_sequence($1, 'id')::regclass)"
_SEQUENCE = "select pg_get_serial_sequence($1, 'id')"
_USE_ID = "select nextval(pg_get_serial_sequence($1, 'id'))"
# A table has never the number 0, so that the next start finds another database than that of the last one.
_DISOWN = "update epochs set table_oid = 0"


class PostgresSource:
    """The database `name`, as `connection` sees it in a transaction."""

    place = "ctid"

    def __init__(self, name: str, connection: Any) -> None:
        self._name = name
        self._connection = connection
        self._transaction = connection.transaction(isolation="repeatable_read", readonly=True)

    async def begin(self) -> None:
        with _explained(self._name):
            await self._transaction.start()
            # Otherwise, two scans of a large table may begin at different rows.
            await self._connection.execute("set local synchronize_seqscans = off")

    async def state(self) -> Stored:
        with _explained(self._name):
            return state_of(await self._connection.fetchrow(STATE))

    async def batches(self, table: Table) -> AsyncGenerator[Batch]:
        with _explained(self._name):
            # The driver limits only the number of rows that it fetches, so their sizes are fetched first.
            sizes = await self._connection.cursor(text_of(select(_size_of(table)), _DIALECT))
            rows = await self._connection.cursor(text_of(selection(table, self.place), _DIALECT))
            while found := await sizes.fetch(BATCH_ROWS):
                for count in _counts(size_bytes for (size_bytes,) in found):
                    records = [tuple(record) for record in await rows.fetch(count)]
                    yield Batch([record[0] for record in records], [record[1:] for record in records])

    async def last_id(self, table: Table) -> int:
        with _explained(self._name):
            return int(await self._connection.fetchval(_LAST_ID, table.name) or 0)

    async def disown(self) -> None:
        with _explained(self._name):
            await self._transaction.rollback()
            await self._connection.execute(_DISOWN)


class PostgresTarget:
    """The database `name`, to which `connection` writes."""

    def __init__(self, name: str, connection: Any, identity: Identity) -> None:
        self._name = name
        self._connection = connection
        self.identity: Mapping[str, int | None] = identity._asdict()

    async def check_unused(self) -> None:
        with _explained(self._name):
            if await self._connection.fetchval(text_of(IS_USED, _DIALECT)):
                raise not_empty(self._name)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        transaction = self._connection.transaction()
        with _explained(self._name):
            await transaction.start()
            for table in FILLED_BY_MIGRATIONS:
                await self._connection.execute(str(delete(table)))
        try:
            yield
        except BaseException:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # it ends with the session, too
                await transaction.rollback()
            raise
        with _explained(self._name, "Run the command again: if the database is not empty then, the copy is complete."):
            await transaction.commit()

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        with _explained(self._name):
            try:
                await self._connection.copy_records_to_table(
                    table.name, columns=[column.name for column in table.columns], records=rows
                )
            except asyncpg.IntegrityConstraintViolationError:
                raise violation(table) from None

    async def set_last_id(self, table: Table, last_id: int) -> None:
        with _explained(self._name):
            if last_id:
                sequence = await self._connection.fetchval(_SEQUENCE, table.name)
                # `setval` would not be undone with the transaction.
                await self._connection.execute(f"alter sequence {sequence} restart with {last_id}")
                await self._connection.execute(_USE_ID, table.name)


def _size_of(table: Table) -> ColumnElement[int]:
    """The bytes of the texts and blobs of a row; they are read in the same order as the rows."""
    texts = [cast(column, String) for column in table.columns if isinstance(column.type, String | JSON)]
    blobs = [column for column in table.columns if isinstance(column.type, LargeBinary)]
    sizes = [func.coalesce(func.octet_length(value), 0) for value in (*texts, *blobs)]
    return sum(sizes, start=literal(0))


def _counts(sizes: Iterable[int]) -> Iterator[int]:
    """The numbers of successive rows that are fetched together."""
    count = batch_bytes = 0
    for size_bytes in sizes:
        count, batch_bytes = count + 1, batch_bytes + size_bytes
        if batch_bytes >= BATCH_BYTES:
            yield count
            count = batch_bytes = 0
    if count:
        yield count


@contextmanager
def _explained(name: str, advice: str = "") -> Iterator[None]:
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        reason = f"{describe_failure(error)} {advice}".rstrip()
        raise ConfigurationError(f"The copy failed at the database {name}. {reason}") from None


if TYPE_CHECKING:
    _source: type[CopySource] = PostgresSource
    _target: type[CopyTarget] = PostgresTarget

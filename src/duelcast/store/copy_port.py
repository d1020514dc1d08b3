"""The port to the two ends of a copy of a database. `store.sqlite` and `store.postgres` implement both ends;
`store.copying` connects them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ClauseElement, Dialect, Select, Table, exists, literal_column, or_, select

from duelcast.settings import ConfigurationError
from duelcast.store.epoch import Stored
from duelcast.store.tables import FILLED_BY_MIGRATIONS, epochs, leaders, metadata

BATCH_ROWS = 2_000
BATCH_BYTES = 1024 * 1024
"""A batch has at most `BATCH_ROWS` rows, and ends with the row that makes it reach about `BATCH_BYTES`."""

Row = tuple[object, ...]
"""The values of a row in the order of the table's columns: bool, int, float, str, bytes or None. JSON is text."""

COPIED = [table for table in metadata.sorted_tables if table is not leaders]
"""All tables but that of the leader: each database has a leader of its own, be it the copying process."""
IS_USED = select(
    or_(
        select(epochs.c.starts).scalar_subquery() > 0,
        *(exists().select_from(table) for table in COPIED if table not in FILLED_BY_MIGRATIONS),
    )
)
"""Whether a server was ever started on a database, or anything was stored in it."""
STATE = """
select starts, (select coalesce(sum(seq), 0) from channel_positions), cluster_id, database_oid, table_oid, timeline
from epochs
"""
"""The values for `state_of`."""


class Batch(NamedTuple):
    """Some rows of a table, each with the place where its database stores it (`CopySource.place`)."""

    places: Sequence[object]
    rows: Sequence[Row]


class CopySource(Protocol):
    """A database that no server uses meanwhile, as it was at one moment. Raises `ConfigurationError` if the database
    fails."""

    @property
    def place(self) -> str:
        """The name of the hidden column with the place of a row, such as `rowid`."""

    async def state(self) -> Stored:
        """The state that an `EpochMark` judges."""

    def batches(self, table: Table) -> AsyncGenerator[Batch]:
        """All rows of a table. They are read as they are needed."""

    async def last_id(self, table: Table) -> int:
        """The largest id that a table with generated ids ever used, as far as the database knows; 0 if none."""

    async def disown(self) -> None:
        """Let the next server that is started on this database begin a new epoch. Nothing is read afterwards."""


class CopyTarget(Protocol):
    """An unused database that no server uses meanwhile. Raises `ConfigurationError` if the database fails or refuses a
    row."""

    @property
    def identity(self) -> Mapping[str, int | None]:
        """The columns of `epochs` that identify the database."""

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Empty the tables that migrations fill, and commit everything that is written during the block at its end. If
        the block raises, or the process is killed, the database stays unused."""

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows. Tables that they refer to must be complete."""

    async def set_last_id(self, table: Table, last_id: int) -> None:
        """Let a table with generated ids generate only ids above `last_id`."""


def state_of(row: Sequence[Any]) -> Stored:
    """The state in a row of `STATE`."""
    starts, numbers, *identity = row
    return Stored(starts, int(numbers), None if None in identity else tuple(identity))


def violation(table: Table) -> ConfigurationError:
    """The error for a row that the target refuses."""
    return ConfigurationError(
        f"A row of `{table.name}` violates a constraint of its table. Correct the source, and copy again."
    )


def not_empty(name: object) -> ConfigurationError:
    """The error for a target that is in use, or was."""
    return ConfigurationError(f"The database {name} is not empty: name another one, or empty it first.")


def selection(table: Table, place: str) -> Select[Any]:
    """A query for the place and the values of all rows of a table."""
    return select(literal_column(place), *table.columns)


def text_of(statement: ClauseElement, dialect: Dialect) -> str:
    """A statement as the driver takes it."""
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))

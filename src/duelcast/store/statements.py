"""Helpers for statements: upserts (INSERT … ON CONFLICT DO UPDATE by the primary key, a syntax that SQLite and
PostgreSQL share), functions that execute a statement for many rows, in portions, and what else differs between the
databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Dialect, Executable, Integer, Table, Text, Update, bindparam, text
from sqlalchemy.dialects.postgresql import Insert, insert  # SQLite compiles its clauses, too
from sqlalchemy.ext.asyncio import AsyncConnection

ROWS_PER_STATEMENT = 500
"""Parameters are prepared on the event loop, which takes a few milliseconds for this many rows."""
ANSWER_TIMEOUT_OPTION = "answer_timeout_s"
"""An execution option: how long each further statement of the transaction may take, on databases that are reached over
a network."""
_LONG_S = 30.0
_LAST_ID = "select seq from sqlite_sequence where name = ?"

T = TypeVar("T")


def upsert(table: Table, *columns: str) -> Insert:
    """A statement that inserts a row or, if its key is stored, replaces `columns` (default: all but the key)."""
    statement = insert(table)
    names = columns or [column.name for column in table.columns if not column.primary_key]
    return _on_conflict(statement, table, {name: statement.excluded[name] for name in names})


def insert_new(table: Table) -> Insert:
    """A statement that inserts a row, unless a row with an equal key is stored."""
    return insert(table).on_conflict_do_nothing().inline()


async def execute_many(transaction: AsyncConnection, statement: Executable, rows: Iterable[Mapping[str, Any]]) -> None:
    """Execute `statement` for each of `rows`."""
    for some in portions(rows):
        await transaction.execute(statement, some)


async def write_rows(
    connection: AsyncConnection, statement: Insert | Update, rows: Iterable[tuple[object, ...]]
) -> int | None:
    """Execute `statement`, whose values are all parameters, for each of `rows`. Returns how many rows it wrote, or None
    if the driver does not count them.

    The values of a row are passed to the driver unchanged, and must be in the order in which the statement names them.
    Preparing them with SQLAlchemy would cost more than everything else that is done for a message."""
    compiled = _compiled(statement, connection.dialect)
    counts = [(await connection.exec_driver_sql(compiled, list(some))).rowcount for some in portions(rows)]
    return None if -1 in counts else sum(counts)


@cache
def _compiled(statement: Insert | Update, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))


def insertion(table: Table, *columns: str) -> Insert:
    """A statement for `write_rows` that inserts a row with these columns, which must be in the order of the table."""
    assert list(columns) == [column.name for column in table.columns if column.name in columns]
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    return insert(table).values(values).inline()  # without RETURNING, whose rows nobody would read


def upsertion(table: Table, *columns: str) -> Insert:
    """Like `insertion`, but if the key of a row is stored, the statement replaces these columns of the row."""
    statement = insertion(table, *columns)
    return _on_conflict(statement, table, {name: statement.excluded[name] for name in columns})


def sum_upsertion(table: Table, column: str) -> Insert:
    """Like `insertion` with all columns, but if the key of a row is stored, `column` is added to the stored value."""
    statement = insertion(table, *table.columns.keys())
    return _on_conflict(statement, table, {column: table.c[column] + statement.excluded[column]})


async def new_ids(transaction: AsyncConnection, table: Table, count: int) -> range:
    """Ids for `count` rows that the transaction is about to add to a table that never uses an id twice."""
    if transaction.dialect.name == "postgresql":
        return await _next_of_sequence(transaction, table, count)
    last = (await transaction.exec_driver_sql(_LAST_ID, (table.name,))).scalar() or 0
    return range(last + 1, last + 1 + count)


async def _next_of_sequence(transaction: AsyncConnection, table: Table, count: int) -> range:
    query = text(
        "select min(id), max(id) from (select nextval(pg_get_serial_sequence(:table, 'id')) as id"
        " from generate_series(1, :count)) as taken"
    ).bindparams(bindparam("table", type_=Text), bindparam("count", type_=Integer))
    if not count:
        return range(0)
    first, last = (await transaction.execute(query, {"table": table.name, "count": count})).one()
    # Only another user of the sequence could have taken one in between, and there is none while a server runs.
    assert last - first + 1 == count, "Somebody else takes ids."
    return range(first, last + 1)


async def allow_long_statements(transaction: AsyncConnection) -> None:
    """Let further statements of the transaction take long, because they read or write a whole contest."""
    await transaction.execution_options(**{ANSWER_TIMEOUT_OPTION: _LONG_S})


def portions(items: Iterable[T]) -> Iterator[Sequence[T]]:
    """`items` in sequences, each short enough for one statement."""
    return batched(items, ROWS_PER_STATEMENT)


def batched(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """`items` in sequences of at most `size`."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _on_conflict(statement: Insert, table: Table, changed: dict[str, ColumnElement[object]]) -> Insert:
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed)

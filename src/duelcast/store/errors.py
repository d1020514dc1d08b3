"""Errors of services. Equal errors that occur within a short time share a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

from msgspec import Struct, structs
from sqlalchemy import Select, delete, func, select

from duelcast.store.database import Transaction
from duelcast.store.statements import upsert
from duelcast.store.tables import error_records

ErrorLevel = Literal["debug", "info", "warning", "error", "critical"]


class ErrorRow(Struct, frozen=True):
    """A group of `count` equal errors. `id` is the time of the first error (epoch µs), increased if needed to be
    unique."""

    id: int
    service: str
    source: str
    level: ErrorLevel
    error: str
    details: dict[str, Any]
    count: int


class ErrorFilter(Struct, frozen=True):
    """Selects the errors that match every field that is not None."""

    service: str | None = None
    level: ErrorLevel | None = None


async def put_all(transaction: Transaction, rows: Sequence[ErrorRow]) -> None:
    """Store `rows`. If a row is already stored, only its count changes."""
    if rows:
        await transaction.execute(upsert(error_records, "count"), [structs.asdict(row) for row in rows])


async def find_ids(transaction: Transaction, ids: Collection[int]) -> set[int]:
    """The subset of `ids` that is stored; `ids` may have a few thousand members."""
    wanted = select(error_records.c.id).where(error_records.c.id.in_(ids))
    return set((await transaction.execute(wanted)).scalars())


async def newest(transaction: Transaction, wanted: ErrorFilter, limit: int) -> list[ErrorRow]:
    """At most `limit` rows that match `wanted`, newest first."""
    query = _that_fit(select(error_records), wanted).order_by(error_records.c.id.desc()).limit(limit)
    return [ErrorRow(**row) for row in (await transaction.execute(query)).mappings()]


async def count(transaction: Transaction, wanted: ErrorFilter) -> int:
    """How many rows match `wanted`."""
    return int((await transaction.execute(_that_fit(select(func.count()), wanted))).scalar_one())


async def last_id(transaction: Transaction) -> int:
    """The highest id; 0 if there is no row."""
    highest: int | None = (await transaction.execute(select(func.max(error_records.c.id)))).scalar()
    return highest or 0


async def nth_newest_id(transaction: Transaction, number: int) -> int:
    """The id of the `number`-th newest row; 0 if there are fewer."""
    wanted = select(error_records.c.id).order_by(error_records.c.id.desc()).offset(number - 1).limit(1)
    found: int | None = (await transaction.execute(wanted)).scalar()
    return found or 0


async def delete_before(transaction: Transaction, before_id: int, limit: int) -> int:
    """Delete at most `limit` rows with ids below `before_id`, oldest first; returns how many were deleted."""
    old = select(error_records.c.id).where(error_records.c.id < before_id).order_by(error_records.c.id).limit(limit)
    deleted = await transaction.execute(delete(error_records).where(error_records.c.id.in_(old)))
    return int(deleted.rowcount)


def _that_fit(query: Select[Any], wanted: ErrorFilter) -> Select[Any]:
    query = query.select_from(error_records)
    if wanted.service is not None:
        query = query.where(error_records.c.service == wanted.service)
    if wanted.level is not None:
        query = query.where(error_records.c.level == wanted.level)
    return query

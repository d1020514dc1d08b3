"""Requests that run once, with the first answer of each."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, delete, func, select, update

from duelcast.store.database import Transaction
from duelcast.store.statements import insert_new
from duelcast.store.tables import idempotent_requests

ROW_OVERHEAD_BYTES = 300
"""The approximate size of a row and its entries in the indices, without key and answer."""

_columns = idempotent_requests.c


class RequestName(NamedTuple):
    """The name that a caller gives a request; the same name within 24 h is the same request."""

    wallet: str
    source: str
    key: str


class RequestRow(Struct, frozen=True):
    """A request. `route` and `digest` are what was requested; `answer` is JSON, or None while it may be under way."""

    route: str
    digest: str
    answer: bytes | None


class Room(NamedTuple):
    """How many requests a wallet has stored, and their approximate size."""

    requests: int = 0
    size_bytes: int = 0


def size_of(name: RequestName, answer: bytes | None) -> int:
    """The approximate size of a stored request, in bytes."""
    return ROW_OVERHEAD_BYTES + len(name.key) + len(answer or b"")


async def find(transaction: Transaction, name: RequestName, since_ms: int) -> RequestRow | None:
    """The request that `name` was used for at `since_ms` or later."""
    query = select(_columns.route, _columns.digest, _columns.answer).where(_is(name), _columns.at_ms >= since_ms)
    row = (await transaction.execute(query)).first()
    return None if row is None else RequestRow(row.route, row.digest, row.answer)


async def add(transaction: Transaction, name: RequestName, row: RequestRow, at_ms: int, since_ms: int) -> bool:
    """Store a request, in the place of one that is older than `since_ms`. Returns False if there is a newer one."""
    await transaction.execute(delete(idempotent_requests).where(_is(name), _columns.at_ms < since_ms))
    values = name._asdict() | {"route": row.route, "digest": row.digest, "answer": row.answer, "at_ms": at_ms}
    return bool((await transaction.execute(insert_new(idempotent_requests).values(values))).rowcount)


async def set_answer(transaction: Transaction, name: RequestName, answer: bytes) -> None:
    """Store the answer of a request that was under way."""
    await transaction.execute(update(idempotent_requests).where(_is(name)).values(answer=answer))


async def remove(transaction: Transaction, name: RequestName) -> None:
    """Forget a request that had no effect."""
    await transaction.execute(delete(idempotent_requests).where(_is(name)))


async def delete_before(transaction: Transaction, before_ms: int, limit: int) -> dict[str, Room]:
    """Delete at most `limit` requests older than `before_ms`; returns what that frees, by wallet."""
    size = func.length(_columns.key) + func.coalesce(func.length(_columns.answer), 0)
    query = (
        select(_columns.id, _columns.wallet, size)
        .where(_columns.at_ms < before_ms)
        .order_by(_columns.at_ms)
        .limit(limit)
    )
    rows = (await transaction.execute(query)).all()
    freed: dict[str, Room] = {}
    for _, wallet, size_bytes in rows:
        requests, before_bytes = freed.get(wallet, Room())
        freed[wallet] = Room(requests + 1, before_bytes + ROW_OVERHEAD_BYTES + size_bytes)
    if rows:
        await transaction.execute(
            delete(idempotent_requests).where(_columns.id.in_([request_id for request_id, _, _ in rows]))
        )
    return freed


async def room_by_wallet(transaction: Transaction) -> dict[str, Room]:
    """The room that the stored requests of each wallet take."""
    size = func.sum(func.length(_columns.key) + func.coalesce(func.length(_columns.answer), 0))
    query = select(_columns.wallet, func.count(), size).group_by(_columns.wallet)
    return {
        wallet: Room(requests, int(size_bytes) + ROW_OVERHEAD_BYTES * requests)
        for wallet, requests, size_bytes in await transaction.execute(query)
    }


def _is(name: RequestName) -> ColumnElement[bool]:
    return and_(_columns.wallet == name.wallet, _columns.source == name.source, _columns.key == name.key)

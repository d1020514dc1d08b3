"""Domain events of contests, in the order of commits, for later processing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs
from sqlalchemy import insert, select

from duelcast.store.database import Transaction
from duelcast.store.statements import execute_many
from duelcast.store.tables import domain_events


class NewEvent(Struct, frozen=True, kw_only=True):
    """An event of a whole contest, or of one `wallet` in it. `data` is JSON."""

    kind: str
    contest_id: int
    wallet: str | None = None
    data: dict[str, Any]
    at_ms: int


class StoredEvent(Struct, frozen=True):
    """A stored event. Ids increase in the order of the commits."""

    id: int
    kind: str
    contest_id: int
    wallet: str | None
    data: dict[str, Any]
    at_ms: int


async def add_events(transaction: Transaction, events: Sequence[NewEvent]) -> None:
    """Store `events` in order."""
    await execute_many(transaction, insert(domain_events), map(structs.asdict, events))


async def events_after(transaction: Transaction, after_id: int, limit: int) -> list[StoredEvent]:
    """The first `limit` events after `after_id`."""
    query = select(domain_events).where(domain_events.c.id > after_id).order_by(domain_events.c.id).limit(limit)
    return [StoredEvent(**row) for row in (await transaction.execute(query)).mappings()]

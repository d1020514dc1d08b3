"""Tracked events for tests, as the server stores them."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import insert

from duelcast.store.database import Database, Transaction
from duelcast.store.tables import analytics_events


@dataclass(frozen=True, slots=True)
class Tracked:
    """`data` is JSON, the times are in epoch milliseconds."""

    wallet: str
    event: str
    received_ms: int
    event_id: UUID = field(default_factory=uuid4)
    data: str | None = None
    occurred_ms: int | None = None


async def add_tracked(database: Database, *events: Tracked) -> None:
    """Store events; their ids grow in the order given."""

    async def work(transaction: Transaction) -> None:
        for event in events:
            row = {
                "wallet": event.wallet,
                "event_id": event.event_id.bytes,
                "event": event.event,
                "data": event.data,
                "occurred_ms": event.occurred_ms,
                "received_ms": event.received_ms,
            }
            await transaction.execute(insert(analytics_events).values(row))

    await database.write(work)

"""Services that were defined over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, structs
from sqlalchemy import delete, select

from duelcast.store.database import Transaction
from duelcast.store.statements import upsert
from duelcast.store.tables import services


class ServiceRow(Struct, frozen=True):
    """A service; `definition` is JSON."""

    name: str
    definition: dict[str, Any]
    updated_ms: int
    updated_by: str


async def all_services(transaction: Transaction) -> Sequence[ServiceRow]:
    """All services, sorted by name."""
    rows = await transaction.execute(select(services).order_by(services.c.name))
    return [ServiceRow(**row) for row in rows.mappings()]


async def save_service(transaction: Transaction, service: ServiceRow) -> None:
    """Store the service, replacing any stored one with its name."""
    await transaction.execute(upsert(services), structs.asdict(service))


async def delete_service(transaction: Transaction, name: str) -> None:
    """Delete the service, if it exists."""
    await transaction.execute(delete(services).where(services.c.name == name))

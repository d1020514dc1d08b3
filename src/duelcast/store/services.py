"""Services that were defined over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, insert, select, update

from duelcast.store.database import Transaction
from duelcast.store.tables import services


class ServiceRow(Struct, frozen=True):
    """A service; `definition` is JSON."""

    name: str
    definition: dict[str, Any]
    updated_ms: int
    updated_by: str


async def all_services(transaction: Transaction) -> Sequence[ServiceRow]:
    """All services, by name."""
    rows = await transaction.execute(select(services).order_by(services.c.name))
    return [ServiceRow(**row) for row in rows.mappings()]


async def save_service(transaction: Transaction, service: ServiceRow) -> None:
    """Add the service, or replace the stored one."""
    values = {
        "definition": service.definition,
        "updated_ms": service.updated_ms,
        "updated_by": service.updated_by,
    }
    changed = await transaction.execute(update(services).where(services.c.name == service.name).values(**values))
    if not changed.rowcount:
        await transaction.execute(insert(services).values(name=service.name, **values))


async def delete_service(transaction: Transaction, name: str) -> None:
    """Delete the service, if it exists."""
    await transaction.execute(delete(services).where(services.c.name == name))

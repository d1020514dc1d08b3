"""The audit trail: rows are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import insert, select

from duelcast.store.database import Transaction
from duelcast.store.tables import audit


class AuditRow(Struct, frozen=True):
    """A privileged action. Ids increase with time."""

    id: int
    at_ms: int
    wallet: str
    role: int
    action: str
    target: str
    outcome: str
    details: dict[str, Any]


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Selects the actions that match every field that is not None. `from_ms` is inclusive, `to_ms` exclusive."""

    wallet: str | None = None
    action: str | None = None
    target: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


async def record(
    transaction: Transaction,
    *,
    at_ms: int,
    wallet: str,
    role: int,
    action: str,
    target: str,
    outcome: str,
    details: dict[str, Any],
) -> None:
    """Add an audit entry."""
    await transaction.execute(
        insert(audit).values(
            at_ms=at_ms, wallet=wallet, role=role, action=action, target=target, outcome=outcome, details=details
        )
    )


async def newest(
    transaction: Transaction, wanted: AuditFilter, *, limit: int, before_id: int | None = None
) -> Sequence[AuditRow]:
    """At most `limit` actions that match `wanted`, newest first; with `before_id`, only older ones."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    for column, value in ((audit.c.wallet, wanted.wallet), (audit.c.action, wanted.action)):
        if value is not None:
            query = query.where(column == value)
    if wanted.target is not None:
        query = query.where(audit.c.target == wanted.target)
    if wanted.from_ms is not None:
        query = query.where(audit.c.at_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        query = query.where(audit.c.at_ms < wanted.to_ms)
    rows = await transaction.execute(query)
    return [AuditRow(**row) for row in rows.mappings()]

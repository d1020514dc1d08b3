"""The audit trail (protocol §13)."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation
from msgspec import UNSET, Struct, UnsetType

from duelcast.channels.names import Role
from duelcast.domain.audit import AuditTrail
from duelcast.http.callers import admins_only
from duelcast.http.documents import problems
from duelcast.http.parameters import Count, NextCursor, cursor_parameter, time_parameter
from duelcast.store.audit import AuditFilter, AuditRow
from duelcast.wire.messages import Timestamp
from duelcast.wire.timestamps import format_time

MAX_ENTRIES = 500

TheAudit: TypeAlias = NamedDependency[SkipValidation[AuditTrail]]


class AuditEntry(Struct):
    """A privileged action in the audit trail."""

    id: int
    """The id of the entry; it grows with time."""
    timestamp: Timestamp
    """When the action took place."""
    wallet: str
    """The wallet of the person or machine that acted."""
    role: str
    """Their role at that time."""
    action: str
    """The kind of action, such as `users.put`."""
    target: str
    """The object of the action: a wallet, a symbol, or an id such as `contests/2`."""
    outcome: str
    """`ok`, `denied` if a right was missing, or `conflict` if somebody else was faster. For a command to a service, it
    may also be `failed`, `timeout`, or an error code in lower case."""
    details: dict[str, Any]
    """Further facts, which depend on the action."""


class AuditPage(Struct):
    """Entries, newest first."""

    data: list[AuditEntry]
    """The entries."""
    count: Count
    nextCursor: NextCursor | UnsetType = UNSET


@get(
    "/",
    summary="Privileged actions",
    response_description="The entries.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 429, 503),
)
async def list_audit_entries(
    audit: TheAudit,
    wallet: Annotated[str | None, QueryParameter(description="Actions of this wallet.")] = None,
    action: Annotated[str | None, QueryParameter(description="Actions of this kind, such as `users.put`.")] = None,
    target: Annotated[
        str | None, QueryParameter(description="Actions on this target: a wallet, a symbol or an id.")
    ] = None,
    from_: Annotated[
        str | None, QueryParameter(name="from", description="From this time on: ISO-8601 with an offset.")
    ] = None,
    to: Annotated[
        str | None, QueryParameter(name="to", description="Before this time: ISO-8601 with an offset.")
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_ENTRIES, description="At most this many.")] = 100,
    cursor: Annotated[str | None, QueryParameter(description="The `nextCursor` of the previous page.")] = None,
) -> AuditPage:
    """The matching entries, newest first. For admins."""
    rows = await audit.newest(
        AuditFilter(
            wallet=wallet,
            action=action,
            target=target,
            from_ms=_ms(time_parameter(from_, "from")),
            to_ms=_ms(time_parameter(to, "to")),
        ),
        limit=limit + 1,
        before_id=cursor_parameter(cursor),
    )
    page = rows[:limit]
    return AuditPage(
        data=[_entry(row) for row in page],
        count=len(page),
        nextCursor=str(page[-1].id) if len(rows) > limit else UNSET,
    )


def audit_router() -> Router:
    """Everything under `/audit`."""
    return Router("/audit", route_handlers=[list_audit_entries], tags=["Audit"])


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        timestamp=format_time(row.at_ms / 1000),
        wallet=row.wallet,
        role=Role(row.role).name.lower(),
        action=row.action,
        target=row.target,
        outcome=row.outcome,
        details=row.details,
    )


def _ms(epoch_s: float | None) -> int | None:
    return None if epoch_s is None else round(epoch_s * 1000)

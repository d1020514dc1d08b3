"""Messages about errors, and their channel (protocol §2, §7)."""

from __future__ import annotations

from typing import Any

from duelcast.channels.names import Family, Kind, Role
from duelcast.store.errors import ErrorLevel
from duelcast.wire.messages import Event, Record


class ErrorRecord(Record):
    """`count` equal errors of a service that occurred within 10 s. Secrets are removed from the texts."""

    id: int
    service: str
    source: str
    level: ErrorLevel
    error: str
    timestamp: str
    details: dict[str, Any]
    count: int


class ErrorAlert(Event, tag="error_alert"):
    """The first of equal errors, with `count` 1. If more follow within 10 s, an alert with the same `id` and the total
    count follows at the end of that time."""

    data: ErrorRecord


class RecentErrors(Event, tag="recent_errors"):
    """Errors, newest first. `totalErrors` is the number of records that match; `service` is the requested service, or
    null."""

    data: list[ErrorRecord]
    count: int
    totalErrors: int
    service: str | None


SYSTEM_ERRORS = Family(
    "system.errors",
    Kind.EVERY,
    (ErrorAlert,),
    "Errors of all services.",
    least_role=lambda _parameter: Role.ADMIN,
    is_urgent=True,
)

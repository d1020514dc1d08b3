"""Messages about errors, and their channel (protocol §2, §7)."""

from __future__ import annotations

from typing import Any

from duelcast.channels.names import Family, Kind, Role
from duelcast.store.errors import ErrorLevel
from duelcast.wire.messages import Event, Record, Timestamp


class ErrorRecord(Record):
    """Equal errors of a service that occurred within 10 seconds. Secrets are removed from the texts."""

    id: int
    """The id of the record."""
    service: str
    """The name of the service."""
    source: str
    """The part of the service that failed; the service itself if it named none."""
    level: ErrorLevel
    """How bad the error is."""
    error: str
    """What happened."""
    timestamp: Timestamp
    """When the first of the errors occurred."""
    details: dict[str, Any]
    """Further facts, as the service reported them."""
    count: int
    """How many equal errors the record stands for."""


class ErrorAlert(Event, tag="error_alert"):
    """The first of equal errors, with `count` 1. If more follow within 10 s, an alert with the same `id` and the total
    count follows at the end of that time."""

    data: ErrorRecord
    """The error."""


class RecentErrors(Event, tag="recent_errors"):
    """Errors, newest first."""

    data: list[ErrorRecord]
    """The errors."""
    count: int
    """How many errors `data` has."""
    totalErrors: int
    """How many records match the request."""
    service: str | None
    """The requested service; null if none was requested."""


SYSTEM_ERRORS = Family(
    "system.errors",
    Kind.EVERY,
    (ErrorAlert,),
    "Errors of all services.",
    least_role=lambda _parameter: Role.ADMIN,
    is_urgent=True,
)

"""Maintenance: the setting that keeps users from writing."""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, structs

from duelcast.domain.settings.errors import UnderMaintenance, ValidationFailed
from duelcast.wire.timestamps import parse_time

MAINTENANCE_KEY = "maintenance_mode"
RETRY_MS = 60_000
"""The time after which clients may try again if the end of maintenance is not known."""


class MaintenanceValue(Struct, frozen=True, forbid_unknown_fields=True):
    """The value of the setting. `until` is an ISO-8601 time with an offset, at which maintenance ends by itself."""

    enabled: bool
    message: Annotated[str, Meta(max_length=1_000)] | None = None
    until: str | None = None


class Maintenance(Struct, frozen=True, kw_only=True):
    """The state of maintenance: while it is enabled, only admins may write. Times are epoch seconds; `updated_at_s` and
    `updated_by` are None while no value is stored."""

    enabled: bool
    message: str | None = None
    until_s: float | None = None
    updated_at_s: float | None = None
    updated_by: str | None = None

    def at(self, now_s: float) -> Maintenance:
        """The state at `now_s`. Maintenance ends at `until_s`, whether or not its end is stored yet."""
        is_over = self.enabled and self.until_s is not None and now_s >= self.until_s
        return structs.replace(self, enabled=False) if is_over else self


def check_maintenance(value: Any) -> None:
    """Raise `ValidationFailed` if `until` is not a time; the declared type checks the rest."""
    until = msgspec.convert(value, MaintenanceValue).until
    if until is None:
        return
    try:
        parse_time(until)
    except ValueError:
        raise ValidationFailed(
            "`until` must be an ISO-8601 time with an offset, or null.", field="value.until"
        ) from None


def maintenance_of(value: Any, updated_at_s: float | None, updated_by: str | None) -> Maintenance:
    """The state of maintenance that `value`, the value of the setting, describes."""
    given = msgspec.convert(value, MaintenanceValue)
    return Maintenance(
        enabled=given.enabled,
        message=given.message,
        until_s=None if given.until is None else parse_time(given.until),
        updated_at_s=updated_at_s,
        updated_by=updated_by,
    )


def refusal_of(maintenance: Maintenance, now_s: float) -> UnderMaintenance | None:
    """The error for users who want to write, or None if they may write."""
    if not maintenance.enabled:
        return None
    until_s = maintenance.until_s
    retry_after_ms = RETRY_MS if until_s is None else max(1, math.ceil((until_s - now_s) * 1000))
    return UnderMaintenance(
        "The platform is under maintenance: you can only read. Try again later.", retry_after_ms=retry_after_ms
    )

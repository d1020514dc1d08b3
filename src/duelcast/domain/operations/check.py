"""The definition and the result of a check (protocol §13, `check` of a service)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct

CheckType = Literal["http", "tcp", "tls", "websocket", "postgres", "redis"]


class CheckDefinition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A check of a service."""

    type: CheckType
    """The kind of check."""
    url: Annotated[str, Meta(min_length=1, max_length=2_048)]
    """The address to check. It may contain a user name and a password, and is therefore never shown."""
    intervalMs: Annotated[int, Meta(ge=1_000, le=3_600_000)]
    """The time between two checks, in milliseconds."""
    timeoutMs: Annotated[int, Meta(ge=1, le=30_000)] = 5_000
    """A check that takes longer has failed, in milliseconds."""


class CheckResult(Struct, frozen=True):
    """The result of a check. `details` is a sentence in our own words; `metrics` has `status` for http and `days_left`
    for tls, and is empty otherwise."""

    healthy: bool
    latency_ms: float
    details: str
    metrics: dict[str, float] = {}


class Check(Protocol):
    """A check of one service, to be run any number of times."""

    async def run(self) -> CheckResult:
        """Run the check. It returns within the time-out, raises nothing but `CancelledError`, and leaves no socket or
        task behind."""


BuildCheck = Callable[[CheckDefinition], Check]
"""Makes the check that a definition describes.

Raises `errors.InvalidRequest` with field `check.url` if the URL does not fit the type of the check, or if the URL's
host may not be contacted.
"""

"""Settings of a breaker (protocol §13, `circuit_breaker` of a service)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=1, le=100_000)]
Percent = Annotated[float, Meta(gt=0, le=100)]


class BreakerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a breaker opens, and how it closes again."""

    failure_threshold: Count = 5
    """The breaker opens after this many failures in a row."""
    minimum_calls: Count = 10
    """The rates count only if the window has at least this many calls."""
    failure_rate_threshold: Percent = 50.0
    """The breaker opens if this percentage of the calls in the window has failed."""
    slow_call_ms: Annotated[float, Meta(gt=0, le=3_600_000)] | None = None
    """A call that takes longer is slow, in milliseconds; null means that no call is."""
    slow_call_rate_threshold: Percent = 100.0
    """The breaker opens if this percentage of the calls in the window was slow."""
    window_ms: Annotated[int, Meta(ge=1_000, le=86_400_000)] = 60_000
    """The window over which the rates are computed, in milliseconds."""
    reset_timeout_ms: Annotated[int, Meta(ge=100, le=86_400_000)] = 30_000
    """How long a breaker stays open before it becomes half open, in milliseconds."""
    max_reset_timeout_ms: Annotated[int, Meta(ge=100, le=86_400_000)] = 600_000
    """The longest time that a breaker stays open after repeated failures, in milliseconds."""
    backoff_multiplier: Annotated[float, Meta(ge=1, le=1_000)] = 2.0
    """After each failed attempt to close, the breaker stays open longer by this factor."""
    half_open_calls: Annotated[int, Meta(ge=1, le=1_000)] = 2
    """A half-open breaker lets this many calls through, and closes if all succeed."""
    half_open_timeout_ms: Annotated[int, Meta(ge=100, le=3_600_000)] = 10_000
    """A call through a half-open breaker counts as failed if it takes longer, in milliseconds."""

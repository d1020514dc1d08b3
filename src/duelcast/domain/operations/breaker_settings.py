"""Settings of a breaker (protocol §13, `circuit_breaker` of a service)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=1, le=100_000)]
Percent = Annotated[float, Meta(gt=0, le=100)]


class BreakerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a breaker opens, and how it closes again. If `slow_call_ms` is null, calls are never slow."""

    failure_threshold: Count = 5
    minimum_calls: Count = 10
    failure_rate_threshold: Percent = 50.0
    slow_call_ms: Annotated[float, Meta(gt=0, le=3_600_000)] | None = None
    slow_call_rate_threshold: Percent = 100.0
    window_ms: Annotated[int, Meta(ge=1_000, le=86_400_000)] = 60_000
    reset_timeout_ms: Annotated[int, Meta(ge=100, le=86_400_000)] = 30_000
    max_reset_timeout_ms: Annotated[int, Meta(ge=100, le=86_400_000)] = 600_000
    backoff_multiplier: Annotated[float, Meta(ge=1, le=1_000)] = 2.0
    half_open_calls: Annotated[int, Meta(ge=1, le=1_000)] = 2
    half_open_timeout_ms: Annotated[int, Meta(ge=100, le=3_600_000)] = 10_000

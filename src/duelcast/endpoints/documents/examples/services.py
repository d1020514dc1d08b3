"""The wallet service, whose breaker is open; circuit-breaker, monitor and skyduel show it."""

from __future__ import annotations

from duelcast.domain.operations import events
from duelcast.endpoints.documents.examples.story import before

OPENED = before(4)

BREAKER = events.BreakerRecord(
    status="open",
    is_open=True,
    details="Too many calls failed: none is let through for a while.",
    failures=5,
    failure_rate=62.5,
    last_failure=OPENED,
    last_success=before(31),
    opened_at=OPENED,
    next_attempt_at=before(-26),
    recovery_attempts=0,
    last_reset=None,
)
ALERT = events.Alert(
    id="f1b8c3ae-5f0d-4e0e-8f2c-6a2b7f0f9a10",
    type="circuit_open",
    severity="critical",
    message="The circuit breaker of `wallet` is open.",
)
METRICS: dict[str, float | None] = {
    "total": 48.0,
    "successful": 41.0,
    "failed": 7.0,
    "rejected": 3.0,
    "averageOperationTimeMs": 84.2,
    "p95OperationTimeMs": 210.5,
    "lastCheckMs": None,
}

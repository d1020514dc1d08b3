"""What is shown of a service: its status by the first rule that applies, its breaker, its figures, its layer."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from duelcast.clock import ManualClock
from duelcast.domain.operations import views
from duelcast.domain.operations.breaker import Breaker
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.check import CheckResult
from duelcast.domain.operations.monitored_service import Declaration, Service, Watching

SETTINGS = BreakerSettings(failure_threshold=2, reset_timeout_ms=5_000, half_open_calls=1)
ILL = CheckResult(healthy=False, latency_ms=1.0, details="It is ill.")
WELL = CheckResult(healthy=True, latency_ms=2.0, details="It is well.", metrics={"days_left": 12.0})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def made(clock: ManualClock, name: str = "a", *, guarded: bool = True, **declared: Any) -> Service:
    declaration = Declaration(
        name=name,
        kind="probe",
        layer="wallet",
        display_name="A service",
        settings={"check": {"type": "tcp"}},
        **declared,
    )
    return Service(
        declaration, clock, breaker=Breaker(clock, SETTINGS) if guarded else None, metrics=lambda: {"own": 1.0}
    )


def fail(service: Service, times: int = 1) -> None:
    assert service.breaker is not None
    for _ in range(times):
        service.breaker.record(False, 4.0)


def status_of(service: Service) -> str:
    """Another one each time, which a type checker does not expect of an attribute."""
    return service.status


# ── status ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_status_is_the_first_that_applies(clock: ManualClock) -> None:
    service = made(clock)
    assert status_of(service) == "unknown"
    assert service.breaker is not None
    service.breaker.record(True, 1.0)
    assert status_of(service) == "healthy"
    fail(service)
    assert status_of(service) == "degraded"
    service.last_check = ILL
    assert status_of(service) == "unhealthy"
    fail(service)
    assert status_of(service) == "circuit_open"
    await service.work.stop()
    assert status_of(service) == "stopped"


async def test_half_open_is_degraded(clock: ManualClock) -> None:
    service = made(clock)
    fail(service, 2)
    await clock.advance(5)
    assert status_of(service) == "degraded"
    service.last_check = ILL
    assert status_of(service) == "unhealthy"


def test_silence_and_failing_work_are_unhealthy(clock: ManualClock) -> None:
    class Failing(Watching):
        failure = "It stopped because of a defect."

    service = made(clock)
    service.last_check = WELL
    assert status_of(service) == "healthy"
    service.silent = True
    assert status_of(service) == "unhealthy"
    service.silent = False
    service.work = Failing(clock)
    assert status_of(service) == "unhealthy"


async def test_without_a_breaker_checks_alone_decide(clock: ManualClock) -> None:
    service = made(clock, guarded=False)
    assert status_of(service) == "unknown"
    service.last_check = WELL
    assert status_of(service) == "healthy"
    service.last_check = ILL
    assert status_of(service) == "unhealthy"


# ── breaker ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_breaker_as_it_goes_round(clock: ManualClock) -> None:
    service = made(clock)
    told = []

    def look() -> None:
        record = views.breaker_record(service)
        told.append((record.status, record.is_open, record.failures, record.failure_rate, record.recovery_attempts))

    look()
    fail(service)
    look()
    fail(service)
    look()
    await clock.advance(5)
    look()
    fail(service)
    look()
    await clock.advance(10)
    assert service.breaker is not None
    service.breaker.record(True, 1.0)
    look()
    assert told == [
        ("initializing", False, 0, None, 0),
        ("degraded", False, 1, 100.0, 0),
        ("open", True, 2, 100.0, 0),
        ("half_open", False, 2, 100.0, 0),
        ("open", True, 3, 100.0, 1),
        ("closed", False, 0, None, 0),
    ]


async def test_times_of_the_breaker_are_those_of_the_wire(clock: ManualClock) -> None:
    service = made(clock)
    assert service.breaker is not None
    service.breaker.record(True, 1.0)
    await clock.advance(1)
    fail(service, 2)
    record = views.breaker_record(service)
    assert (record.last_success, record.last_failure) == ("2027-01-15T08:00:00.000Z", "2027-01-15T08:00:01.000Z")
    assert (record.opened_at, record.next_attempt_at) == ("2027-01-15T08:00:01.000Z", "2027-01-15T08:00:06.000Z")
    service.breaker.reset()
    record = views.breaker_record(service)
    assert (record.last_reset, record.opened_at) == ("2027-01-15T08:00:01.000Z", None)


def test_a_service_without_a_breaker_shows_a_disabled_one(clock: ManualClock) -> None:
    record = views.breaker_record(made(clock, guarded=False))
    assert (record.status, record.is_open, record.failures, record.failure_rate) == ("disabled", False, 0, None)


# ── records ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_state_has_what_protocol_12_names(clock: ManualClock) -> None:
    service = made(clock, dependencies=("store",))
    fail(service)
    state = msgspec.to_builtins(views.state(service))
    assert list(state) == [
        "service",
        "displayName",
        "layer",
        "status",
        "circuit_breaker",
        "operations",
        "performance",
        "config",
        "dependencies",
        "updated_at",
    ]
    assert state["operations"] == {"total": 1, "successful": 0, "failed": 1, "rejected": 0}
    assert state["performance"] == {
        "averageOperationTimeMs": 4.0,
        "lastOperationTimeMs": 4.0,
        "p95OperationTimeMs": 4.0,
    }
    assert (state["config"], state["dependencies"]) == ({"check": {"type": "tcp"}}, ["store"])


def test_without_a_call_figures_are_unknown_and_not_zero(clock: ManualClock) -> None:
    for guarded in (True, False):
        performance = views.state(made(clock, guarded=guarded)).performance
        assert set(msgspec.to_builtins(performance).values()) == {None}


def test_an_update_is_the_state_with_its_cause_at_top_level(clock: ManualClock) -> None:
    service = made(clock)
    state = msgspec.to_builtins(views.state(service))
    plain = msgspec.to_builtins(views.service_update(service))
    assert plain == {"type": "service:update"} | state
    caused = views.service_update(service, previous="unhealthy", checked_by="admin", reset_by="system", removed=True)
    causes = {"previousStatus": "unhealthy", "checked_by": "admin", "reset_by": "system", "removed": True}
    assert msgspec.to_builtins(caused) == {"type": "service:update"} | state | causes


async def test_the_managed_service_has_what_protocol_12_names(clock: ManualClock) -> None:
    service = made(clock, dependencies=("store",), description="What it does", version="1.2")
    service.last_check = WELL
    await clock.advance(3)
    await service.work.stop()
    await service.work.start()
    fail(service, 2)
    managed = msgspec.to_builtins(views.managed(service, ["b", "c"]))
    metrics = managed.pop("metrics")
    assert managed == {
        "name": "a",
        "displayName": "A service",
        "description": "What it does",
        "version": "1.2",
        "kind": "probe",
        "layer": "wallet",
        "status": "circuit_open",
        "isRunning": True,
        "hasActiveCircuitBreaker": True,
        "dependencies": ["store"],
        "dependents": ["b", "c"],
        "commands": ["start", "stop", "restart", "reset_circuit_breaker", "health_check"],
        "lastUpdate": "2027-01-15T08:00:00.000Z",
        "startedAt": "2027-01-15T08:00:03.000Z",
        "restarts": 1,
    }
    assert metrics == {
        "total": 2,
        "successful": 0,
        "failed": 2,
        "rejected": 0,
        "averageOperationTimeMs": 4.0,
        "p95OperationTimeMs": 4.0,
        "lastCheckMs": 2.0,
        "days_left": 12.0,
        "own": 1.0,
    }
    assert msgspec.to_builtins(views.health(service))["metrics"] == metrics


def test_commands_are_those_that_have_an_effect(clock: ManualClock) -> None:
    assert made(clock, can_be_switched=False).commands == ("reset_circuit_breaker", "health_check")
    assert made(clock, guarded=False, can_be_switched=False).commands == ("health_check",)


@pytest.mark.parametrize(
    ("statuses", "layer"),
    [
        ("", "unknown"),
        ("unknown", "unknown"),
        ("unknown healthy", "operational"),
        ("healthy degraded", "warning"),
        ("healthy stopped unknown", "warning"),
        ("unknown degraded", "warning"),
        ("degraded unhealthy", "critical"),
        ("healthy circuit_open stopped", "critical"),
    ],
)
async def test_a_layer_is_as_bad_as_its_worst_service(clock: ManualClock, statuses: str, layer: str) -> None:
    services = []
    for number, status in enumerate(statuses.split()):
        service = made(clock, str(number))
        if status in ("degraded", "circuit_open"):
            fail(service, 1 if status == "degraded" else 2)
        elif status == "stopped":
            await service.work.stop()
        elif status != "unknown":
            service.last_check = WELL if status == "healthy" else ILL
        assert service.status == status
        services.append(service)
    shown = views.layer_update("wallet", services)
    assert shown.status == layer
    assert [member.status for member in shown.services] == statuses.split()

"""Services as others see them: their records (protocol §12), and their metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from msgspec import UNSET, structs
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily

from duelcast.domain.operations.breaker import Breaker
from duelcast.domain.operations.events import (
    Alert,
    BreakerRecord,
    BreakerStatus,
    BreakerSummary,
    CallCounts,
    LayerMember,
    LayerStatus,
    LayerUpdate,
    Performance,
    ServiceHealth,
    ServiceState,
    ServiceStatus,
    ServiceUpdate,
    SkyDuelService,
)
from duelcast.domain.operations.monitored_service import Service, Tally
from duelcast.domain.operations.transitions import BreakerState
from duelcast.wire.timestamps import format_time

_DETAILS: dict[BreakerStatus, str] = {
    "closed": "Calls are let through.",
    "degraded": "Calls are let through; the last one failed.",
    "open": "Too many calls failed: none is let through for a while.",
    "half_open": "A few calls are let through to test the service.",
    "initializing": "No call was made yet.",
    "disabled": "This service has no breaker.",
}


def state(service: Service) -> ServiceState:
    """The record of a service for users who depend on it."""
    declaration = service.declaration
    return ServiceState(
        service=declaration.name,
        displayName=declaration.display_name,
        layer=declaration.layer,
        status=service.status,
        circuit_breaker=breaker_record(service),
        operations=_operations(service.calls),
        performance=_performance(service.calls),
        config=dict(declaration.settings),
        dependencies=list(declaration.dependencies),
        updated_at=format_time(service.updated_at_s),
    )


def service_update(
    service: Service,
    *,
    previous: ServiceStatus | None = None,
    alert: Alert | None = None,
    checked_by: Literal["admin", "system"] | None = None,
    reset_by: Literal["admin", "system"] | None = None,
    removed: bool = False,
) -> ServiceUpdate:
    """The record of `state`, with the cause of its publication."""
    return ServiceUpdate(
        **structs.asdict(state(service)),
        previousStatus=UNSET if previous is None else previous,
        alert=UNSET if alert is None else alert,
        checked_by=UNSET if checked_by is None else checked_by,
        reset_by=UNSET if reset_by is None else reset_by,
        removed=True if removed else UNSET,
    )


def managed(service: Service, dependents: Sequence[str]) -> SkyDuelService:
    """The record of a service for those who manage it."""
    declaration = service.declaration
    started_at_s = service.work.started_at_s
    return SkyDuelService(
        name=declaration.name,
        displayName=declaration.display_name,
        description=declaration.description,
        version=declaration.version,
        kind=declaration.kind,
        layer=declaration.layer,
        status=service.status,
        isRunning=service.work.running,
        hasActiveCircuitBreaker=service.breaker is not None and service.breaker.state is not BreakerState.CLOSED,
        dependencies=list(declaration.dependencies),
        dependents=list(dependents),
        commands=list(service.commands),
        lastUpdate=format_time(service.updated_at_s),
        startedAt=None if started_at_s is None else format_time(started_at_s),
        restarts=service.work.restarts,
        metrics=_metrics(service),
    )


def health(service: Service) -> ServiceHealth:
    """The record of a service for the endpoint `monitor`."""
    return ServiceHealth(status=service.status, metrics=_metrics(service), updated_at=format_time(service.updated_at_s))


def layer_update(layer: str, services: Iterable[Service]) -> LayerUpdate:
    """A layer with its services."""
    members = [
        LayerMember(service=service.name, status=service.status, circuit_breaker=_summary(service))
        for service in services
    ]
    return LayerUpdate(layer=layer, status=_layer_status({member.status for member in members}), services=members)


def breaker_record(service: Service) -> BreakerRecord:
    """The record of a service's breaker; if the service has none, the record says so."""
    status = service.breaker_status
    breaker = service.breaker
    if breaker is None:
        return BreakerRecord(
            status=status,
            is_open=False,
            details=_DETAILS[status],
            failures=0,
            failure_rate=None,
            last_failure=None,
            last_success=None,
            opened_at=None,
            next_attempt_at=None,
            recovery_attempts=0,
            last_reset=None,
        )
    return BreakerRecord(
        status=status,
        is_open=breaker.state is BreakerState.OPEN,
        details=_DETAILS[status],
        failures=breaker.failures_in_row,
        failure_rate=round(breaker.failure_rate, 2) if breaker.calls else None,
        last_failure=_time(breaker.last_failure_s),
        last_success=_time(breaker.last_success_s),
        opened_at=_time(breaker.opened_at_s),
        next_attempt_at=_time(breaker.next_attempt_at_s),
        recovery_attempts=breaker.recovery_attempts,
        last_reset=_time(breaker.last_reset_s),
    )


def service_metrics(
    services: Iterable[Service], transitions: Mapping[tuple[str, BreakerState], int]
) -> Iterable[Metric]:
    """Metrics for Prometheus: the state of each service and breaker, the calls, the durations of checks, and
    `transitions`, which counts the transitions of breakers by service and new state."""
    status = GaugeMetricFamily(
        "duelcast_service_status", "1 for the current status of a service.", labels=["service", "status"]
    )
    breaker = GaugeMetricFamily(
        "duelcast_breaker_state", "1 for the current state of a breaker.", labels=["service", "state"]
    )
    calls = CounterMetricFamily(
        "duelcast_service_calls", "Calls of services, by outcome.", labels=["service", "outcome"]
    )
    checks = SummaryMetricFamily(
        "duelcast_service_check_seconds", "How long the checks of services took.", labels=["service"]
    )
    for service in services:
        name, now = service.name, service.status
        for one in get_args(ServiceStatus):
            status.add_metric([name, one], one == now)
        if service.breaker is not None:
            for state in BreakerState:
                breaker.add_metric([name, state.value], state is service.breaker.state)
        for outcome in ("successful", "failed", "rejected"):
            calls.add_metric([name, outcome], getattr(service.calls, outcome))
        checks.add_metric([name], service.checks, service.checks_s)
    turns = CounterMetricFamily(
        "duelcast_breaker_transitions", "Transitions of breakers, by new state.", labels=["service", "state"]
    )
    for (name, state), count in transitions.items():
        turns.add_metric([name, state.value], count)
    yield from (status, breaker, calls, checks, turns)


def _summary(service: Service) -> BreakerSummary:
    breaker = service.breaker
    return BreakerSummary(
        status=service.breaker_status, is_open=breaker is not None and breaker.state is BreakerState.OPEN
    )


def _operations(calls: Breaker | Tally) -> CallCounts:
    return CallCounts(total=calls.total, successful=calls.successful, failed=calls.failed, rejected=calls.rejected)


def _performance(calls: Breaker | Tally) -> Performance:
    return Performance(
        averageOperationTimeMs=_rounded(calls.durations.average_ms),
        lastOperationTimeMs=_rounded(calls.durations.last_ms),
        p95OperationTimeMs=_rounded(calls.durations.p95_ms),
    )


def _metrics(service: Service) -> dict[str, float | None]:
    """The figures that every service has, then those of the last check, then the service's own."""
    operations, performance = _operations(service.calls), _performance(service.calls)
    shown: dict[str, float | None] = {
        **structs.asdict(operations),
        "averageOperationTimeMs": performance.averageOperationTimeMs,
        "p95OperationTimeMs": performance.p95OperationTimeMs,
        "lastCheckMs": None if service.last_check is None else _rounded(service.last_check.latency_ms),
    }
    if service.last_check is not None:
        shown |= service.last_check.metrics
    return shown | dict(service.own_metrics())


def _layer_status(statuses: set[ServiceStatus]) -> LayerStatus:
    if statuses & {"circuit_open", "unhealthy"}:
        return "critical"
    if statuses & {"degraded", "stopped"}:
        return "warning"
    return "operational" if "healthy" in statuses else "unknown"


def _rounded(duration_ms: float | None) -> float | None:
    return None if duration_ms is None else round(duration_ms, 3)


def _time(epoch_s: float | None) -> str | None:
    return None if epoch_s is None else format_time(epoch_s)

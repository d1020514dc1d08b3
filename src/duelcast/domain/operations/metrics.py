"""Services and breakers for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily

from duelcast.domain.operations.events import ServiceStatus
from duelcast.domain.operations.health import Health
from duelcast.domain.operations.registry import Registry
from duelcast.domain.operations.transitions import BreakerState


class OperationsMetrics:
    """The state of each service and breaker, transitions of breakers, calls, and durations of checks."""

    def __init__(self, registry: Registry, health: Health) -> None:
        self._registry = registry
        self._health = health

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        status = GaugeMetricFamily(
            "duelcast_service_status", "1 for the status that a service has.", labels=["service", "status"]
        )
        breaker = GaugeMetricFamily(
            "duelcast_breaker_state", "1 for the state that a breaker has.", labels=["service", "state"]
        )
        calls = CounterMetricFamily(
            "duelcast_service_calls", "Calls of services, by outcome.", labels=["service", "outcome"]
        )
        checks = SummaryMetricFamily(
            "duelcast_service_check_seconds", "How long the checks of services took.", labels=["service"]
        )
        for service in self._registry:
            name, now = service.name, service.status
            for one in get_args(ServiceStatus):
                status.add_metric([name, one], one == now)
            if service.breaker is not None:
                for state in BreakerState:
                    breaker.add_metric([name, state.value], state is service.breaker.state)
            for outcome in ("successful", "failed", "rejected"):
                calls.add_metric([name, outcome], getattr(service.calls, outcome))
            checks.add_metric([name], service.checks, service.checks_s)
        transitions = CounterMetricFamily(
            "duelcast_breaker_transitions", "Transitions of breakers, by new state.", labels=["service", "state"]
        )
        for (name, state), count in self._health.transitions.items():
            transitions.add_metric([name, state.value], count)
        yield from (status, breaker, calls, checks, transitions)

"""Calls of the wallet service fail, and its breaker opens."""

from __future__ import annotations

from msgspec.structs import asdict

from duelcast.domain.operations import events
from duelcast.endpoints import circuit_breaker
from duelcast.endpoints.documents.examples.services import ALERT, BREAKER, OPENED
from duelcast.endpoints.documents.examples.story import Examples

_WALLET = events.ServiceState(
    service="wallet",
    displayName="Wallet gateway",
    layer="wallet",
    status="circuit_open",
    circuit_breaker=BREAKER,
    operations=events.CallCounts(total=48, successful=41, failed=7, rejected=3),
    performance=events.Performance(averageOperationTimeMs=84.2, lastOperationTimeMs=130.0, p95OperationTimeMs=210.5),
    config={"silentAfterMs": 60_000},
    dependencies=["store"],
    updated_at=OPENED,
)

EXAMPLES = Examples(
    said=[
        circuit_breaker.Welcome(
            capabilities=circuit_breaker.Capabilities(
                subscribe=True, healthCheck=True, resetCircuitBreaker=False, adminAccess=False
            ),
            channels=circuit_breaker.Channels(
                all="services",
                layers=["data", "contest", "wallet", "infrastructure"],
                services=["store", "broker", "wallet"],
            ),
        ),
        circuit_breaker.SubscribeAll(),
        circuit_breaker.SubscribeServices(),
        circuit_breaker.SubscribeLayer(layer="wallet"),
        circuit_breaker.SubscribeService(service="wallet"),
        circuit_breaker.HealthCheck(service="wallet"),
        circuit_breaker.HealthCheckResult(
            service="wallet", healthy=False, status="circuit_open", latency_ms=212.4, circuit_breaker=BREAKER
        ),
        circuit_breaker.ResetCircuitBreaker(service="wallet"),
        circuit_breaker.CircuitBreakerResetResult(
            service="wallet", success=True, status="closed", details="The breaker is closed."
        ),
    ],
    pushed={
        "services": [
            circuit_breaker.ServicesState(services=[_WALLET]),
        ],
        "service.wallet": [
            events.ServiceUpdate(**asdict(_WALLET), previousStatus="degraded", alert=ALERT),
        ],
        "layer.wallet": [
            events.LayerUpdate(
                layer="wallet",
                status="critical",
                services=[
                    events.LayerMember(
                        service="wallet",
                        status="circuit_open",
                        circuit_breaker=events.BreakerSummary(status="open", is_open=True),
                    )
                ],
            )
        ],
        "alerts": [events.ServiceAlert(service="wallet", alert=ALERT, circuit_breaker=BREAKER)],
    },
)

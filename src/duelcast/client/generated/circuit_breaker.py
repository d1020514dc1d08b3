"""The messages of `circuit-breaker`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from ..messages import Command, Message
from .common import (
    AuthSuccess,
    ConnectionEstablished,
    ErrorEvent,
    HeartbeatAck,
    Pong,
    SessionUpdated,
    SubscriptionConfirmed,
    SubscriptionList,
    UnsubscriptionConfirmed,
)
from .records import (
    Alert,
    BreakerRecord,
    CallCounts,
    Channels,
    CircuitBreakerCapabilities,
    LayerMember,
    Performance,
    ServiceState,
)


class CircuitBreakerResetResult(Message, frozen=True, kw_only=True, tag="service:circuit_breaker_reset_result"):
    """The breaker is closed."""

    service: str
    success: bool
    status: str
    """Known values: `closed`, `degraded`, `disabled`, `half_open`, `initializing`, `open`."""
    details: str
    timestamp: str


class CircuitBreakerWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    capabilities: CircuitBreakerCapabilities
    channels: Channels
    timestamp: str


class HealthCheckResult(Message, frozen=True, kw_only=True, tag="service:health_check_result"):
    """The result of a check. If the service is unhealthy, that too is sent as a result, not as an error."""

    service: str
    healthy: bool
    status: str
    """Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`, `unknown`."""
    latency_ms: float
    circuit_breaker: BreakerRecord
    timestamp: str


class LayerUpdate(Message, frozen=True, kw_only=True, tag="layer:status"):
    """A layer with its services. `status` is `critical` if a service is `circuit_open` or `unhealthy`, otherwise
    `warning` if a service is `degraded` or `stopped`. It is `unknown` if there are no services or all are
    `unknown`, and otherwise `operational`."""

    layer: str
    status: str
    """Known values: `critical`, `operational`, `unknown`, `warning`."""
    services: list[LayerMember]
    channel: str
    seq: int
    timestamp: str


class ServiceAlert(Message, frozen=True, kw_only=True, tag="service:alert"):
    """A breaker or the health of a service changed."""

    service: str
    alert: Alert
    circuit_breaker: BreakerRecord
    channel: str
    seq: int
    timestamp: str


class ServiceUpdate(Message, frozen=True, kw_only=True, tag="service:update"):
    """The new state of a service. If `removed` is true, the service no longer exists."""

    service: str
    displayName: str
    layer: str
    status: str
    """Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`, `unknown`."""
    circuit_breaker: BreakerRecord
    operations: CallCounts
    performance: Performance
    config: dict[str, Any]
    dependencies: list[str]
    updated_at: str
    previousStatus: str | None = None
    """Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`, `unknown`."""
    alert: Alert | None = None
    checked_by: str | None = None
    """Known values: `admin`, `system`."""
    reset_by: str | None = None
    """Known values: `admin`, `system`."""
    removed: bool | None = None
    channel: str
    seq: int
    timestamp: str


class ServicesState(Message, frozen=True, kw_only=True, tag="services:state"):
    """All services."""

    services: list[ServiceState]
    timestamp: str


class CircuitBreakerSubscribeService(
    Command[SubscriptionConfirmed], frozen=True, kw_only=True, tag="subscribe:service"
):
    """Follows a service."""

    service: str
    """1 to 64 of a-z 0-9 _ -"""


class HealthCheck(Command[HealthCheckResult], frozen=True, kw_only=True, tag="service:health_check"):
    """Checks a service. A recent result is returned instead of a new check: for admins one up to 1 s old, for
    everybody else one up to 10 s old."""

    service: str
    """1 to 64 of a-z 0-9 _ -"""


class ResetCircuitBreaker(
    Command[CircuitBreakerResetResult], frozen=True, kw_only=True, tag="service:reset_circuit_breaker"
):
    """Closes the breaker at once, so that calls are let through again."""

    service: str
    """1 to 64 of a-z 0-9 _ -"""


class SubscribeAll(Command[SubscriptionConfirmed], frozen=True, kw_only=True, tag="subscribe_all"):
    """Follows all services."""


class SubscribeLayer(Command[SubscriptionConfirmed], frozen=True, kw_only=True, tag="subscribe:layer"):
    """Follows a layer."""

    layer: str
    """1 to 64 of a-z 0-9 _ -"""


class SubscribeServices(Command[SubscriptionConfirmed], frozen=True, kw_only=True, tag="subscribe:services"):
    """Another name for `subscribe_all`."""


CircuitBreakerMessage: TypeAlias = (
    SubscriptionConfirmed
    | HealthCheckResult
    | CircuitBreakerResetResult
    | HeartbeatAck
    | Pong
    | UnsubscriptionConfirmed
    | SubscriptionList
    | AuthSuccess
    | CircuitBreakerWelcome
    | ServicesState
    | ConnectionEstablished
    | SessionUpdated
    | ErrorEvent
    | ServiceUpdate
    | LayerUpdate
    | ServiceAlert
)


MESSAGES: dict[str, type[Message]] = {
    "subscription_confirmed": SubscriptionConfirmed,
    "service:health_check_result": HealthCheckResult,
    "service:circuit_breaker_reset_result": CircuitBreakerResetResult,
    "heartbeat_ack": HeartbeatAck,
    "pong": Pong,
    "unsubscription_confirmed": UnsubscriptionConfirmed,
    "subscriptions": SubscriptionList,
    "auth_success": AuthSuccess,
    "welcome": CircuitBreakerWelcome,
    "services:state": ServicesState,
    "connection_established": ConnectionEstablished,
    "session_updated": SessionUpdated,
    "error": ErrorEvent,
    "service:update": ServiceUpdate,
    "layer:status": LayerUpdate,
    "service:alert": ServiceAlert,
}
"""The messages of the server on `circuit-breaker`, by `type`."""

"""The messages of `circuit-breaker`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from ..messages import Command, Message
from .common import (
    Authenticate as Authenticate,
    AuthSuccess as AuthSuccess,
    ConnectionEstablished as ConnectionEstablished,
    ErrorEvent as ErrorEvent,
    GetSubscriptions as GetSubscriptions,
    Heartbeat as Heartbeat,
    HeartbeatAck as HeartbeatAck,
    Ping as Ping,
    Pong as Pong,
    SessionUpdated as SessionUpdated,
    Subscribe as Subscribe,
    SubscriptionConfirmed as SubscriptionConfirmed,
    SubscriptionList as SubscriptionList,
    Unsubscribe as Unsubscribe,
    UnsubscriptionConfirmed as UnsubscriptionConfirmed,
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
    """The name of the service."""
    success: bool
    """Always true."""
    status: str
    """The status of the breaker. Known values: `closed`, `degraded`, `disabled`, `half_open`, `initializing`,
    `open`."""
    details: str
    """A sentence about the result."""
    timestamp: str


class CircuitBreakerWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    capabilities: CircuitBreakerCapabilities
    """The rights of this connection."""
    channels: Channels
    """The targets that may be followed."""
    timestamp: str


class HealthCheckResult(Message, frozen=True, kw_only=True, tag="service:health_check_result"):
    """The result of a check. If the service is unhealthy, that too is sent as a result, not as an error."""

    service: str
    """The name of the service."""
    healthy: bool
    """Whether the check found that the service works."""
    status: str
    """The state of the service. Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`,
    `unknown`."""
    latency_ms: float
    """How long the check took, in milliseconds."""
    circuit_breaker: BreakerRecord
    """The breaker of the service."""
    timestamp: str


class LayerUpdate(Message, frozen=True, kw_only=True, tag="layer:status"):
    """A layer with its services."""

    layer: str
    """The name of the layer."""
    status: str
    """`critical` if a service is `circuit_open` or `unhealthy`, else `warning` if one is `degraded` or `stopped`,
    else `unknown` if there is none or all are unknown, else `operational`. Known values: `critical`,
    `operational`, `unknown`, `warning`."""
    services: list[LayerMember]
    """The services of the layer."""
    channel: str
    seq: int
    timestamp: str


class ServiceAlert(Message, frozen=True, kw_only=True, tag="service:alert"):
    """A breaker or the health of a service changed."""

    service: str
    """The name of the service."""
    alert: Alert
    """The kind of change."""
    circuit_breaker: BreakerRecord
    """The breaker of the service."""
    channel: str
    seq: int
    timestamp: str


class ServiceUpdate(Message, frozen=True, kw_only=True, tag="service:update"):
    """The new state of a service."""

    service: str
    """The name of the service."""
    displayName: str
    """The name for people."""
    layer: str
    """The layer of the service, such as `data`."""
    status: str
    """The state of the service, of which the first that applies is given: `stopped`, `circuit_open`, `unhealthy`,
    `degraded`, `unknown`, `healthy`. Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`,
    `unknown`."""
    circuit_breaker: BreakerRecord
    """The breaker of the service."""
    operations: CallCounts
    """The calls of the service since the start."""
    performance: Performance
    """How long calls took."""
    config: dict[str, Any]
    """The public part of the service's configuration, without URLs."""
    dependencies: list[str]
    """The names of the services that this one depends on."""
    updated_at: str
    """When the state last changed."""
    previousStatus: str | None = None
    """The state before; absent if it is the same. Known values: `circuit_open`, `degraded`, `healthy`, `stopped`,
    `unhealthy`, `unknown`."""
    alert: Alert | None = None
    """The alert that was raised by this change; absent if there was none."""
    checked_by: str | None = None
    """The role that had the service checked; absent unless a check caused this message. Known values: `admin`,
    `system`."""
    reset_by: str | None = None
    """The role that closed the breaker; absent unless that caused this message. Known values: `admin`, `system`."""
    removed: bool | None = None
    """True if the service no longer exists; otherwise absent."""
    channel: str
    seq: int
    timestamp: str


class ServicesState(Message, frozen=True, kw_only=True, tag="services:state"):
    """All services."""

    services: list[ServiceState]
    """The services."""
    timestamp: str


class CircuitBreakerSubscribeService(
    Command[SubscriptionConfirmed, Literal["circuit-breaker"]], frozen=True, kw_only=True, tag="subscribe:service"
):
    """Follows a service."""

    service: str
    """The name of the service. 1 to 64 of a-z 0-9 _ -"""


class HealthCheck(
    Command[HealthCheckResult, Literal["circuit-breaker"]], frozen=True, kw_only=True, tag="service:health_check"
):
    """Checks a service. A recent result is returned instead of a new check: for admins one up to 1 s old, for
    everybody else one up to 10 s old."""

    service: str
    """The name of the service. 1 to 64 of a-z 0-9 _ -"""


class ResetCircuitBreaker(
    Command[CircuitBreakerResetResult, Literal["circuit-breaker"]],
    frozen=True,
    kw_only=True,
    tag="service:reset_circuit_breaker",
):
    """Closes the breaker at once, so that calls are let through again."""

    service: str
    """The name of the service. 1 to 64 of a-z 0-9 _ -"""


class SubscribeAll(
    Command[SubscriptionConfirmed, Literal["circuit-breaker"]], frozen=True, kw_only=True, tag="subscribe_all"
):
    """Follows all services."""


class SubscribeLayer(
    Command[SubscriptionConfirmed, Literal["circuit-breaker"]], frozen=True, kw_only=True, tag="subscribe:layer"
):
    """Follows a layer."""

    layer: str
    """The name of the layer. 1 to 64 of a-z 0-9 _ -"""


class SubscribeServices(
    Command[SubscriptionConfirmed, Literal["circuit-breaker"]], frozen=True, kw_only=True, tag="subscribe:services"
):
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

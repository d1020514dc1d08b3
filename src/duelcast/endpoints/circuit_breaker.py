"""Services and their circuit breakers (protocol §6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from duelcast.channels.names import Channel, Group, Role
from duelcast.domain.audit import Actor
from duelcast.domain.operations import views
from duelcast.domain.operations.commands import Commands
from duelcast.domain.operations.errors import InvalidService
from duelcast.domain.operations.events import (
    ALERTS,
    LAYER,
    SERVICE,
    BreakerRecord,
    BreakerStatus,
    Name,
    ServiceState,
    ServiceStatus,
)
from duelcast.domain.operations.health import MIN_CHECK_INTERVAL_S, RECENT_CHECK_S, Health
from duelcast.domain.operations.monitored_service import Service
from duelcast.domain.operations.registry import Registry
from duelcast.endpoints.common import SubscriptionConfirmed
from duelcast.endpoints.context import Context, Join, Snapshot
from duelcast.endpoints.kit import KIB, Auth, Endpoint
from duelcast.wire.messages import Command, Event

ALL_SERVICES = "services"


endpoint = Endpoint(
    "circuit-breaker",
    "The health of services, and the state of their circuit breakers.",
    auth=Auth.TOKEN,
    max_message_bytes=64 * KIB,
    messages_per_minute=120,
)


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Capabilities(Struct):
    """The rights of this connection."""

    subscribe: bool
    """Whether it may follow services."""
    healthCheck: bool
    """Whether it may have services checked."""
    resetCircuitBreaker: bool
    """Whether it may close breakers."""
    adminAccess: bool
    """Whether it has the rights of an admin."""


class Channels(Struct):
    """The targets that may be followed."""

    all: str
    """The name of the group of all services."""
    layers: list[str]
    """The names of the layers."""
    services: list[str]
    """The names of the services."""


class Welcome(Event, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    capabilities: Capabilities
    """The rights of this connection."""
    channels: Channels
    """The targets that may be followed."""


class ServicesState(Event, tag="services:state"):
    """All services."""

    services: list[ServiceState]
    """The services."""


class SubscribeAll(Command, tag="subscribe_all"):
    """Follows all services."""


class SubscribeServices(Command, tag="subscribe:services"):
    """Another name for `subscribe_all`."""


class SubscribeLayer(Command, tag="subscribe:layer"):
    """Follows a layer."""

    layer: Name
    """The name of the layer."""


class SubscribeService(Command, tag="subscribe:service"):
    """Follows a service."""

    service: Name
    """The name of the service."""


class HealthCheck(Command, tag="service:health_check"):
    """Checks a service. A recent result is returned instead of a new check: for admins one up to 1 s old, for everybody
    else one up to 10 s old."""

    service: Name
    """The name of the service."""


class HealthCheckResult(Event, tag="service:health_check_result"):
    """The result of a check. If the service is unhealthy, that too is sent as a result, not as an error."""

    service: str
    """The name of the service."""
    healthy: bool
    """Whether the check found that the service works."""
    status: ServiceStatus
    """The state of the service."""
    latency_ms: float
    """How long the check took, in milliseconds."""
    circuit_breaker: BreakerRecord
    """The breaker of the service."""


class ResetCircuitBreaker(Command, tag="service:reset_circuit_breaker"):
    """Closes the breaker at once, so that calls are let through again."""

    service: Name
    """The name of the service."""


class CircuitBreakerResetResult(Event, tag="service:circuit_breaker_reset_result"):
    """The breaker is closed."""

    service: str
    """The name of the service."""
    success: Literal[True]
    """Always true."""
    status: BreakerStatus
    """The status of the breaker."""
    details: str
    """A sentence about the result."""


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _layer_exists(context: Context, layer: str) -> bool:
    return layer in context.service(Registry).layers


def _service_exists(context: Context, name: str) -> bool:
    return name in context.service(Registry)


async def _layer_snapshot(context: Context, channel: Channel) -> Snapshot:
    return Snapshot([context.service(Registry).layer_update(channel.parameter)])


async def _all_services_snapshot(context: Context, _group: Group) -> Snapshot:
    return Snapshot([_services_state(context)], rows=len(context.service(Registry)))


endpoint.opens(
    SERVICE, exists=_service_exists, group_snapshot=_all_services_snapshot, group_snapshot_events=(ServicesState,)
)
endpoint.opens(LAYER, exists=_layer_exists, snapshot=_layer_snapshot)
endpoint.opens(ALERTS)


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.on_connect(Welcome, ServicesState)
async def greet(context: Context) -> Sequence[Event]:
    is_admin = context.role >= Role.ADMIN
    registry = context.service(Registry)
    context.answered_rows = len(registry)
    await context.join([ALERTS.channel()])
    return [
        Welcome(
            capabilities=Capabilities(
                subscribe=True, healthCheck=True, resetCircuitBreaker=is_admin, adminAccess=is_admin
            ),
            channels=Channels(
                all=ALL_SERVICES, layers=list(registry.layers), services=[service.name for service in registry]
            ),
        ),
        _services_state(context),
    ]


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.command(SubscribeAll, errors=("TOO_MANY_SUBSCRIPTIONS",), joins=(ALL_SERVICES,))
async def subscribe_all(context: Context, _command: SubscribeAll) -> Sequence[SubscriptionConfirmed | Join]:
    return await _follow_all(context)


@endpoint.command(SubscribeServices, errors=("TOO_MANY_SUBSCRIPTIONS",), joins=(ALL_SERVICES,))
async def subscribe_services(context: Context, _command: SubscribeServices) -> Sequence[SubscriptionConfirmed | Join]:
    return await _follow_all(context)


@endpoint.command(SubscribeLayer, errors=("INVALID_LAYER", "TOO_MANY_SUBSCRIPTIONS"), joins=(LAYER.template,))
async def subscribe_layer(context: Context, command: SubscribeLayer) -> Sequence[SubscriptionConfirmed | Join]:
    members = context.service(Registry).in_layer(command.layer)
    context.answered_rows = len(members)
    return await context.join([LAYER.channel(command.layer)])


@endpoint.command(SubscribeService, errors=("INVALID_SERVICE", "TOO_MANY_SUBSCRIPTIONS"), joins=(SERVICE.template,))
async def subscribe_service(context: Context, command: SubscribeService) -> Sequence[SubscriptionConfirmed | Join]:
    service = _service(context, command.service)
    return await context.join([SERVICE.channel(service.name)])


@endpoint.command(HealthCheck, errors=("INVALID_SERVICE", "HEALTH_CHECK_FAILED"), detached=True)
async def check_health(context: Context, command: HealthCheck) -> HealthCheckResult:
    service = _service(context, command.service)
    is_admin = context.role >= Role.ADMIN
    result = await context.service(Health).check(
        service,
        "admin" if is_admin else "system",
        not_older_than_s=MIN_CHECK_INTERVAL_S if is_admin else RECENT_CHECK_S,
    )
    return HealthCheckResult(
        service=service.name,
        healthy=result.healthy,
        status=service.status,
        latency_ms=round(result.latency_ms, 3),
        circuit_breaker=views.breaker_record(service),
    )


@endpoint.command(
    ResetCircuitBreaker,
    least_role=Role.ADMIN,
    errors=("INVALID_SERVICE", "RESET_FAILED", "COMMAND_IN_PROGRESS"),
)
async def reset_circuit_breaker(context: Context, command: ResetCircuitBreaker) -> CircuitBreakerResetResult:
    service = _service(context, command.service)
    identity = context.identity
    assert identity is not None
    result = await context.service(Commands).reset(service.name, Actor.of(identity))
    return CircuitBreakerResetResult(
        service=service.name, success=True, status=service.breaker_status, details=result.message
    )


async def _follow_all(context: Context) -> Sequence[Join]:
    context.answered_rows = len(context.service(Registry))
    group = SERVICE.group_named(ALL_SERVICES)
    assert group is not None
    return await context.join([group])


def _service(context: Context, name: str) -> Service:
    registry = context.service(Registry)
    if name not in registry:
        raise InvalidService(f"There is no service `{name}`: see `channels.services` of `welcome`.", field="service")
    return registry[name]


def _services_state(context: Context) -> ServicesState:
    return ServicesState(services=[views.state(service) for service in context.service(Registry)])

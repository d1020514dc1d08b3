"""Service management (protocol §8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Group, Role
from duelcast.domain.audit import Actor
from duelcast.domain.operations import views
from duelcast.domain.operations.commands import Commands
from duelcast.domain.operations.events import MANAGED_SERVICE, NAME_PATTERN, Name, SkyDuelService
from duelcast.domain.operations.registry import Registry
from duelcast.endpoints.context import Context, Snapshot, Target
from duelcast.endpoints.kit import MIB, Auth, Endpoint
from duelcast.wire.messages import Command, Event, Record, UuidText

ALL = "*"
_NAMED = f"{MANAGED_SERVICE.prefix}.{{serviceName}}"

NameOrAll = Annotated[str, Meta(pattern=rf"^(\*|{NAME_PATTERN})(?!\n)$", description="1 to 64 of a-z 0-9 _ -, or `*`")]

endpoint = Endpoint(
    "skyduel",
    "Management of the services.",
    auth=Auth.ADMIN,
    max_message_bytes=MIB,
    messages_per_minute=500,
    successors={"command": "service_command"},
)


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Welcome(Event, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    message: str
    """A greeting for people."""
    connectionId: str
    """The id of this connection, a UUID."""


class GetServices(Command, tag="get_services"):
    """Asks for all services."""


class ServiceData(Event, tag="service_data"):
    """All services."""

    services: list[SkyDuelService]
    """The services."""


class SubscribeService(Command, tag="subscribe_service"):
    """Follows a service, or all of them."""

    serviceName: NameOrAll
    """The name of the service, or `*` for all."""


class ServiceSubscribed(Event, tag="service_subscribed"):
    """The service is followed; its state comes next, then every change."""

    serviceName: str
    """The name of the service, or `*`."""


class UnsubscribeService(Command, tag="unsubscribe_service"):
    """Stops following a service, or all of them."""

    serviceName: NameOrAll
    """The name of the service, or `*` for all."""


class ServiceUnsubscribed(Event, tag="service_unsubscribed"):
    """The service is no longer followed, unless all services are followed."""

    serviceName: str
    """The name of the service, or `*`."""


class ServiceCommand(Command, tag="service_command"):
    """Sends a command to a service."""

    serviceName: Name
    """The name of the service."""
    command: Annotated[str, Meta(min_length=1, max_length=64)]
    """The command, one of those in the service's `commands`, such as `restart`."""
    params: dict[str, Any] | None = None
    """Parameters of the command; `force` stops a service even if others depend on it."""
    commandId: UuidText | None = None
    """An id that the client gives the command, so that it can send it again safely: the same one runs once within 24 h,
    and a repeat gets the first result."""


class Outcome(Record):
    """The outcome of a command."""

    success: bool
    """Whether the command succeeded."""
    message: str
    """A sentence about the outcome."""
    data: dict[str, Any] | UnsetType = UNSET
    """Further results; absent if there are none."""


class ServiceCommandResult(Event, tag="service_command_result"):
    """The command has taken effect."""

    serviceName: str
    """The name of the service."""
    command: str
    """The command."""
    result: Outcome
    """The outcome."""
    durationMs: float
    """How long the command took, in milliseconds."""


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _exists(context: Context, name: str) -> bool:
    return name in context.service(Registry)


async def _all_snapshot(context: Context, _group: Group) -> Snapshot:
    return Snapshot([_service_data(context)], rows=len(context.service(Registry)))


endpoint.opens(MANAGED_SERVICE, exists=_exists, group_snapshot=_all_snapshot, group_snapshot_events=(ServiceData,))


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.on_connect(Welcome, ServiceData)
async def greet(context: Context) -> Sequence[Event]:
    context.answered_rows = len(context.service(Registry))
    welcome = Welcome(message="Welcome to the services.", connectionId=context.connection_id)
    return [welcome, _service_data(context)]


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.command(GetServices, safe=True)
def get_services(context: Context, _command: GetServices) -> ServiceData:
    context.answered_rows = len(context.service(Registry))
    return _service_data(context)


@endpoint.command(SubscribeService, errors=("SERVICE_NOT_FOUND", "TOO_MANY_SUBSCRIPTIONS"), joins=(_NAMED,))
async def subscribe_service(context: Context, command: SubscribeService) -> ServiceSubscribed:
    context.answered_rows = len(context.service(Registry)) if command.serviceName == ALL else 1
    await context.join([_target(context, command.serviceName)])
    return ServiceSubscribed(serviceName=command.serviceName)


@endpoint.command(UnsubscribeService, leaves=(_NAMED,))
def unsubscribe_service(context: Context, command: UnsubscribeService) -> ServiceUnsubscribed:
    name = command.serviceName
    target: Target = _all() if name == ALL else MANAGED_SERVICE.channel(name)
    context.leave([target])
    return ServiceUnsubscribed(serviceName=name)


@endpoint.command(
    ServiceCommand,
    least_role=Role.ADMIN,
    errors=(
        "SERVICE_NOT_FOUND",
        "INVALID_COMMAND",
        "COMMAND_FAILED",
        "COMMAND_IN_PROGRESS",
        "DEPENDENCY_ERROR",
        "IDEMPOTENCY_CONFLICT",
        "OUTCOME_UNKNOWN",
    ),
    detached=True,
    idempotency_key="commandId",
)
async def run_command(context: Context, command: ServiceCommand) -> ServiceCommandResult:
    identity = context.identity
    assert identity is not None
    result = await context.service(Commands).run(
        command.serviceName, command.command, command.params or {}, Actor.of(identity), command.commandId
    )
    return ServiceCommandResult(
        serviceName=command.serviceName,
        command=command.command,
        result=Outcome(success=result.success, message=result.message, data=result.data or UNSET),
        durationMs=result.duration_ms,
    )


def _target(context: Context, name: str) -> Target:
    """The channel of the service `name`, or the group of all services. Raises `ServiceNotFound`."""
    return _all() if name == ALL else MANAGED_SERVICE.channel(context.service(Registry)[name].name)


def _all() -> Group:
    group = MANAGED_SERVICE.group_named("skyduel.*")
    assert group is not None
    return group


def _service_data(context: Context) -> ServiceData:
    registry = context.service(Registry)
    return ServiceData(services=[views.managed(service, registry.dependents(service.name)) for service in registry])

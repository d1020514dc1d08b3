"""The server as a whole: its status, maintenance, settings, services and errors (protocol §7)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

from msgspec import Meta, Struct, structs

from duelcast.channels.names import Channel, Role
from duelcast.domain.operations import views
from duelcast.domain.operations.error_events import SYSTEM_ERRORS, RecentErrors
from duelcast.domain.operations.error_records import ErrorRecords
from duelcast.domain.operations.events import (
    MONITORED_SERVICES,
    PUBLIC_STATUS,
    SYSTEM_STATUS,
    MonitoredServiceUpdate,
    Name,
    ServerStatusUpdate,
    ServiceHealth,
)
from duelcast.domain.operations.monitored_settings import (
    PUBLIC_BACKGROUND_SCENE,
    SCENE_KEY,
    SYSTEM_MAINTENANCE,
    SYSTEM_SETTINGS,
    MaintenanceStatus,
    MonitoredSettings,
    SettingsMonitor,
)
from duelcast.domain.operations.registry import Registry
from duelcast.domain.operations.server_status import StatusBoard
from duelcast.domain.settings.errors import SettingNotFound
from duelcast.domain.settings.events import KEY_GRAMMAR, KEY_PATTERN
from duelcast.domain.settings.service import SystemSettings
from duelcast.endpoints.context import Context, Join, Snapshot, Target
from duelcast.endpoints.kit import KIB, Auth, Endpoint, admins
from duelcast.errors import Unavailable
from duelcast.store.errors import ErrorLevel
from duelcast.wire.messages import Command, Event

ALL = "all"
DEFAULT_ERRORS = 20

Key = Annotated[str, Meta(pattern=rf"^{KEY_PATTERN}(?!\n)$", description=KEY_GRAMMAR)]

endpoint = Endpoint(
    "monitor",
    "The status of the server, maintenance, settings, services and errors.",
    auth=Auth.TOKEN,
    max_message_bytes=64 * KIB,
    messages_per_minute=120,
    public_name="public.background_scene",
    successors={
        "GET_SYSTEM_SETTINGS": "get_system_settings",
        "get_status": "get_system_status",
        "get_metrics": "get_system_status",
    },
)


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Capabilities(Struct):
    """The rights of this connection."""

    status: bool
    """Whether it may read the status of the server."""
    maintenance: bool
    """Whether it may read the state of maintenance."""
    settings: bool
    """Whether it may read settings other than the background scene."""
    services: bool
    """Whether it may read the health of services."""
    errors: bool
    """Whether it may read errors."""


class Welcome(Event, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    capabilities: Capabilities
    """The rights of this connection."""


class GetSystemStatus(Command, tag="get_system_status"):
    """Asks for the status of the server."""


class GetMaintenanceStatus(Command, tag="get_maintenance_status"):
    """Asks whether maintenance is in progress."""


class GetSystemSettings(Command, tag="get_system_settings"):
    """Asks for the value of a setting, or for the values of all settings that this connection may see."""

    key: Key | None = None
    """The key of the setting; without it, all."""


class GetServiceStatus(Command, tag="get_service_status"):
    """Asks for the health of a service."""

    service: Name
    """The name of the service."""


class GetAllServices(Command, tag="get_all_services"):
    """Asks for the health of all services."""


class NamedHealth(ServiceHealth):
    """A service in the list of all services."""

    name: str
    """The name of the service."""


class AllServices(Event, tag="all_services"):
    """All services."""

    data: list[NamedHealth]
    """The services."""


class GetRecentErrors(Command, tag="get_recent_errors"):
    """Asks for the newest errors."""

    limit: Annotated[int, Meta(ge=1, le=100)] | None = None
    """How many errors the answer has at most; 20 by default."""
    service: Name | None = None
    """The service whose errors to list; without it, all."""
    level: ErrorLevel | None = None
    """The level of the errors to list; without it, all."""


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _settings_snapshot(context: Context, _channel: Channel) -> Snapshot:
    settings = _all_settings(context)
    return Snapshot([settings], rows=len(settings.data))


async def _services_snapshot(context: Context, _channel: Channel) -> Snapshot:
    services = _all_services(context)
    return Snapshot([services], rows=len(services.data))


endpoint.opens(PUBLIC_STATUS)
endpoint.opens(SYSTEM_STATUS)
endpoint.opens(SYSTEM_MAINTENANCE)
endpoint.opens(PUBLIC_BACKGROUND_SCENE)
endpoint.opens(SYSTEM_SETTINGS, admins, snapshot=_settings_snapshot, snapshot_events=(MonitoredSettings,))
endpoint.opens(MONITORED_SERVICES, admins, snapshot=_services_snapshot, snapshot_events=(AllServices,))
endpoint.opens(SYSTEM_ERRORS, admins)


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.on_connect(
    Welcome,
    ServerStatusUpdate,
    MaintenanceStatus,
    MonitoredSettings,
    AllServices,
    RecentErrors,
)
async def greet(context: Context) -> Sequence[Event | Join]:
    role = context.role
    known, is_admin = role >= Role.USER, role >= Role.ADMIN
    status: Target = SYSTEM_STATUS.channel() if known else PUBLIC_STATUS.channel()
    followed: list[Target] = [status, SYSTEM_MAINTENANCE.channel(), PUBLIC_BACKGROUND_SCENE.channel()]
    if is_admin:
        followed += [SYSTEM_SETTINGS.channel(), MONITORED_SERVICES.channel(), SYSTEM_ERRORS.channel()]
    joined = await context.join(followed)
    capabilities = Capabilities(status=True, maintenance=True, settings=known, services=is_admin, errors=is_admin)
    frames: list[Event | Join] = [Welcome(capabilities=capabilities), *joined]
    if is_admin:
        # If the store is unreachable, an operator must still be let in to investigate, if without the errors.
        with suppress(Unavailable):
            frames.append(await _recent_errors(context, GetRecentErrors()))
    return frames


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.command(GetSystemStatus, safe=True)
def get_system_status(context: Context, _command: GetSystemStatus) -> ServerStatusUpdate:
    return _status(context)


@endpoint.command(GetMaintenanceStatus, safe=True)
def get_maintenance_status(context: Context, _command: GetMaintenanceStatus) -> MaintenanceStatus:
    return context.service(SettingsMonitor).maintenance(for_admin=context.role >= Role.ADMIN)


@endpoint.command(GetSystemSettings, errors=("SETTING_NOT_FOUND",), safe=True)
def get_system_settings(context: Context, command: GetSystemSettings) -> MonitoredSettings:
    role, key = context.role, command.key
    if key is None:
        return _all_settings(context)
    if role is Role.ANONYMOUS and key != SCENE_KEY:
        raise SettingNotFound("There is no such setting, or none that you may see.", field="key")
    return MonitoredSettings(subtype=key, data=context.service(SystemSettings).get(key, role).value)


@endpoint.command(GetServiceStatus, least_role=Role.ADMIN, errors=("SERVICE_NOT_FOUND",), safe=True)
def get_service_status(context: Context, command: GetServiceStatus) -> MonitoredServiceUpdate:
    service = context.service(Registry)[command.service]
    return MonitoredServiceUpdate(service=service.name, data=views.health(service))


@endpoint.command(GetAllServices, least_role=Role.ADMIN, safe=True)
def get_all_services(context: Context, _command: GetAllServices) -> AllServices:
    return _all_services(context)


@endpoint.command(GetRecentErrors, least_role=Role.ADMIN, safe=True)
async def get_recent_errors(context: Context, command: GetRecentErrors) -> RecentErrors:
    return await _recent_errors(context, command)


def _status(context: Context) -> ServerStatusUpdate:
    board = context.service(StatusBoard)
    if context.role is Role.ANONYMOUS:
        return ServerStatusUpdate(data=board.public_status())
    return ServerStatusUpdate(data=board.status())


def _all_settings(context: Context) -> MonitoredSettings:
    """All settings that the connection may see; an anonymous connection sees only the scene (protocol §9)."""
    monitor, role = context.service(SettingsMonitor), context.role
    values = {SCENE_KEY: monitor.scene().data} if role is Role.ANONYMOUS else monitor.all_values(role)
    context.answered_rows = len(values)
    return MonitoredSettings(subtype=ALL, data=values)


def _all_services(context: Context) -> AllServices:
    registry = context.service(Registry)
    context.answered_rows = len(registry)
    return AllServices(data=[_named(service.name, views.health(service)) for service in registry])


def _named(name: str, health: ServiceHealth) -> NamedHealth:
    return NamedHealth(name=name, **structs.asdict(health))


async def _recent_errors(context: Context, command: GetRecentErrors) -> RecentErrors:
    records, total = await context.service(ErrorRecords).recent(
        command.limit or DEFAULT_ERRORS, command.service, command.level
    )
    context.answered_rows = len(records)
    return RecentErrors(data=list(records), count=len(records), totalErrors=total, service=command.service)

"""The messages of `monitor`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

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
from .records import ErrorRecord, MaintenanceRecord, MonitorCapabilities, NamedHealth, ServerStatus, ServiceHealth


class AllServices(Message, frozen=True, kw_only=True, tag="all_services"):
    """All services."""

    data: list[NamedHealth]
    timestamp: str


class ErrorAlert(Message, frozen=True, kw_only=True, tag="error_alert"):
    """The first of equal errors, with `count` 1. If more follow within 10 s, an alert with the same `id` and the
    total count follows at the end of that time."""

    data: ErrorRecord
    channel: str
    seq: int
    timestamp: str


class MaintenanceStatus(Message, frozen=True, kw_only=True, tag="maintenance_status"):
    """Maintenance began, changed or ended."""

    data: MaintenanceRecord
    timestamp: str


class MonitorWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    capabilities: MonitorCapabilities
    timestamp: str


class MonitoredServiceUpdate(Message, frozen=True, kw_only=True, tag="service_status"):
    """The current health of a service. If `removed` is true, the service no longer exists."""

    service: str
    data: ServiceHealth
    removed: bool | None = None
    timestamp: str


class MonitoredSettings(Message, frozen=True, kw_only=True, tag="system_settings"):
    """Settings. If `subtype` is `all` or `update`, `data` has values by key; otherwise `subtype` is a key, and
    `data` is its value. A secret value is null."""

    subtype: str
    data: Any
    timestamp: str


class RecentErrors(Message, frozen=True, kw_only=True, tag="recent_errors"):
    """Errors, newest first. `totalErrors` is the number of records that match; `service` is the requested service,
    or null."""

    data: list[ErrorRecord]
    count: int
    totalErrors: int
    service: str | None
    timestamp: str


class ServerStatusUpdate(Message, frozen=True, kw_only=True, tag="SERVER_STATUS_UPDATE"):
    """The status of the server."""

    data: ServerStatus
    timestamp: str


class GetAllServices(Command[AllServices], frozen=True, kw_only=True, tag="get_all_services"):
    """Asks for the health of all services."""


class GetMaintenanceStatus(Command[MaintenanceStatus], frozen=True, kw_only=True, tag="get_maintenance_status"):
    """Asks whether maintenance is in progress."""


class GetRecentErrors(Command[RecentErrors], frozen=True, kw_only=True, tag="get_recent_errors"):
    """Asks for the newest errors, optionally only those of a service or a level."""

    limit: int | None = None
    service: str | None = None
    level: Literal["critical", "debug", "error", "info", "warning"] | None = None


class GetServiceStatus(Command[MonitoredServiceUpdate], frozen=True, kw_only=True, tag="get_service_status"):
    """Asks for the health of a service."""

    service: str
    """1 to 64 of a-z 0-9 _ -"""


class GetSystemSettings(Command[MonitoredSettings], frozen=True, kw_only=True, tag="get_system_settings"):
    """Asks for the value of a setting, or for the values of all settings that this connection may see."""

    key: str | None = None


class GetSystemStatus(Command[ServerStatusUpdate], frozen=True, kw_only=True, tag="get_system_status"):
    """Asks for the status of the server."""


MonitorMessage: TypeAlias = (
    ServerStatusUpdate
    | MaintenanceStatus
    | MonitoredSettings
    | MonitoredServiceUpdate
    | AllServices
    | RecentErrors
    | HeartbeatAck
    | Pong
    | SubscriptionConfirmed
    | UnsubscriptionConfirmed
    | SubscriptionList
    | AuthSuccess
    | MonitorWelcome
    | ConnectionEstablished
    | SessionUpdated
    | ErrorEvent
    | ErrorAlert
)


MESSAGES: dict[str, type[Message]] = {
    "SERVER_STATUS_UPDATE": ServerStatusUpdate,
    "maintenance_status": MaintenanceStatus,
    "system_settings": MonitoredSettings,
    "service_status": MonitoredServiceUpdate,
    "all_services": AllServices,
    "recent_errors": RecentErrors,
    "heartbeat_ack": HeartbeatAck,
    "pong": Pong,
    "subscription_confirmed": SubscriptionConfirmed,
    "unsubscription_confirmed": UnsubscriptionConfirmed,
    "subscriptions": SubscriptionList,
    "auth_success": AuthSuccess,
    "welcome": MonitorWelcome,
    "connection_established": ConnectionEstablished,
    "session_updated": SessionUpdated,
    "error": ErrorEvent,
    "error_alert": ErrorAlert,
}
"""The messages of the server on `monitor`, by `type`."""

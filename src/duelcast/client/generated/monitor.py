"""The messages of `monitor`.

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
from .records import ErrorRecord, MaintenanceRecord, MonitorCapabilities, NamedHealth, ServerStatus, ServiceHealth


class AllServices(Message, frozen=True, kw_only=True, tag="all_services"):
    """All services."""

    data: list[NamedHealth]
    """The services."""
    timestamp: str


class ErrorAlert(Message, frozen=True, kw_only=True, tag="error_alert"):
    """The first of equal errors, with `count` 1. If more follow within 10 s, an alert with the same `id` and the
    total count follows at the end of that time."""

    data: ErrorRecord
    """The error."""
    channel: str
    seq: int
    timestamp: str


class MaintenanceStatus(Message, frozen=True, kw_only=True, tag="maintenance_status"):
    """Maintenance began, changed or ended."""

    data: MaintenanceRecord
    """The state of maintenance."""
    timestamp: str


class MonitorWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    capabilities: MonitorCapabilities
    """The rights of this connection."""
    timestamp: str


class MonitoredServiceUpdate(Message, frozen=True, kw_only=True, tag="service_status"):
    """The current health of a service."""

    service: str
    """The name of the service."""
    data: ServiceHealth
    """The health of the service."""
    removed: bool | None = None
    """True if the service no longer exists; otherwise absent."""
    timestamp: str


class MonitoredSettings(Message, frozen=True, kw_only=True, tag="system_settings"):
    """Values of settings."""

    subtype: str
    """`all` or `update` if `data` has values by key, otherwise the key of the setting of which `data` is the value."""
    data: Any
    """The values by key, or the value of one setting; null stands for a secret value."""
    timestamp: str


class RecentErrors(Message, frozen=True, kw_only=True, tag="recent_errors"):
    """Errors, newest first."""

    data: list[ErrorRecord]
    """The errors."""
    count: int
    """How many errors `data` has."""
    totalErrors: int
    """How many records match the request."""
    service: str | None
    """The requested service; null if none was requested."""
    timestamp: str


class ServerStatusUpdate(Message, frozen=True, kw_only=True, tag="SERVER_STATUS_UPDATE"):
    """The status of the server."""

    data: ServerStatus
    """The status."""
    timestamp: str


class GetAllServices(Command[AllServices, Literal["monitor"]], frozen=True, kw_only=True, tag="get_all_services"):
    """Asks for the health of all services."""


class GetMaintenanceStatus(
    Command[MaintenanceStatus, Literal["monitor"]], frozen=True, kw_only=True, tag="get_maintenance_status"
):
    """Asks whether maintenance is in progress."""


class GetRecentErrors(Command[RecentErrors, Literal["monitor"]], frozen=True, kw_only=True, tag="get_recent_errors"):
    """Asks for the newest errors."""

    limit: int | None = None
    """How many errors the answer has at most; 20 by default."""
    service: str | None = None
    """The service whose errors to list; without it, all. 1 to 64 of a-z 0-9 _ -"""
    level: Literal["critical", "debug", "error", "info", "warning"] | None = None
    """The level of the errors to list; without it, all."""


class GetServiceStatus(
    Command[MonitoredServiceUpdate, Literal["monitor"]], frozen=True, kw_only=True, tag="get_service_status"
):
    """Asks for the health of a service."""

    service: str
    """The name of the service. 1 to 64 of a-z 0-9 _ -"""


class GetSystemSettings(
    Command[MonitoredSettings, Literal["monitor"]], frozen=True, kw_only=True, tag="get_system_settings"
):
    """Asks for the value of a setting, or for the values of all settings that this connection may see."""

    key: str | None = None
    """The key of the setting; without it, all. 1 to 128 of a-z 0-9 _ . -"""


class GetSystemStatus(
    Command[ServerStatusUpdate, Literal["monitor"]], frozen=True, kw_only=True, tag="get_system_status"
):
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

"""The messages of `skyduel`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from .records import Outcome, SkyDuelService


class ManagedServiceUpdate(Message, frozen=True, kw_only=True, tag="service_update"):
    """The current record of a service. If `removed` is true, the service no longer exists."""

    service: SkyDuelService
    removed: bool | None = None
    timestamp: str


class ServiceCommandResult(Message, frozen=True, kw_only=True, tag="service_command_result"):
    """The command has taken effect."""

    serviceName: str
    command: str
    result: Outcome
    durationMs: float
    timestamp: str


class ServiceData(Message, frozen=True, kw_only=True, tag="service_data"):
    """All services."""

    services: list[SkyDuelService]
    timestamp: str


class ServiceSubscribed(Message, frozen=True, kw_only=True, tag="service_subscribed"):
    """The service is followed; its state comes next, then every change."""

    serviceName: str
    timestamp: str


class ServiceUnsubscribed(Message, frozen=True, kw_only=True, tag="service_unsubscribed"):
    """The service is no longer followed, unless all services are followed."""

    serviceName: str
    timestamp: str


class SkyduelWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    message: str
    connectionId: str
    timestamp: str


class GetServices(Command[ServiceData], frozen=True, kw_only=True, tag="get_services"):
    """Asks for all services."""


class ServiceCommand(Command[ServiceCommandResult], frozen=True, kw_only=True, tag="service_command"):
    """Sends a command to a service. `params.force` stops a service even if others depend on it. A command with the
    same `commandId` runs once within 24 h, and a repeat gets the first result."""

    serviceName: str
    """1 to 64 of a-z 0-9 _ -"""
    command: str
    params: Mapping[str, Any] | None = None
    commandId: str | None = None


class SkyduelSubscribeService(Command[ServiceSubscribed], frozen=True, kw_only=True, tag="subscribe_service"):
    """Follows a service, or all of them."""

    serviceName: str
    """1 to 64 of a-z 0-9 _ -, or `*`"""


class UnsubscribeService(Command[ServiceUnsubscribed], frozen=True, kw_only=True, tag="unsubscribe_service"):
    """Stops following a service, or all of them."""

    serviceName: str
    """1 to 64 of a-z 0-9 _ -, or `*`"""


SkyduelMessage: TypeAlias = (
    ServiceData
    | ServiceSubscribed
    | ManagedServiceUpdate
    | ServiceUnsubscribed
    | ServiceCommandResult
    | HeartbeatAck
    | Pong
    | SubscriptionConfirmed
    | UnsubscriptionConfirmed
    | SubscriptionList
    | AuthSuccess
    | SkyduelWelcome
    | ConnectionEstablished
    | SessionUpdated
    | ErrorEvent
)


MESSAGES: dict[str, type[Message]] = {
    "service_data": ServiceData,
    "service_subscribed": ServiceSubscribed,
    "service_update": ManagedServiceUpdate,
    "service_unsubscribed": ServiceUnsubscribed,
    "service_command_result": ServiceCommandResult,
    "heartbeat_ack": HeartbeatAck,
    "pong": Pong,
    "subscription_confirmed": SubscriptionConfirmed,
    "unsubscription_confirmed": UnsubscriptionConfirmed,
    "subscriptions": SubscriptionList,
    "auth_success": AuthSuccess,
    "welcome": SkyduelWelcome,
    "connection_established": ConnectionEstablished,
    "session_updated": SessionUpdated,
    "error": ErrorEvent,
}
"""The messages of the server on `skyduel`, by `type`."""

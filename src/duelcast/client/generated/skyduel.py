"""The messages of `skyduel`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
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
from .records import Outcome, SkyDuelService


class ManagedServiceUpdate(Message, frozen=True, kw_only=True, tag="service_update"):
    """The current record of a service."""

    service: SkyDuelService
    """The service."""
    removed: bool | None = None
    """True if the service no longer exists; otherwise absent."""
    channel: str
    seq: int
    timestamp: str


class ServiceCommandResult(Message, frozen=True, kw_only=True, tag="service_command_result"):
    """The command has taken effect."""

    serviceName: str
    """The name of the service."""
    command: str
    """The command."""
    result: Outcome
    """The outcome."""
    durationMs: float
    """How long the command took, in milliseconds."""
    timestamp: str


class ServiceData(Message, frozen=True, kw_only=True, tag="service_data"):
    """All services."""

    services: list[SkyDuelService]
    """The services."""
    timestamp: str


class ServiceSubscribed(Message, frozen=True, kw_only=True, tag="service_subscribed"):
    """The service is followed; its state comes next, then every change."""

    serviceName: str
    """The name of the service, or `*`."""
    timestamp: str


class ServiceUnsubscribed(Message, frozen=True, kw_only=True, tag="service_unsubscribed"):
    """The service is no longer followed, unless all services are followed."""

    serviceName: str
    """The name of the service, or `*`."""
    timestamp: str


class SkyduelWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    message: str
    """A greeting for people."""
    connectionId: str
    """The id of this connection, a UUID."""
    timestamp: str


class GetServices(Command[ServiceData, Literal["skyduel"]], frozen=True, kw_only=True, tag="get_services"):
    """Asks for all services."""


class ServiceCommand(
    Command[ServiceCommandResult, Literal["skyduel"]], frozen=True, kw_only=True, tag="service_command"
):
    """Sends a command to a service."""

    serviceName: str
    """The name of the service. 1 to 64 of a-z 0-9 _ -"""
    command: str
    """The command, one of those in the service's `commands`, such as `restart`."""
    params: Mapping[str, Any] | None = None
    """Parameters of the command; `force` stops a service even if others depend on it."""
    commandId: str | None = None
    """An id that the client gives the command, so that it can send it again safely: the same one runs once within 24
    h, and a repeat gets the first result. A UUID."""


class SkyduelSubscribeService(
    Command[ServiceSubscribed, Literal["skyduel"]], frozen=True, kw_only=True, tag="subscribe_service"
):
    """Follows a service, or all of them."""

    serviceName: str
    """The name of the service, or `*` for all. 1 to 64 of a-z 0-9 _ -, or `*`"""


class UnsubscribeService(
    Command[ServiceUnsubscribed, Literal["skyduel"]], frozen=True, kw_only=True, tag="unsubscribe_service"
):
    """Stops following a service, or all of them."""

    serviceName: str
    """The name of the service, or `*` for all. 1 to 64 of a-z 0-9 _ -, or `*`"""


SkyduelMessage: TypeAlias = (
    ServiceData
    | ServiceSubscribed
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
    | ManagedServiceUpdate
)


MESSAGES: dict[str, type[Message]] = {
    "service_data": ServiceData,
    "service_subscribed": ServiceSubscribed,
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
    "service_update": ManagedServiceUpdate,
}
"""The messages of the server on `skyduel`, by `type`."""

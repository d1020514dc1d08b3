"""The messages of `analytics`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from ..messages import Command, Message
from .common import (
    Authenticate as Authenticate,
    AuthSuccess as AuthSuccess,
    ConnectionEstablished as ConnectionEstablished,
    ErrorEvent as ErrorEvent,
    GetSubscriptions as GetSubscriptions,
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
from .records import ActiveUser, EventCount, GivenEvent, MetricData, ServerStats, TrackedEvent


class ActiveUsers(Message, frozen=True, kw_only=True, tag="active_users"):
    """The active users."""

    users: list[ActiveUser]
    """The users, most recently active first, at most 500."""
    count: int
    """How many users are active, including those who are not listed."""
    timestamp: str


class AnalyticsUnsubscribed(Message, frozen=True, kw_only=True, tag="unsubscribed"):
    """The dashboard is no longer followed."""

    dashboard: bool
    """Always true."""
    timestamp: str


class AnalyticsWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    message: str
    """A greeting for people."""
    isAdmin: bool
    """Whether this connection has the rights of an admin."""
    timestamp: str


class DashboardUpdate(Message, frozen=True, kw_only=True, tag="dashboard_update"):
    """The present state."""

    stats: ServerStats
    """The figures of the server."""
    activeUsers: int
    """How many users are active."""
    topEvents: list[EventCount]
    """The most frequent events of the past 24 hours."""
    eventsPerMinute: list[int]
    """How many events were received in each of the past 60 minutes, oldest first; the last one is the current
    minute."""
    timestamp: str


class EventTracked(Message, frozen=True, kw_only=True, tag="event_tracked"):
    """The event or events are stored."""

    event: str | None = None
    """The name of the event; absent if several were sent."""
    eventId: str | None = None
    """The id of the event, a UUID in lower case; absent if several were sent."""
    duplicate: bool | None = None
    """Whether an event with this id had been stored before, so that the new one is ignored; absent if several were
    sent."""
    events: list[TrackedEvent] | None = None
    """The events in the order in which they were sent; absent if one was sent by itself."""
    timestamp: str


class MetricUpdate(Message, frozen=True, kw_only=True, tag="metric_update"):
    """The value of a metric."""

    metric: str
    """The name of the metric."""
    data: MetricData
    """The value of the metric."""
    channel: str
    seq: int
    timestamp: str


class ServerStatsReport(Message, frozen=True, kw_only=True, tag="server_stats"):
    """Statistics of the server."""

    stats: ServerStats
    """The figures of the server."""
    timestamp: str


class SubscribedMetric(Message, frozen=True, kw_only=True, tag="subscribed_metric"):
    """The metric is followed; its current value comes next."""

    metric: str
    """The name of the metric."""
    timestamp: str


class UnsubscribedMetric(Message, frozen=True, kw_only=True, tag="unsubscribed_metric"):
    """The metric is no longer followed."""

    metric: str
    """The name of the metric."""
    timestamp: str


class AnalyticsHeartbeat(Command[HeartbeatAck, Literal["analytics"]], frozen=True, kw_only=True, tag="heartbeat"):
    """Shows that the user is present, and where."""

    zone: str | None = None
    """The part of the platform that the user is looking at, such as `TRADING`; it applies until another is named or
    the connection ends. 1 to 32 of A-Z 0-9 _"""


class GetActiveUsers(Command[ActiveUsers, Literal["analytics"]], frozen=True, kw_only=True, tag="get_active_users"):
    """Asks for the active users."""


class GetServerStats(
    Command[ServerStatsReport, Literal["analytics"]], frozen=True, kw_only=True, tag="get_server_stats"
):
    """Asks for the statistics of the server."""


class SubscribeDashboard(
    Command[DashboardUpdate, Literal["analytics"]], frozen=True, kw_only=True, tag="subscribe_dashboard"
):
    """Follows the dashboard."""


class SubscribeMetric(
    Command[SubscribedMetric, Literal["analytics"]], frozen=True, kw_only=True, tag="subscribe_metric"
):
    """Follows a metric."""

    metric: str
    """The name of the metric. `UNKNOWN_METRIC` errors list the names."""


class TrackEvent(Command[EventTracked, Literal["analytics"]], frozen=True, kw_only=True, tag="track_event"):
    """Stores an event, or all of `events`; the answer means that they are on disk."""

    event: str | None = None
    """The name of the event; excludes `events`. 1 to 64 of A-Z a-z 0-9 _ . : -"""
    data: Mapping[str, Any] | None = None
    """Facts about the event, at most 16 KiB of JSON."""
    eventId: str | None = None
    """The id of the event, so that it can be sent again safely: each is stored only once per wallet. Without it, the
    server makes one. A UUID."""
    occurredAt: str | None = None
    """When the event happened: ISO-8601 with an offset, at most 24 h ago and at most 5 min ahead; for clients that
    were offline."""
    events: Sequence[GivenEvent] | None = None
    """Several events; excludes the other fields."""


class UnsubscribeDashboard(
    Command[AnalyticsUnsubscribed, Literal["analytics"]], frozen=True, kw_only=True, tag="unsubscribe_dashboard"
):
    """Stops following the dashboard."""


class UnsubscribeMetric(
    Command[UnsubscribedMetric, Literal["analytics"]], frozen=True, kw_only=True, tag="unsubscribe_metric"
):
    """Stops following a metric."""

    metric: str
    """The name of the metric. `UNKNOWN_METRIC` errors list the names."""


AnalyticsMessage: TypeAlias = (
    EventTracked
    | DashboardUpdate
    | ActiveUsers
    | AnalyticsUnsubscribed
    | SubscribedMetric
    | UnsubscribedMetric
    | ServerStatsReport
    | HeartbeatAck
    | Pong
    | SubscriptionConfirmed
    | UnsubscriptionConfirmed
    | SubscriptionList
    | AuthSuccess
    | AnalyticsWelcome
    | ConnectionEstablished
    | SessionUpdated
    | ErrorEvent
    | MetricUpdate
)


MESSAGES: dict[str, type[Message]] = {
    "event_tracked": EventTracked,
    "dashboard_update": DashboardUpdate,
    "active_users": ActiveUsers,
    "unsubscribed": AnalyticsUnsubscribed,
    "subscribed_metric": SubscribedMetric,
    "unsubscribed_metric": UnsubscribedMetric,
    "server_stats": ServerStatsReport,
    "heartbeat_ack": HeartbeatAck,
    "pong": Pong,
    "subscription_confirmed": SubscriptionConfirmed,
    "unsubscription_confirmed": UnsubscriptionConfirmed,
    "subscriptions": SubscriptionList,
    "auth_success": AuthSuccess,
    "welcome": AnalyticsWelcome,
    "connection_established": ConnectionEstablished,
    "session_updated": SessionUpdated,
    "error": ErrorEvent,
    "metric_update": MetricUpdate,
}
"""The messages of the server on `analytics`, by `type`."""

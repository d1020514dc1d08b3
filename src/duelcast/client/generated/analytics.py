"""The messages of `analytics`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from .records import ActiveUser, EventCount, GivenEvent, MetricData, ServerStats, TrackedEvent


class ActiveUsers(Message, frozen=True, kw_only=True, tag="active_users"):
    """Active users: at most 500, the most recently active first; `count` includes all."""

    users: list[ActiveUser]
    count: int
    timestamp: str


class AnalyticsUnsubscribed(Message, frozen=True, kw_only=True, tag="unsubscribed"):
    """The dashboard is no longer followed."""

    dashboard: bool
    timestamp: str


class AnalyticsWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    message: str
    isAdmin: bool
    timestamp: str


class DashboardUpdate(Message, frozen=True, kw_only=True, tag="dashboard_update"):
    """The present state. `topEvents` covers the past 24 hours. `eventsPerMinute` covers the past 60 minutes, oldest
    first, and ends with the current minute."""

    stats: ServerStats
    activeUsers: int
    topEvents: list[EventCount]
    eventsPerMinute: list[int]
    timestamp: str


class EventTracked(Message, frozen=True, kw_only=True, tag="event_tracked"):
    """The event or events are stored. `events` lists them in the order in which they were sent; a single event is
    described by the other fields instead."""

    event: str | None = None
    eventId: str | None = None
    duplicate: bool | None = None
    events: list[TrackedEvent] | None = None
    timestamp: str


class MetricUpdate(Message, frozen=True, kw_only=True, tag="metric_update"):
    """The value of a metric."""

    metric: str
    data: MetricData
    channel: str
    seq: int
    timestamp: str


class ServerStatsReport(Message, frozen=True, kw_only=True, tag="server_stats"):
    """Statistics of the server."""

    stats: ServerStats
    timestamp: str


class SubscribedMetric(Message, frozen=True, kw_only=True, tag="subscribed_metric"):
    """The metric is followed; its current value comes next."""

    metric: str
    timestamp: str


class UnsubscribedMetric(Message, frozen=True, kw_only=True, tag="unsubscribed_metric"):
    """The metric is no longer followed."""

    metric: str
    timestamp: str


class AnalyticsHeartbeat(Command[HeartbeatAck], frozen=True, kw_only=True, tag="heartbeat"):
    """Shows that the user is present, and in which `zone`; the zone applies until another is named or the connection
    ends."""

    zone: str | None = None


class GetActiveUsers(Command[ActiveUsers], frozen=True, kw_only=True, tag="get_active_users"):
    """Asks for the active users."""


class GetServerStats(Command[ServerStatsReport], frozen=True, kw_only=True, tag="get_server_stats"):
    """Asks for the statistics of the server."""


class SubscribeDashboard(Command[DashboardUpdate], frozen=True, kw_only=True, tag="subscribe_dashboard"):
    """Follows the dashboard."""


class SubscribeMetric(Command[SubscribedMetric], frozen=True, kw_only=True, tag="subscribe_metric"):
    """Follows a metric."""

    metric: str
    """`UNKNOWN_METRIC` errors list the names."""


class TrackEvent(Command[EventTracked], frozen=True, kw_only=True, tag="track_event"):
    """Stores an event, or all of `events`; the answer means that they are on disk. An `eventId` is stored only once
    per wallet, so it is safe to send an event again with the same `eventId`."""

    event: str | None = None
    data: Mapping[str, Any] | None = None
    eventId: str | None = None
    occurredAt: str | None = None
    events: Sequence[GivenEvent] | None = None


class UnsubscribeDashboard(Command[AnalyticsUnsubscribed], frozen=True, kw_only=True, tag="unsubscribe_dashboard"):
    """Stops following the dashboard."""


class UnsubscribeMetric(Command[UnsubscribedMetric], frozen=True, kw_only=True, tag="unsubscribe_metric"):
    """Stops following a metric."""

    metric: str
    """`UNKNOWN_METRIC` errors list the names."""


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

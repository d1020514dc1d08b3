"""Tracked events, active users, and server statistics (protocol §11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Channel, Role
from duelcast.domain.analytics.events import (
    DASHBOARD,
    METRIC,
    ActiveUsers,
    DashboardUpdate,
    EventName,
    ServerStats,
)
from duelcast.domain.analytics.service import Analytics
from duelcast.domain.analytics.tracking import GivenEvent, event_id_text, new_event
from duelcast.endpoints.common import HeartbeatAck
from duelcast.endpoints.context import Context, Snapshot
from duelcast.endpoints.kit import KIB, Auth, Endpoint, admins
from duelcast.errors import InvalidRequest
from duelcast.wire.messages import Command, Event, Record, UuidText

MetricName = Annotated[str, Meta(min_length=1, max_length=128, description="`UNKNOWN_METRIC` errors list the names.")]

endpoint = Endpoint(
    "analytics",
    "Tracked events of clients; for admins, also the active users and the statistics of the server.",
    auth=Auth.TOKEN,
    max_message_bytes=512 * KIB,
    messages_per_minute=300,
)


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Welcome(Event, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    message: str
    """A greeting for people."""
    isAdmin: bool
    """Whether this connection has the rights of an admin."""


class ServerStatsReport(Event, tag="server_stats"):
    """Statistics of the server."""

    stats: ServerStats
    """The figures of the server."""


class TrackEvent(Command, tag="track_event"):
    """Stores an event, or all of `events`; the answer means that they are on disk."""

    event: EventName | None = None
    """The name of the event; excludes `events`."""
    data: dict[str, Any] | None = None
    """Facts about the event, at most 16 KiB of JSON."""
    eventId: UuidText | None = None
    """The id of the event, so that it can be sent again safely: each is stored only once per wallet. Without it, the
    server makes one."""
    occurredAt: str | None = None
    """When the event happened: ISO-8601 with an offset, at most 24 h ago and at most 5 min ahead; for clients that were
    offline."""
    events: Annotated[list[GivenEvent], Meta(min_length=1, max_length=100)] | None = None
    """Several events; excludes the other fields."""

    def __post_init__(self) -> None:
        if (self.event is None) == (self.events is None):
            raise InvalidRequest("Name either one `event` or a list of `events`.", field="event")
        if self.events is not None:
            for name in ("data", "eventId", "occurredAt"):
                if getattr(self, name) is not None:
                    raise InvalidRequest(f"Give `{name}` within each of `events`.", field=name)


class TrackedEvent(Record):
    """A stored event."""

    event: str
    """The name of the event."""
    eventId: str
    """The id of the event, a UUID in lower case."""
    duplicate: bool
    """Whether an event with this id had been stored before; the new one is then ignored."""


class EventTracked(Event, tag="event_tracked"):
    """The event or events are stored."""

    event: str | UnsetType = UNSET
    """The name of the event; absent if several were sent."""
    eventId: str | UnsetType = UNSET
    """The id of the event, a UUID in lower case; absent if several were sent."""
    duplicate: bool | UnsetType = UNSET
    """Whether an event with this id had been stored before, so that the new one is ignored; absent if several were
    sent."""
    events: list[TrackedEvent] | UnsetType = UNSET
    """The events in the order in which they were sent; absent if one was sent by itself."""


class SubscribeDashboard(Command, tag="subscribe_dashboard"):
    """Follows the dashboard."""


class UnsubscribeDashboard(Command, tag="unsubscribe_dashboard"):
    """Stops following the dashboard."""


class Unsubscribed(Event, tag="unsubscribed"):
    """The dashboard is no longer followed."""

    dashboard: Literal[True]
    """Always true."""


class SubscribeMetric(Command, tag="subscribe_metric"):
    """Follows a metric."""

    metric: MetricName
    """The name of the metric."""


class SubscribedMetric(Event, tag="subscribed_metric"):
    """The metric is followed; its current value comes next."""

    metric: str
    """The name of the metric."""


class UnsubscribeMetric(Command, tag="unsubscribe_metric"):
    """Stops following a metric."""

    metric: MetricName
    """The name of the metric."""


class UnsubscribedMetric(Event, tag="unsubscribed_metric"):
    """The metric is no longer followed."""

    metric: str
    """The name of the metric."""


class GetActiveUsers(Command, tag="get_active_users"):
    """Asks for the active users."""


class GetServerStats(Command, tag="get_server_stats"):
    """Asks for the statistics of the server."""


class Heartbeat(Command, tag="heartbeat"):
    """Shows that the user is present, and where."""

    zone: Annotated[str, Meta(pattern=r"^[A-Z0-9_]{1,32}(?!\n)$", description="1 to 32 of A-Z 0-9 _")] | None = None
    """The part of the platform that the user is looking at, such as `TRADING`; it applies until another is named
    or the connection ends."""


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _metric_exists(context: Context, metric: str) -> bool:
    return metric in context.service(Analytics).metrics


def _most_metrics(context: Context) -> int:
    return context.service(Analytics).settings.metrics_per_connection


async def _dashboard_snapshot(context: Context, _channel: Channel) -> Snapshot:
    return Snapshot(await context.service(Analytics).dashboard.begin())


async def _metric_snapshot(context: Context, channel: Channel) -> Snapshot:
    return Snapshot([await context.service(Analytics).dashboard.metric(channel.parameter)])


endpoint.opens(DASHBOARD, admins, snapshot=_dashboard_snapshot)
endpoint.opens(METRIC, admins, exists=_metric_exists, snapshot=_metric_snapshot, most=_most_metrics)


# ── connecting and disconnecting ────────────────────────────────────────────────────────────────────────────────────


@endpoint.on_connect(Welcome, ServerStatsReport)
async def greet(context: Context) -> Sequence[Event]:
    is_admin = context.role >= Role.ADMIN
    welcome = Welcome(message="Welcome to the analytics.", isAdmin=is_admin)
    return [welcome, await _server_stats(context)] if is_admin else [welcome]


@endpoint.on_disconnect
def drop_zone(context: Context) -> None:
    identity = context.identity
    assert identity is not None
    context.service(Analytics).activity.zones.drop(identity.wallet, context.connection_id)


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.command(TrackEvent, errors=("OUTCOME_UNKNOWN",), idempotency_key="eventId")
async def track_event(context: Context, command: TrackEvent) -> EventTracked:
    identity = context.identity
    assert identity is not None
    now_s = context.clock.time()
    if command.events is None:
        assert command.event is not None
        given = GivenEvent(command.event, command.data, command.eventId, command.occurredAt)
        event = new_event(given, identity.wallet, now_s)
        (duplicate,) = await context.service(Analytics).writer.track([event])
        return EventTracked(event=event.event, eventId=event_id_text(event), duplicate=duplicate)
    events = [new_event(one, identity.wallet, now_s, f"events[{index}].") for index, one in enumerate(command.events)]
    context.answered_rows = len(events)
    duplicates = await context.service(Analytics).writer.track(events)
    return EventTracked(
        events=[
            TrackedEvent(event=event.event, eventId=event_id_text(event), duplicate=duplicate)
            for event, duplicate in zip(events, duplicates, strict=True)
        ]
    )


@endpoint.command(
    SubscribeDashboard, least_role=Role.ADMIN, errors=("TOO_MANY_SUBSCRIPTIONS",), joins=(DASHBOARD.template,)
)
async def subscribe_dashboard(
    context: Context, _command: SubscribeDashboard
) -> Sequence[DashboardUpdate | ActiveUsers]:
    await context.join([DASHBOARD.channel()], silent=True)
    return await context.service(Analytics).dashboard.begin()


@endpoint.command(UnsubscribeDashboard, leaves=(DASHBOARD.template,))
def unsubscribe_dashboard(context: Context, _command: UnsubscribeDashboard) -> Unsubscribed:
    context.leave([DASHBOARD.channel()])
    return Unsubscribed(dashboard=True)


@endpoint.command(
    SubscribeMetric,
    least_role=Role.ADMIN,
    errors=("UNKNOWN_METRIC", "TOO_MANY_SUBSCRIPTIONS"),
    joins=(METRIC.template,),
)
async def subscribe_metric(context: Context, command: SubscribeMetric) -> SubscribedMetric:
    context.service(Analytics).metrics.check(command.metric)
    await context.join([METRIC.channel(command.metric)])
    return SubscribedMetric(metric=command.metric)


@endpoint.command(UnsubscribeMetric, errors=("UNKNOWN_METRIC",), leaves=(METRIC.template,))
def unsubscribe_metric(context: Context, command: UnsubscribeMetric) -> UnsubscribedMetric:
    context.service(Analytics).metrics.check(command.metric)
    context.leave([METRIC.channel(command.metric)])
    return UnsubscribedMetric(metric=command.metric)


@endpoint.command(GetActiveUsers, least_role=Role.ADMIN, safe=True)
async def get_active_users(context: Context, _command: GetActiveUsers) -> ActiveUsers:
    audience = await context.service(Analytics).activity.audience()
    context.answered_rows = len(audience.shown.users)
    return audience.shown


@endpoint.command(GetServerStats, least_role=Role.ADMIN, safe=True)
async def get_server_stats(context: Context, _command: GetServerStats) -> ServerStatsReport:
    return await _server_stats(context)


@endpoint.command(Heartbeat, counted=False, safe=True)
def heartbeat(context: Context, command: Heartbeat) -> HeartbeatAck:
    identity = context.identity
    if command.zone is not None and identity is not None:
        context.service(Analytics).activity.zones.name(identity.wallet, context.connection_id, command.zone)
    return HeartbeatAck()


async def _server_stats(context: Context) -> ServerStatsReport:
    return ServerStatsReport(stats=await context.service(Analytics).stats())

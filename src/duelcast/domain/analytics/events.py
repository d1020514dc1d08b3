"""Messages about events, active users and the server, and their channels (protocol §2, §11, §12)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind, Role, Unfollowed
from duelcast.wire.messages import Event, Record, Timestamp, message_type

EVENT_PATTERN = r"[A-Za-z0-9_.:\-]{1,64}"
METRIC_PATTERN = r"[A-Za-z0-9_.:\-]{1,128}"
MAX_USERS = 500
MAX_EVENTS = 50

EventName = Annotated[str, Meta(pattern=rf"^{EVENT_PATTERN}(?!\n)$", description="1 to 64 of A-Z a-z 0-9 _ . : -")]


# ── records ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class ConnectionCounts(Record):
    """Open connections."""

    total: int
    """All of them."""
    admin: int
    """Those of admins."""
    user: int
    """Those of users."""
    anonymous: int
    """Those without a token."""
    byEndpoint: dict[str, int]
    """Those of each endpoint, by its name."""


class MessageCounts(Record):
    """Messages from and to clients."""

    received: int
    """How many came from clients since the start."""
    sent: int
    """How many went to clients since the start."""
    perSecondIn: float
    """How many came from clients per second, over the last few seconds."""
    perSecondOut: float
    """How many went to clients per second, over the last few seconds."""


class EventCounts(Record):
    """Events of clients since the start."""

    received: int
    """How many were received."""
    stored: int
    """How many of them were stored."""


class ProcessFigures(Record):
    """The server process."""

    cpuPercent: float
    """The use of the processor over the last few seconds, in percent of one core."""
    memoryBytes: int
    """The resident memory in bytes."""
    eventLoopLagMs: float
    """The most recent delay of the event loop, in milliseconds."""


class ServerStats(Record):
    """Figures of the server."""

    startTimeMs: int
    """When the server was started, in epoch milliseconds."""
    uptimeMs: int
    """How long it has been running, in milliseconds."""
    connections: ConnectionCounts
    """The open connections."""
    messages: MessageCounts
    """Messages from and to clients."""
    events: EventCounts
    """Events of clients."""
    activeUsers: int
    """How many users are active."""
    process: ProcessFigures
    """The server process."""
    nodes: int
    """How many nodes serve clients."""


class EventCount(Record):
    """How often an event was received."""

    event: str
    """The name of the event."""
    count: int
    """How often it was received."""


class ActiveUser(Record):
    """An active wallet."""

    wallet_address: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    role: str
    """`user`, `admin` or `superadmin`."""
    zone: str | None
    """The most recent zone that the wallet named on any of its open connections; null if it named none."""
    lastActivityMs: int
    """When the wallet last sent a message or connected, in epoch milliseconds."""
    connectedAtMs: int
    """When the wallet's oldest open connection began, in epoch milliseconds."""
    connections: int
    """How many connections the wallet has open."""
    endpoints: list[str]
    """The names of the endpoints that it is connected to."""


class EventRecord(Record):
    """A stored event."""

    wallet: str
    """The wallet that sent the event."""
    event: str
    """The name of the event."""
    timestamp: Timestamp
    """When the event was received."""


class MetricData(Record):
    """The value of a metric, with the newest events if the metric is `event`."""

    value: float | None
    """The value; null if it is not known."""
    timestamp: Timestamp
    """When the value was determined."""
    events: list[EventRecord] | UnsetType = UNSET
    """The newest of the events that `value` counts, at most 50; present only for the metric `event`."""
    skipped: int | UnsetType = UNSET
    """How many more events `value` counts; present only for the metric `event`."""


# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class DashboardUpdate(Event, tag="dashboard_update"):
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


class ActiveUsers(Event, tag="active_users"):
    """The active users."""

    users: list[ActiveUser]
    """The users, most recently active first, at most 500."""
    count: int
    """How many users are active, including those who are not listed."""


class MetricUpdate(Event, tag="metric_update"):
    """The value of a metric."""

    metric: str
    """The name of the metric."""
    data: MetricData
    """The value of the metric."""


def _type_of(event: Event) -> str:
    return _TYPES[type(event)]


_TYPES: dict[type[Event], str] = {event: message_type(event) for event in (DashboardUpdate, ActiveUsers)}

# The messages of both channels are computed only while somebody follows them.
DASHBOARD = Family(
    "analytics.dashboard",
    Kind.LATEST,
    (DashboardUpdate, ActiveUsers),
    "The figures of the server, and the active users.",
    key=_type_of,
    key_paths=("type",),
    least_role=lambda _nothing: Role.ADMIN,
    unfollowed=Unfollowed.SILENT,
)
METRIC = Family(
    "analytics.metric",
    Kind.LATEST,
    (MetricUpdate,),
    "A metric.",
    parameter=rf"(?P<metric>{METRIC_PATTERN})",
    least_role=lambda _metric: Role.ADMIN,
    unfollowed=Unfollowed.SILENT,
)

"""Messages about events, active users and the server, and their channels (protocol §2, §11, §12)."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind, Role, Unfollowed
from duelcast.wire.messages import Event, Record, message_type

EVENT_PATTERN = r"[A-Za-z0-9_.:\-]{1,64}"
METRIC_PATTERN = r"[A-Za-z0-9_.:\-]{1,128}"
MAX_USERS = 500
MAX_EVENTS = 50

EventName = Annotated[str, Meta(pattern=rf"^{EVENT_PATTERN}(?!\n)$", description="1 to 64 of A-Z a-z 0-9 _ . : -")]


# ── records ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class ConnectionCounts(Record):
    """Open connections. `admin`, `user` and `anonymous` add up to `total`, and so do the counts in `byEndpoint`."""

    total: int
    admin: int
    user: int
    anonymous: int
    byEndpoint: dict[str, int]


class MessageCounts(Record):
    """The number of messages from and to clients since the start, and per second over the last few seconds."""

    received: int
    sent: int
    perSecondIn: float
    perSecondOut: float


class EventCounts(Record):
    """How many events clients sent since the start, and how many of them were stored."""

    received: int
    stored: int


class ProcessFigures(Record):
    """The server process. `cpuPercent` is the percentage of one core over the last few seconds; `eventLoopLagMs` is the
    most recent delay of the event loop."""

    cpuPercent: float
    memoryBytes: int
    eventLoopLagMs: float


class ServerStats(Record):
    """Figures of the server. `startTimeMs` is in epoch milliseconds."""

    startTimeMs: int
    uptimeMs: int
    connections: ConnectionCounts
    messages: MessageCounts
    events: EventCounts
    activeUsers: int
    process: ProcessFigures
    nodes: int


class EventCount(Record):
    """How often an event was received."""

    event: str
    count: int


class ActiveUser(Record):
    """An active wallet. `zone` is the most recent zone that the wallet named on any of its open connections. Times are
    in epoch milliseconds; `connectedAtMs` is when the wallet's oldest open connection began."""

    wallet_address: str
    nickname: str | None
    role: str
    zone: str | None
    lastActivityMs: int
    connectedAtMs: int
    connections: int
    endpoints: list[str]


class EventRecord(Record):
    """An event that was stored, and when it was received."""

    wallet: str
    event: str
    timestamp: str


class MetricData(Record):
    """`value` is null if it is not known. `events` and `skipped` are present only for the metric `event`. `events`
    lists the newest of the events that `value` counts; `skipped` is how many more it counts."""

    value: float | None
    timestamp: str
    events: list[EventRecord] | UnsetType = UNSET
    skipped: int | UnsetType = UNSET


# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class DashboardUpdate(Event, tag="dashboard_update"):
    """The present state. `topEvents` covers the past 24 hours. `eventsPerMinute` covers the past 60 minutes, oldest
    first, and ends with the current minute."""

    stats: ServerStats
    activeUsers: int
    topEvents: list[EventCount]
    eventsPerMinute: list[int]


class ActiveUsers(Event, tag="active_users"):
    """Active users: at most 500, the most recently active first; `count` includes all."""

    users: list[ActiveUser]
    count: int


class MetricUpdate(Event, tag="metric_update"):
    """The value of a metric."""

    metric: str
    data: MetricData


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
    key_description="type",
    least_role=lambda _nothing: Role.ADMIN,
    unfollowed=Unfollowed.SILENT,
)
METRIC = Family(
    "analytics.metric",
    Kind.LATEST,
    (MetricUpdate,),
    "A metric.",
    parameter=METRIC_PATTERN,
    placeholder="metric",
    least_role=lambda _metric: Role.ADMIN,
    unfollowed=Unfollowed.SILENT,
)

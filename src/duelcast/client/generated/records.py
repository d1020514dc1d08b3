"""Records in the messages of the endpoints.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..messages import Record


class ActiveUser(Record, frozen=True, kw_only=True):
    """An active wallet. `zone` is the most recent zone that the wallet named on any of its open connections. Times
    are in epoch milliseconds; `connectedAtMs` is when the wallet's oldest open connection began."""

    wallet_address: str
    nickname: str | None
    role: str
    zone: str | None
    lastActivityMs: int
    connectedAtMs: int
    connections: int
    endpoints: list[str]


class Alert(Record, frozen=True, kw_only=True):
    """A change of a breaker or of the health of a service, published once."""

    id: str
    type: str
    """Known values: `circuit_closed`, `circuit_half_open`, `circuit_open`, `health_failed`, `health_recovered`."""
    severity: str
    """Known values: `critical`, `info`, `warning`."""
    message: str


class BreakerRecord(Record, frozen=True, kw_only=True):
    """The breaker of a service. `failures` is the number of failures in a row; `failure_rate` is the percentage of
    failed calls in the window, or null without calls; `recovery_attempts` counts the half-open periods that
    failed since the breaker was last closed."""

    status: str
    """Known values: `closed`, `degraded`, `disabled`, `half_open`, `initializing`, `open`."""
    is_open: bool
    details: str
    failures: int
    failure_rate: float | None
    last_failure: str | None
    last_success: str | None
    opened_at: str | None
    next_attempt_at: str | None
    recovery_attempts: int
    last_reset: str | None


class BreakerSummary(Record, frozen=True, kw_only=True):
    """The breaker of a service, in short. If `is_open` is true, no call is let through."""

    status: str
    """Known values: `closed`, `degraded`, `disabled`, `half_open`, `initializing`, `open`."""
    is_open: bool


class CallCounts(Record, frozen=True, kw_only=True):
    """Calls since the start. Calls that the breaker refused are counted in `rejected` and not in `total`."""

    total: int
    successful: int
    failed: int
    rejected: int


class ChannelSince(Record, frozen=True, kw_only=True):
    """A channel, and the position to resume from."""

    channel: str
    """A channel or group name."""
    since: Since | None = None


class Channels(Record, frozen=True, kw_only=True):
    """The targets that may be followed: the group of all services, and the names of layers and services."""

    all: str
    layers: list[str]
    services: list[str]


class ChatMessageRecord(Record, frozen=True, kw_only=True):
    """A stored message; `messageId` is the id that the sender gave it."""

    id: int
    contestId: int
    sender: Sender
    text: str
    timestamp: str
    isAdmin: bool
    messageId: str | None = None


class CircuitBreakerCapabilities(Record, frozen=True, kw_only=True):
    """The rights of this connection."""

    subscribe: bool
    healthCheck: bool
    resetCircuitBreaker: bool
    adminAccess: bool


class ConnectionCounts(Record, frozen=True, kw_only=True):
    """Open connections. `admin`, `user` and `anonymous` add up to `total`, and so do the counts in `byEndpoint`."""

    total: int
    admin: int
    user: int
    anonymous: int
    byEndpoint: dict[str, int]


class ContestCapabilities(Record, frozen=True, kw_only=True):
    """The rights of this connection."""

    contests: bool
    chat: bool
    leaderboard: bool
    participant: bool
    admin: bool


class ContestView(Record, frozen=True, kw_only=True):
    """A contest. Fees and prizes are decimal strings in `currency`; `max_participants` is null if there is no limit.

    `created_by`, `created_at` and `muted` (wallets) are sent only to admins.
    """

    id: int
    contest_code: str
    name: str
    description: str | None
    image_url: str | None
    start_time: str
    end_time: str
    status: str
    """Known values: `active`, `cancelled`, `completed`, `pending`."""
    entry_fee: str
    prize_pool: str
    currency: str
    payout: list[Payout]
    min_participants: int
    max_participants: int | None
    starting_balance: float
    allowed_symbols: list[str]
    rules: str | None
    participantCount: int
    spectatorCount: int
    hasAdminPresence: bool
    cancellation_reason: str | None
    updated_at: str
    created_by: str | None = None
    created_at: str | None = None
    muted: list[str] | None = None


class ErrorRecord(Record, frozen=True, kw_only=True):
    """`count` equal errors of a service that occurred within 10 s. Secrets are removed from the texts."""

    id: int
    service: str
    source: str
    level: str
    """Known values: `critical`, `debug`, `error`, `info`, `warning`."""
    error: str
    timestamp: str
    details: dict[str, Any]
    count: int


class EventCount(Record, frozen=True, kw_only=True):
    """How often an event was received."""

    event: str
    count: int


class EventCounts(Record, frozen=True, kw_only=True):
    """How many events clients sent since the start, and how many of them were stored."""

    received: int
    stored: int


class EventRecord(Record, frozen=True, kw_only=True):
    """An event that was stored, and when it was received."""

    wallet: str
    event: str
    timestamp: str


class GivenEvent(Record, frozen=True, kw_only=True):
    """An event to track. `data` is at most 16 KiB of JSON. Each `eventId` of a wallet is stored only once.
    `occurredAt`, meant for clients that were offline, must be at most 24 h in the past and at most 5 min in the
    future."""

    event: str
    """1 to 64 of A-Z a-z 0-9 _ . : -"""
    data: Mapping[str, Any] | None = None
    eventId: str | None = None
    occurredAt: str | None = None


class Holding(Record, frozen=True, kw_only=True):
    """A token in a portfolio. `weight` is the weight last chosen; the other figures are null before the start."""

    symbol: str
    weight: int
    quantity: float | None
    price: float | None
    value: float | None


class LayerMember(Record, frozen=True, kw_only=True):
    """A service in its layer."""

    service: str
    status: str
    """Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`, `unknown`."""
    circuit_breaker: BreakerSummary


class Leaderboard(Record, frozen=True, kw_only=True):
    """A page of a leaderboard that has `total` rows; `version` grows with each ranking."""

    contestId: int
    entries: list[LeaderboardRow]
    offset: int
    limit: int
    total: int
    version: int
    updatedAt: str


class LeaderboardRow(Record, frozen=True, kw_only=True):
    """`rankChange` = rank at the last full minute − rank now; 0 for new rows."""

    rank: int
    wallet: str
    nickname: str | None
    value: float
    returnPct: float
    rankChange: int
    entryTime: str


class Limits(Record, frozen=True, kw_only=True):
    """The limits of a connection; null means no limit."""

    maxMessageBytes: int
    messagesPerMinute: int | None
    maxSubscriptions: int | None


class MaintenanceRecord(Record, frozen=True, kw_only=True):
    """The state of maintenance. `mode` says whether the server is under maintenance. `until` is present if
    maintenance ends by itself; `updated_by` is present in replies to admins."""

    mode: bool
    message: str | None
    updated_at: str | None
    until: str | None = None
    updated_by: str | None = None


class MessageCounts(Record, frozen=True, kw_only=True):
    """The number of messages from and to clients since the start, and per second over the last few seconds."""

    received: int
    sent: int
    perSecondIn: float
    perSecondOut: float


class MetricData(Record, frozen=True, kw_only=True):
    """`value` is null if it is not known. `events` and `skipped` are present only for the metric `event`. `events`
    lists the newest of the events that `value` counts; `skipped` is how many more it counts."""

    value: float | None
    timestamp: str
    events: list[EventRecord] | None = None
    skipped: int | None = None


class MonitorCapabilities(Record, frozen=True, kw_only=True):
    """The rights of this connection."""

    status: bool
    maintenance: bool
    settings: bool
    services: bool
    errors: bool


class NamedHealth(Record, frozen=True, kw_only=True):
    """A service in the list of all services."""

    status: str
    """Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`, `unknown`."""
    metrics: dict[str, float | None]
    updated_at: str
    name: str


class Notification(Record, frozen=True, kw_only=True):
    """A notification. `link` is an `https:` URL or a path. For announcements, `read` is always false."""

    id: int
    type: str
    title: str
    content: str
    priority: str
    """Known values: `high`, `low`, `medium`, `urgent`."""
    link: str | None
    data: dict[str, Any]
    timestamp: str
    read: bool
    read_at: str | None
    expires_at: str | None


class NotificationsCapabilities(Record, frozen=True, kw_only=True):
    """The rights of this connection."""

    inbox: bool
    announcements: bool


class Outcome(Record, frozen=True, kw_only=True):
    """The outcome of a command."""

    success: bool
    message: str
    data: dict[str, Any] | None = None


class Participant(Record, frozen=True, kw_only=True):
    """A wallet in a contest. Until the contest is completed, `portfolio` is sent only to its owner and to admins."""

    isParticipant: bool
    walletAddress: str
    nickname: str | None = None
    status: str | None = None
    """Known values: `active`, `disqualified`, `finished`, `registered`."""
    entryTime: str | None = None
    initialBalance: float | None = None
    portfolioValue: float | None = None
    returnPct: float | None = None
    rank: int | None = None
    totalParticipants: int | None = None
    portfolio: list[Holding] | None = None
    prize: str | None = None
    finalRank: int | None = None


class Payout(Record, frozen=True, kw_only=True):
    """`percent` of the prize pool goes to `place`."""

    place: int
    percent: float


class Performance(Record, frozen=True, kw_only=True):
    """How long calls took; null without calls."""

    averageOperationTimeMs: float | None
    lastOperationTimeMs: float | None
    p95OperationTimeMs: float | None


class Price(Record, frozen=True, kw_only=True):
    """`stale` says whether the feed, or the symbol itself, has been silent for longer than the settings allow."""

    symbol: str
    price: float
    change_24h: float | None
    volume_24h: float | None
    high_24h: float | None
    low_24h: float | None
    timestamp: str
    source: str
    stale: bool


class ProcessFigures(Record, frozen=True, kw_only=True):
    """The server process. `cpuPercent` is the percentage of one core over the last few seconds; `eventLoopLagMs` is
    the most recent delay of the event loop."""

    cpuPercent: float
    memoryBytes: int
    eventLoopLagMs: float


class RoomMember(Record, frozen=True, kw_only=True):
    """A user in the list of a room's members."""

    wallet: str
    nickname: str | None
    role: str
    """Known values: `admin`, `participant`, `spectator`."""


class RoomUser(Record, frozen=True, kw_only=True):
    """A user in a room."""

    wallet: str
    nickname: str | None


class Sender(Record, frozen=True, kw_only=True):
    """The author of a message, as of the time of writing."""

    wallet: str
    nickname: str | None
    role: str


class Sentiment(Record, frozen=True, kw_only=True):
    """buy_pressure = buy volume / volume over 15 m; score = buy − sell pressure; all 0 without trades."""

    symbol: str
    sentiment_score: float
    buy_pressure: float
    sell_pressure: float
    volume_trend: str
    """Known values: `decreasing`, `increasing`, `stable`."""
    timestamp: str


class ServerStats(Record, frozen=True, kw_only=True):
    """Figures of the server. `startTimeMs` is in epoch milliseconds."""

    startTimeMs: int
    uptimeMs: int
    connections: ConnectionCounts
    messages: MessageCounts
    events: EventCounts
    activeUsers: int
    process: ProcessFigures
    nodes: int


class ServerStatus(Record, frozen=True, kw_only=True):
    """The server as a whole. Fields after `timestamp` are only for signed-in users; `affected` has the names of the
    services that do not work as they should."""

    status: str
    """Known values: `degraded`, `maintenance`, `online`."""
    message: str
    timestamp: str
    version: str | None = None
    uptime_seconds: int | None = None
    connections: int | None = None
    affected: list[str] | None = None


class ServiceHealth(Record, frozen=True, kw_only=True):
    """A service, as shown on the endpoint `monitor`."""

    status: str
    """Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`, `unknown`."""
    metrics: dict[str, float | None]
    updated_at: str


class ServiceState(Record, frozen=True, kw_only=True):
    """A service, as shown to those who depend on it."""

    service: str
    displayName: str
    layer: str
    status: str
    """Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`, `unknown`."""
    circuit_breaker: BreakerRecord
    operations: CallCounts
    performance: Performance
    config: dict[str, Any]
    dependencies: list[str]
    updated_at: str


class Setting(Record, frozen=True, kw_only=True):
    """The present state of a setting.

    `name` is the key without the category; `category` is null if the key has no dot. `value` is null if it is
    secret. `version` is 0, and `updatedAt` null, while no value is stored. `updatedBy` is sent only to admins.
    """

    key: str
    name: str
    category: str | None
    value: Any
    value_type: str
    """Known values: `boolean`, `json`, `number`, `string`."""
    description: str
    visibility: str
    """Known values: `admin`, `public`, `user`."""
    secret: bool
    version: int
    updatedAt: str | None
    updatedBy: str | None = None


class Since(Record, frozen=True, kw_only=True):
    """A position: the `seq` of the last message that the client handled, and the `epoch` of that `seq`."""

    epoch: str
    """1 to 32 of A-Z a-z 0-9 _ -"""
    seq: int


class SkyDuelService(Record, frozen=True, kw_only=True):
    """A service, as shown to those who manage it."""

    name: str
    displayName: str
    description: str
    version: str
    kind: str
    """Known values: `internal`, `probe`, `reported`."""
    layer: str
    status: str
    """Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`, `unknown`."""
    isRunning: bool
    hasActiveCircuitBreaker: bool
    dependencies: list[str]
    dependents: list[str]
    commands: list[str]
    lastUpdate: str
    startedAt: str | None
    restarts: int
    metrics: dict[str, float | None]


class Subscription(Record, frozen=True, kw_only=True):
    """A channel or group that the connection follows; `seq` is null for a group."""

    channel: str
    kind: str
    """Known values: `every`, `latest`."""
    seq: int | None


class Token(Record, frozen=True, kw_only=True):
    """A token. Market fields are amounts in the quote currency, except `change_24h`, which is in percent. Unknown
    fields are null."""

    symbol: str
    name: str | None
    address: str | None
    decimals: int | None
    image_url: str | None
    description: str | None
    color: str | None
    socials: dict[str, str]
    websites: list[Website]
    status: str
    """Known values: `active`, `inactive`."""
    updated_at: str
    price: float | None
    change_24h: float | None
    volume_24h: float | None
    market_cap: float | None
    fdv: float | None
    liquidity: float | None


class TokenMetadata(Record, frozen=True, kw_only=True):
    """A token without its market fields."""

    symbol: str
    name: str | None
    address: str | None
    decimals: int | None
    image_url: str | None
    description: str | None
    color: str | None
    socials: dict[str, str]
    websites: list[Website]
    status: str
    """Known values: `active`, `inactive`."""
    updated_at: str


class TrackedEvent(Record, frozen=True, kw_only=True):
    """A stored event. `duplicate` is true if an event with this id had already been stored; the new one is then
    ignored."""

    event: str
    eventId: str
    duplicate: bool


class User(Record, frozen=True, kw_only=True):
    """The user that a connection belongs to."""

    wallet_address: str
    nickname: str | None
    role: str


class Volume(Record, frozen=True, kw_only=True):
    """Volumes in the quote currency; buy and sell refer to the taker's side."""

    symbol: str
    volume: float
    trades_count: int
    buy_volume: float
    sell_volume: float
    interval: str
    """Known values: `15m`, `1d`, `1h`, `1m`, `4h`, `5m`."""
    timestamp: str


class Website(Record, frozen=True, kw_only=True):
    """A link of a token."""

    label: str
    url: str

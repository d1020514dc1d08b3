"""Records in the messages of the endpoints.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..messages import Record


class ActiveUser(Record, frozen=True, kw_only=True):
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


class Alert(Record, frozen=True, kw_only=True):
    """A change of a breaker or of the health of a service, published once."""

    id: str
    """The id of the alert."""
    type: str
    """The kind of change. Known values: `circuit_closed`, `circuit_half_open`, `circuit_open`, `health_failed`,
    `health_recovered`."""
    severity: str
    """How bad that is. Known values: `critical`, `info`, `warning`."""
    message: str
    """A sentence about it."""


class BreakerRecord(Record, frozen=True, kw_only=True):
    """The breaker of a service."""

    status: str
    """`degraded` is closed after a failed call, `initializing` is without a call so far, and a service without a
    breaker is `disabled`. Known values: `closed`, `degraded`, `disabled`, `half_open`, `initializing`, `open`."""
    is_open: bool
    """Whether the breaker refuses every call."""
    details: str
    """A sentence about `status`."""
    failures: int
    """How many calls failed in a row."""
    failure_rate: float | None
    """The percentage of failed calls in the window; null without calls."""
    last_failure: str | None
    """When a call last failed; null if none did."""
    last_success: str | None
    """When a call last succeeded; null if none did."""
    opened_at: str | None
    """When the breaker opened; null unless it is open."""
    next_attempt_at: str | None
    """When the breaker will be half-open; null unless it is open."""
    recovery_attempts: int
    """How many half-open periods failed since the breaker was last closed."""
    last_reset: str | None
    """When the breaker was last closed by hand; null if it never was."""


class BreakerSummary(Record, frozen=True, kw_only=True):
    """The breaker of a service, in short."""

    status: str
    """`degraded` is closed after a failed call, `initializing` is without a call so far, and a service without a
    breaker is `disabled`. Known values: `closed`, `degraded`, `disabled`, `half_open`, `initializing`, `open`."""
    is_open: bool
    """Whether the breaker refuses every call."""


class CallCounts(Record, frozen=True, kw_only=True):
    """Calls of a service since the start."""

    total: int
    """How many calls were made."""
    successful: int
    """How many of them succeeded."""
    failed: int
    """How many of them failed."""
    rejected: int
    """How many calls the breaker refused; `total` does not include them."""


class ChannelSince(Record, frozen=True, kw_only=True):
    """A channel, and the position to resume from."""

    channel: str
    """The channel to follow. A channel or group name."""
    since: Since | None = None
    """The position to resume from; without it, the channel begins with its snapshot."""


class Channels(Record, frozen=True, kw_only=True):
    """The targets that may be followed."""

    all: str
    """The name of the group of all services."""
    layers: list[str]
    """The names of the layers."""
    services: list[str]
    """The names of the services."""


class ChatMessageRecord(Record, frozen=True, kw_only=True):
    """A stored message."""

    id: int
    """The id of the message; later messages of the contest have greater ids."""
    contestId: int
    """The id of the contest."""
    sender: Sender
    """The author."""
    text: str
    """Plain text; clients must escape it."""
    timestamp: str
    """When the message was stored."""
    isAdmin: bool
    """Whether an admin wrote the message."""
    messageId: str | None = None
    """The id that the sender gave the message, a UUID; absent if it gave none."""


class CircuitBreakerCapabilities(Record, frozen=True, kw_only=True):
    """The rights of this connection."""

    subscribe: bool
    """Whether it may follow services."""
    healthCheck: bool
    """Whether it may have services checked."""
    resetCircuitBreaker: bool
    """Whether it may close breakers."""
    adminAccess: bool
    """Whether it has the rights of an admin."""


class ConnectionCounts(Record, frozen=True, kw_only=True):
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


class ContestCapabilities(Record, frozen=True, kw_only=True):
    """The rights of this connection."""

    contests: bool
    """Whether it may read contests."""
    chat: bool
    """Whether it may write in the chat."""
    leaderboard: bool
    """Whether it may read leaderboards."""
    participant: bool
    """Whether it may follow the row of its own wallet."""
    admin: bool
    """Whether it has the rights of an admin."""


class ContestView(Record, frozen=True, kw_only=True):
    """A contest."""

    id: int
    """The id of the contest."""
    contest_code: str
    """A code for people: 8 characters of A-Z 2-9."""
    name: str
    """The name, at most 100 characters of plain text."""
    description: str | None
    """A text about the contest, plain text; null if there is none."""
    image_url: str | None
    """An `https:` URL of the contest's image; null if there is none."""
    start_time: str
    """When the contest starts."""
    end_time: str
    """When the contest ends."""
    status: str
    """`pending` before the start, `active` until the end, then `completed`; or `cancelled`. Known values: `active`,
    `cancelled`, `completed`, `pending`."""
    entry_fee: str
    """The fee to enter, a decimal number in `currency` with at most 9 decimals."""
    prize_pool: str
    """The sum that the winners share, a decimal number in `currency` with at most 9 decimals."""
    currency: str
    """The currency of the fee and the prizes, such as `SOL`."""
    payout: list[Payout]
    """The shares of the prize pool by place."""
    min_participants: int
    """With fewer participants at `start_time`, the contest is cancelled."""
    max_participants: int | None
    """The largest number of participants; null means no limit."""
    starting_balance: float
    """The value of every portfolio at the start, in the unit in which all values of the contest are given."""
    allowed_symbols: list[str]
    """The symbols that portfolios may contain; empty means all."""
    rules: str | None
    """The rules, plain text; null if there are none."""
    participantCount: int
    """How many participants there are, without disqualified ones."""
    spectatorCount: int
    """How many spectators are in the room."""
    hasAdminPresence: bool
    """Whether at least one visible admin is in the room."""
    cancellation_reason: str | None
    """Why the contest was cancelled; null unless it was."""
    updated_at: str
    """When the contest last changed."""
    created_by: str | None = None
    """The wallet of the admin who created the contest; sent only to admins."""
    created_at: str | None = None
    """When the contest was created; sent only to admins."""
    muted: list[str] | None = None
    """The wallets that may not write in the chat; sent only to admins."""


class ErrorRecord(Record, frozen=True, kw_only=True):
    """Equal errors of a service that occurred within 10 seconds. Secrets are removed from the texts."""

    id: int
    """The id of the record."""
    service: str
    """The name of the service."""
    source: str
    """The part of the service that failed; the service itself if it named none."""
    level: str
    """How bad the error is. Known values: `critical`, `debug`, `error`, `info`, `warning`."""
    error: str
    """What happened."""
    timestamp: str
    """When the first of the errors occurred."""
    details: dict[str, Any]
    """Further facts, as the service reported them."""
    count: int
    """How many equal errors the record stands for."""


class EventCount(Record, frozen=True, kw_only=True):
    """How often an event was received."""

    event: str
    """The name of the event."""
    count: int
    """How often it was received."""


class EventCounts(Record, frozen=True, kw_only=True):
    """Events of clients since the start."""

    received: int
    """How many were received."""
    stored: int
    """How many of them were stored."""


class EventRecord(Record, frozen=True, kw_only=True):
    """A stored event."""

    wallet: str
    """The wallet that sent the event."""
    event: str
    """The name of the event."""
    timestamp: str
    """When the event was received."""


class GivenEvent(Record, frozen=True, kw_only=True):
    """An event to track."""

    event: str
    """The name of the event. 1 to 64 of A-Z a-z 0-9 _ . : -"""
    data: Mapping[str, Any] | None = None
    """Facts about the event, at most 16 KiB of JSON."""
    eventId: str | None = None
    """The id of the event; each is stored only once per wallet. Without it, the server makes one. A UUID."""
    occurredAt: str | None = None
    """When the event happened: ISO-8601 with an offset, at most 24 h ago and at most 5 min ahead; for clients that
    were offline."""


class Holding(Record, frozen=True, kw_only=True):
    """A token in a portfolio."""

    symbol: str
    """The symbol of the token."""
    weight: int
    """The weight last chosen, in percent; the weights of a portfolio sum to 100."""
    quantity: float | None
    """How much of the token the portfolio has; null before the start."""
    price: float | None
    """The price of the token; null before the start, and if it is unknown."""
    value: float | None
    """`quantity` × `price`, in the unit of the starting balance; null if either is null."""


class LayerMember(Record, frozen=True, kw_only=True):
    """A service in its layer."""

    service: str
    """The name of the service."""
    status: str
    """The state of the service. Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`,
    `unknown`."""
    circuit_breaker: BreakerSummary
    """The breaker of the service."""


class Leaderboard(Record, frozen=True, kw_only=True):
    """A page of a leaderboard."""

    contestId: int
    """The id of the contest."""
    entries: list[LeaderboardRow]
    """The rows of the page, best rank first."""
    offset: int
    """How many rows come before the page."""
    limit: int
    """How many rows the page has at most."""
    total: int
    """How many rows the leaderboard has."""
    version: int
    """Grows with each ranking, so that the newer of two pages is the one with the greater version."""
    updatedAt: str
    """When the ranking was made."""


class LeaderboardRow(Record, frozen=True, kw_only=True):
    """A participant in a leaderboard."""

    rank: int
    """The rank, from 1; equal values share a rank."""
    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    value: float
    """The value of the portfolio, in the unit of the starting balance."""
    returnPct: float
    """The return since the start in percent, with two decimals."""
    rankChange: int
    """The rank at the last full minute − the rank now, so that rising is positive; 0 for new rows and until the
    first full minute."""
    entryTime: str
    """When the wallet entered."""


class Limits(Record, frozen=True, kw_only=True):
    """The limits of a connection."""

    maxMessageBytes: int
    """The size of the largest message that the client may send, in bytes after inflating."""
    messagesPerMinute: int | None
    """How many messages a minute the wallet may send over all its connections to this endpoint, or the connection if
    it is anonymous; null means no limit."""
    maxSubscriptions: int | None
    """How many channels the connection may follow; a group counts as one, and those joined by connecting do not
    count. Null means no limit."""


class MaintenanceRecord(Record, frozen=True, kw_only=True):
    """The state of maintenance."""

    mode: bool
    """Whether the server is under maintenance."""
    message: str | None
    """A text for users; null if there is none."""
    updated_at: str | None
    """When the state last changed; null if it never did."""
    until: str | None = None
    """When maintenance ends by itself; absent if it does not, and outside maintenance."""
    updated_by: str | None = None
    """The wallet of the admin who last changed the state, null if nobody did; only in replies to admins."""


class MessageCounts(Record, frozen=True, kw_only=True):
    """Messages from and to clients."""

    received: int
    """How many came from clients since the start."""
    sent: int
    """How many went to clients since the start."""
    perSecondIn: float
    """How many came from clients per second, over the last few seconds."""
    perSecondOut: float
    """How many went to clients per second, over the last few seconds."""


class MetricData(Record, frozen=True, kw_only=True):
    """The value of a metric, with the newest events if the metric is `event`."""

    value: float | None
    """The value; null if it is not known."""
    timestamp: str
    """When the value was determined."""
    events: list[EventRecord] | None = None
    """The newest of the events that `value` counts, at most 50; present only for the metric `event`."""
    skipped: int | None = None
    """How many more events `value` counts; present only for the metric `event`."""


class MonitorCapabilities(Record, frozen=True, kw_only=True):
    """The rights of this connection."""

    status: bool
    """Whether it may read the status of the server."""
    maintenance: bool
    """Whether it may read the state of maintenance."""
    settings: bool
    """Whether it may read settings other than the background scene."""
    services: bool
    """Whether it may read the health of services."""
    errors: bool
    """Whether it may read errors."""


class NamedHealth(Record, frozen=True, kw_only=True):
    """A service in the list of all services."""

    status: str
    """The state of the service, as in ServiceState. Known values: `circuit_open`, `degraded`, `healthy`, `stopped`,
    `unhealthy`, `unknown`."""
    metrics: dict[str, float | None]
    """Figures of the service by name; null if a figure is unknown."""
    updated_at: str
    """When the state last changed."""
    name: str
    """The name of the service."""


class Notification(Record, frozen=True, kw_only=True):
    """A notification."""

    id: int
    """The id of the notification."""
    type: str
    """The kind of notification, such as `CONTEST_RESULT`: 1 to 64 of A-Z 0-9 _."""
    title: str
    """The title, plain text."""
    content: str
    """The text, plain text."""
    priority: str
    """How urgent it is. Known values: `high`, `low`, `medium`, `urgent`."""
    link: str | None
    """Where it leads: an `https:` URL, or a path that begins with one `/`; null if it leads nowhere."""
    data: dict[str, Any]
    """Facts of this type of notification, such as the `contestId`."""
    timestamp: str
    """When the notification was stored."""
    read: bool
    """Whether it is marked as read; always false for announcements."""
    read_at: str | None
    """When it was marked as read; null if it is unread."""
    expires_at: str | None
    """When it will be removed; null if it will not."""


class NotificationsCapabilities(Record, frozen=True, kw_only=True):
    """The rights of this connection."""

    inbox: bool
    """Whether it has notifications of its own."""
    announcements: bool
    """Whether it is sent announcements."""


class Outcome(Record, frozen=True, kw_only=True):
    """The outcome of a command."""

    success: bool
    """Whether the command succeeded."""
    message: str
    """A sentence about the outcome."""
    data: dict[str, Any] | None = None
    """Further results; absent if there are none."""


class Participant(Record, frozen=True, kw_only=True):
    """A wallet in a contest. If the wallet has not entered, only `isParticipant` and `walletAddress` are present."""

    isParticipant: bool
    """Whether the wallet has entered the contest."""
    walletAddress: str
    """The wallet."""
    nickname: str | None = None
    """The nickname; null if there is none."""
    status: str | None = None
    """`registered` before the start, `active` until the end, then `finished`; or `disqualified`. Known values:
    `active`, `disqualified`, `finished`, `registered`."""
    entryTime: str | None = None
    """When the wallet entered."""
    initialBalance: float | None = None
    """The value of the portfolio at the start."""
    portfolioValue: float | None = None
    """The value of the portfolio now, or at the end."""
    returnPct: float | None = None
    """(`portfolioValue` − `initialBalance`) / `initialBalance` in percent, with two decimals."""
    rank: int | None = None
    """The rank, from 1; equal values share a rank. Null if the participant is disqualified."""
    totalParticipants: int | None = None
    """How many participants are ranked."""
    portfolio: list[Holding] | None = None
    """The tokens of the portfolio; until the contest is completed, sent only to its owner and to admins."""
    prize: str | None = None
    """The prize, a decimal number in the contest's currency; present once the contest is completed, if there is one."""
    finalRank: int | None = None
    """The rank at the end; present once the contest is completed, unless the participant is disqualified."""


class Payout(Record, frozen=True, kw_only=True):
    """A share of the prize pool."""

    place: int
    """The place, from 1."""
    percent: float
    """The percentage of the prize pool that goes to the place; all of them sum to at most 100."""


class Performance(Record, frozen=True, kw_only=True):
    """How long calls of a service took."""

    averageOperationTimeMs: float | None
    """The average in milliseconds; null without calls."""
    lastOperationTimeMs: float | None
    """The duration of the last call in milliseconds; null without calls."""
    p95OperationTimeMs: float | None
    """The 95th percentile in milliseconds; null without calls."""


class Price(Record, frozen=True, kw_only=True):
    """The price of a symbol, with figures of the past 24 hours."""

    symbol: str
    """The symbol, such as `SOL`."""
    price: float
    """The price in the quote currency."""
    change_24h: float | None
    """The change over 24 hours, in percent; null if unknown."""
    volume_24h: float | None
    """The volume of 24 hours in the quote currency; null if unknown."""
    high_24h: float | None
    """The highest price of 24 hours; null if unknown."""
    low_24h: float | None
    """The lowest price of 24 hours; null if unknown."""
    timestamp: str
    """The venue's time of the price; the time of receipt if the venue gives none."""
    source: str
    """Where the price comes from: the name of a feed, or `http` for a posted price."""
    stale: bool
    """Whether the feed, or the symbol itself, has been silent for longer than the settings allow."""


class ProcessFigures(Record, frozen=True, kw_only=True):
    """The server process."""

    cpuPercent: float
    """The use of the processor over the last few seconds, in percent of one core."""
    memoryBytes: int
    """The resident memory in bytes."""
    eventLoopLagMs: float
    """The most recent delay of the event loop, in milliseconds."""


class RoomMember(Record, frozen=True, kw_only=True):
    """A user in the list of a room's members."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    role: str
    """The role in the room; `admin` comes before `participant` and `spectator`. Known values: `admin`,
    `participant`, `spectator`."""


class RoomUser(Record, frozen=True, kw_only=True):
    """A user in a room."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""


class Sender(Record, frozen=True, kw_only=True):
    """The author of a message, as of the time of writing."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there was none."""
    role: str
    """`user`, `admin` or `superadmin`."""


class Sentiment(Record, frozen=True, kw_only=True):
    """The balance of buying and selling over the past 15 minutes."""

    symbol: str
    """The symbol, such as `SOL`."""
    sentiment_score: float
    """`buy_pressure` − `sell_pressure`, from −1 to 1; 0 without trades."""
    buy_pressure: float
    """The buy volume divided by the volume, from 0 to 1; 0 without trades."""
    sell_pressure: float
    """The sell volume divided by the volume, from 0 to 1; 0 without trades."""
    volume_trend: str
    """How the volume compares with that of the 15 minutes before; `stable` is within ±10 %. Known values:
    `decreasing`, `increasing`, `stable`."""
    timestamp: str
    """When the sentiment was computed."""


class ServerStats(Record, frozen=True, kw_only=True):
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


class ServerStatus(Record, frozen=True, kw_only=True):
    """The server as a whole."""

    status: str
    """`degraded` if a service does not work or the server is not ready. Known values: `degraded`, `maintenance`,
    `online`."""
    message: str
    """A sentence about the status."""
    timestamp: str
    """When the status was determined."""
    version: str | None = None
    """The version of the server; only for clients with a token."""
    uptime_seconds: int | None = None
    """How long the server has been running, in seconds; only for clients with a token."""
    connections: int | None = None
    """How many connections are open; only for clients with a token."""
    affected: list[str] | None = None
    """The names of the services that do not work; only for clients with a token."""


class ServiceHealth(Record, frozen=True, kw_only=True):
    """A service, as shown on the endpoint `monitor`."""

    status: str
    """The state of the service, as in ServiceState. Known values: `circuit_open`, `degraded`, `healthy`, `stopped`,
    `unhealthy`, `unknown`."""
    metrics: dict[str, float | None]
    """Figures of the service by name; null if a figure is unknown."""
    updated_at: str
    """When the state last changed."""


class ServiceState(Record, frozen=True, kw_only=True):
    """A service, as shown to those who depend on it."""

    service: str
    """The name of the service."""
    displayName: str
    """The name for people."""
    layer: str
    """The layer of the service, such as `data`."""
    status: str
    """The state of the service, of which the first that applies is given: `stopped`, `circuit_open`, `unhealthy`,
    `degraded`, `unknown`, `healthy`. Known values: `circuit_open`, `degraded`, `healthy`, `stopped`, `unhealthy`,
    `unknown`."""
    circuit_breaker: BreakerRecord
    """The breaker of the service."""
    operations: CallCounts
    """The calls of the service since the start."""
    performance: Performance
    """How long calls took."""
    config: dict[str, Any]
    """The public part of the service's configuration, without URLs."""
    dependencies: list[str]
    """The names of the services that this one depends on."""
    updated_at: str
    """When the state last changed."""


class Setting(Record, frozen=True, kw_only=True):
    """The present state of a setting."""

    key: str
    """The key, such as `chat.max_characters`."""
    name: str
    """The key without the category."""
    category: str | None
    """The part of the key before the first dot; null if the key has no dot."""
    value: Any
    """The value; null if it is secret."""
    value_type: str
    """The type of the value. Known values: `boolean`, `json`, `number`, `string`."""
    description: str
    """The purpose of the setting; may be empty."""
    visibility: str
    """The clients that may see the setting: all, those with a token, or admins. Known values: `admin`, `public`,
    `user`."""
    secret: bool
    """Whether the value is shown to nobody."""
    version: int
    """Grows with each change; 0 while no value is stored."""
    updatedAt: str | None
    """When the value was stored; null while none is."""
    updatedBy: str | None = None
    """The wallet that stored the value, null while none is stored; sent only to admins."""


class Since(Record, frozen=True, kw_only=True):
    """A position: the `seq` of the last message that the client handled, and the `epoch` of that `seq`."""

    epoch: str
    """The epoch of `seq`. 1 to 32 of A-Z a-z 0-9 _ -"""
    seq: int
    """The `seq` of the last message of the channel that the client handled."""


class SkyDuelService(Record, frozen=True, kw_only=True):
    """A service, as shown to those who manage it."""

    name: str
    """The name of the service."""
    displayName: str
    """The name for people."""
    description: str
    """The purpose of the service."""
    version: str
    """The version of the service; empty if it is unknown."""
    kind: str
    """`internal` services are parts of the server, `probe` services are checked by it, and `reported` services
    report themselves. Known values: `internal`, `probe`, `reported`."""
    layer: str
    """The layer of the service, such as `data`."""
    status: str
    """The state of the service, as in ServiceState. Known values: `circuit_open`, `degraded`, `healthy`, `stopped`,
    `unhealthy`, `unknown`."""
    isRunning: bool
    """Whether the service runs."""
    hasActiveCircuitBreaker: bool
    """Whether the service's breaker is open or half-open."""
    dependencies: list[str]
    """The names of the services that this one depends on."""
    dependents: list[str]
    """The names of the services that depend on this one."""
    commands: list[str]
    """The commands that the service accepts."""
    lastUpdate: str
    """When the state last changed."""
    startedAt: str | None
    """When the service was last started; null if it never was."""
    restarts: int
    """How often the service was restarted."""
    metrics: dict[str, float | None]
    """Figures of the service by name; null if a figure is unknown."""


class Subscription(Record, frozen=True, kw_only=True):
    """A channel or group that the connection follows."""

    channel: str
    """The channel or group."""
    kind: str
    """The kind of the channel or of the channels of the group. Known values: `every`, `latest`."""
    seq: int | None
    """The channel's position; null for a group."""


class Token(Record, frozen=True, kw_only=True):
    """A token with its market fields."""

    symbol: str
    """The symbol, such as `SOL`, or `YFI-BTC` if the token is not quoted in dollars."""
    name: str | None
    """The name, such as `Solana`; null if unknown."""
    address: str | None
    """The address of the mint or contract; null if unknown."""
    decimals: int | None
    """How many decimals an amount of the token has on its chain; null if unknown."""
    image_url: str | None
    """An `https:` URL of the token's image; null if there is none."""
    description: str | None
    """A text about the token; null if there is none."""
    color: str | None
    """The token's color as `#rrggbb` or `#rrggbbaa`; null if there is none."""
    socials: dict[str, str]
    """`https:` URLs by kind, such as `x`."""
    websites: list[Website]
    """Links to websites of the token."""
    status: str
    """`inactive` tokens are no longer traded here. Known values: `active`, `inactive`."""
    updated_at: str
    """When the metadata or the status last changed."""
    price: float | None
    """The price in the quote currency; null if unknown."""
    change_24h: float | None
    """The change of the price over 24 hours, in percent; null if unknown."""
    volume_24h: float | None
    """The volume of 24 hours in the quote currency; null if unknown."""
    market_cap: float | None
    """The market capitalization in the quote currency; null if unknown."""
    fdv: float | None
    """The fully diluted valuation in the quote currency; null if unknown."""
    liquidity: float | None
    """The liquidity in the quote currency; null if unknown."""


class TokenMetadata(Record, frozen=True, kw_only=True):
    """A token without its market fields."""

    symbol: str
    """The symbol, such as `SOL`, or `YFI-BTC` if the token is not quoted in dollars."""
    name: str | None
    """The name, such as `Solana`; null if unknown."""
    address: str | None
    """The address of the mint or contract; null if unknown."""
    decimals: int | None
    """How many decimals an amount of the token has on its chain; null if unknown."""
    image_url: str | None
    """An `https:` URL of the token's image; null if there is none."""
    description: str | None
    """A text about the token; null if there is none."""
    color: str | None
    """The token's color as `#rrggbb` or `#rrggbbaa`; null if there is none."""
    socials: dict[str, str]
    """`https:` URLs by kind, such as `x`."""
    websites: list[Website]
    """Links to websites of the token."""
    status: str
    """`inactive` tokens are no longer traded here. Known values: `active`, `inactive`."""
    updated_at: str
    """When the metadata or the status last changed."""


class TrackedEvent(Record, frozen=True, kw_only=True):
    """A stored event."""

    event: str
    """The name of the event."""
    eventId: str
    """The id of the event, a UUID in lower case."""
    duplicate: bool
    """Whether an event with this id had been stored before; the new one is then ignored."""


class User(Record, frozen=True, kw_only=True):
    """The user that a connection belongs to."""

    wallet_address: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    role: str
    """`user`, `admin` or `superadmin`."""


class Volume(Record, frozen=True, kw_only=True):
    """The volume of a symbol in a window that ends now."""

    symbol: str
    """The symbol, such as `SOL`."""
    volume: float
    """The volume in the quote currency."""
    trades_count: int
    """How many trades there were."""
    buy_volume: float
    """The volume of trades in which the taker bought, in the quote currency."""
    sell_volume: float
    """The volume of trades in which the taker sold, in the quote currency."""
    interval: str
    """The length of the window. Known values: `15m`, `1d`, `1h`, `1m`, `4h`, `5m`."""
    timestamp: str
    """When the volume was computed."""


class Website(Record, frozen=True, kw_only=True):
    """A link of a token."""

    label: str
    """The text of the link."""
    url: str
    """An `https:` URL."""

"""The HTTP API.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from msgspec import UNSET, UnsetType, field

from ..messages import Operation, Record
from .records import Alert, ContestView, Leaderboard, Participant, SkyDuelService, Token, User


class Achievement(Record, frozen=True, kw_only=True):
    """An achievement that a user has unlocked."""

    achievement: str
    """The name of the achievement: its category and the count that unlocks it."""
    tier: str
    """The difficulty: `BRONZE`, `SILVER`, `GOLD`, `PLATINUM` or `DIAMOND`."""
    category: str
    """The events that are counted: `contests_entered`, `contests_won` or `win_streak`."""
    xp_awarded: int
    """The XP that the achievement is worth."""
    unlocked_at: str
    """When the user unlocked it."""


class AlertList(Record, frozen=True, kw_only=True):
    """Alerts, newest first."""

    data: list[RecentAlert]
    """The alerts."""
    count: int
    """How many `data` has."""


class AuditEntry(Record, frozen=True, kw_only=True):
    """A privileged action in the audit trail."""

    id: int
    """The id of the entry; it grows with time."""
    timestamp: str
    """When the action took place."""
    wallet: str
    """The wallet of the person or machine that acted."""
    role: str
    """Their role at that time."""
    action: str
    """The kind of action, such as `users.put`."""
    target: str
    """The object of the action: a wallet, a symbol, or an id such as `contests/2`."""
    outcome: str
    """`ok`, `denied` if a right was missing, or `conflict` if somebody else was faster. For a command to a service,
    it may also be `failed`, `timeout`, or an error code in lower case."""
    details: dict[str, Any]
    """Further facts, which depend on the action."""


class AuditPage(Record, frozen=True, kw_only=True):
    """Entries, newest first."""

    data: list[AuditEntry]
    """The entries."""
    count: int
    """How many `data` has."""
    nextCursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class Boundary(Record, frozen=True, kw_only=True):
    """The moment of a start or an end, and the prices that were used."""

    at: str
    """The moment."""
    prices: list[SettledPrice]
    """The prices of the tokens in the portfolios."""


class BreakerSettings(Record, frozen=True, kw_only=True):
    """When a breaker opens, and how it closes again."""

    failure_threshold: int | None = None
    """The breaker opens after this many failures in a row."""
    minimum_calls: int | None = None
    """The rates count only if the window has at least this many calls."""
    failure_rate_threshold: float | None = None
    """The breaker opens if this percentage of the calls in the window has failed."""
    slow_call_ms: float | None = None
    """A call that takes longer is slow, in milliseconds; null means that no call is."""
    slow_call_rate_threshold: float | None = None
    """The breaker opens if this percentage of the calls in the window was slow."""
    window_ms: int | None = None
    """The window over which the rates are computed, in milliseconds."""
    reset_timeout_ms: int | None = None
    """How long a breaker stays open before it becomes half open, in milliseconds."""
    max_reset_timeout_ms: int | None = None
    """The longest time that a breaker stays open after repeated failures, in milliseconds."""
    backoff_multiplier: float | None = None
    """After each failed attempt to close, the breaker stays open longer by this factor."""
    half_open_calls: int | None = None
    """A half-open breaker lets this many calls through, and closes if all succeed."""
    half_open_timeout_ms: int | None = None
    """A call through a half-open breaker counts as failed if it takes longer, in milliseconds."""


class BreakerTransition(Record, frozen=True, kw_only=True):
    """A change of a breaker."""

    before: str
    """The state before. Known values: `closed`, `half_open`, `open`."""
    after: str
    """The state after. Known values: `closed`, `half_open`, `open`."""
    reason: str
    """The cause: calls that failed in a row, the rate of failed or of slow calls in the window, the end of the time
    for which the breaker was open (`timer`), calls of a half-open breaker that all succeeded (`recovered`), of
    which one failed, or of which one took too long, or an operator (`reset`). Known values: `failed again`,
    `failure rate`, `failures in a row`, `not finished in time`, `recovered`, `reset`, `slow calls`, `timer`."""


class Candle(Record, frozen=True, kw_only=True):
    """The prices of an interval."""

    timestamp: str
    """When the interval begins."""
    open: float
    """The first price."""
    high: float
    """The highest price."""
    low: float
    """The lowest price."""
    close: float
    """The last price, or the newest if the interval is not over."""


class CandlePage(Record, frozen=True, kw_only=True):
    """Candles, oldest first; an interval without a price has no candle."""

    data: list[Candle]
    """The candles."""
    count: int
    """How many `data` has."""
    nextCursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class ChallengeInput(Record, frozen=True, kw_only=True):
    """The wallet that wants to sign in."""

    wallet: str
    """The address of a Solana wallet."""


class ChallengeToSign(Record, frozen=True, kw_only=True):
    """A challenge, which is valid for one sign-in."""

    challengeId: str
    """Identifies the challenge."""
    message: str
    """The text that the wallet must sign exactly as it is."""
    expiresAt: str
    """Until when the challenge is valid."""


class Change(Record, frozen=True, kw_only=True):
    """A change of a setting, with the new state."""

    version: int
    """The version of the setting after the change."""
    value: Any
    """The new value; null if the setting was deleted or is secret."""
    deleted: bool
    """Whether the setting was deleted."""
    secret: bool
    """Whether the value is secret."""
    timestamp: str
    """When the setting was changed."""
    by: str
    """The wallet of the admin who changed the setting."""


class CheckDefinition(Record, frozen=True, kw_only=True):
    """A check of a service."""

    type: Literal["http", "postgres", "redis", "tcp", "tls", "websocket"]
    """The kind of check."""
    url: str
    """The address to check. It may contain a user name and a password, and is therefore never shown."""
    intervalMs: int
    """The time between two checks, in milliseconds."""
    timeoutMs: int | None = None
    """A check that takes longer has failed, in milliseconds."""


class Choice(Record, frozen=True, kw_only=True):
    """A token chosen for a portfolio."""

    symbol: str
    """The symbol of the token. 1 to 32 of A-Z a-z 0-9 _ $ . -"""
    weight: int
    """The percentage of the portfolio, a whole number from 1 to 100."""


class ContestPage(Record, frozen=True, kw_only=True):
    """Contests."""

    data: list[ContestView]
    """The contests."""
    count: int
    """How many `data` has."""
    nextCursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class ContestPatch(Record, frozen=True, kw_only=True):
    """The fields to change. Null clears `description`, `image_url`, `rules` and `max_participants`; for other
    fields, null counts as absent."""

    name: UnsetType | str | None = UNSET
    """The name, a line of plain text."""
    start_time: UnsetType | str | None = UNSET
    """When the contest starts. ISO-8601 with an offset."""
    end_time: UnsetType | str | None = UNSET
    """When the contest ends; after the start, it can only be moved to a later time. ISO-8601 with an offset."""
    description: UnsetType | str | None = UNSET
    """A text about the contest, plain text."""
    image_url: UnsetType | str | None = UNSET
    """The contest's image. An `https:` URL."""
    rules: UnsetType | str | None = UNSET
    """The rules, plain text."""
    entry_fee: UnsetType | str | int | float | None = UNSET
    """The fee to enter, in `currency`. An amount with at most 9 decimals, as a string or a number."""
    prize_pool: UnsetType | str | int | float | None = UNSET
    """The sum that the winners share, in `currency`. An amount with at most 9 decimals, as a string or a number."""
    currency: UnsetType | str | None = UNSET
    """The currency of the fee and the prizes. 1 to 16 characters of A-Z 0-9"""
    payout: UnsetType | Sequence[PayoutInput] | None = UNSET
    """The shares of the prize pool by place."""
    min_participants: UnsetType | int | None = UNSET
    """With fewer participants at `start_time`, the contest is cancelled."""
    max_participants: UnsetType | int | None = UNSET
    """At most this many may enter; up to 100,000 if it is null."""
    starting_balance: UnsetType | float | None = UNSET
    """The value of every portfolio at the start."""
    allowed_symbols: UnsetType | Sequence[str] | None = UNSET
    """The symbols that portfolios may contain; empty means all."""


class EntryChange(Record, frozen=True, kw_only=True):
    """A change of a participant's status."""

    status: Literal["active", "disqualified", "registered"]
    """`disqualified` excludes the participant; `registered` and `active` both readmit them, and their status is then
    the one of the two that fits the contest."""


class EntryPage(Record, frozen=True, kw_only=True):
    """Entries in the order of the wallets."""

    data: list[ListedEntry]
    """The entries."""
    count: int
    """How many `data` has."""
    nextCursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class ErrorInput(Record, frozen=True, kw_only=True):
    """An error that a service reports."""

    service: str
    """The service that reports. 1 to 64 of a-z 0-9 _ -"""
    level: Literal["critical", "debug", "error", "info", "warning"]
    """How severe the error is."""
    error: str
    """The error message; 4,000 characters are kept."""
    source: str | None = None
    """Where the error occurred; by default the service."""
    details: Mapping[str, Any] | None = None
    """Further facts: at most 16 KiB of JSON."""


class ListedEntry(Record, frozen=True, kw_only=True):
    """A wallet that has entered a contest."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    entryTime: str
    """When the wallet entered."""
    status: str
    """`registered` before the start, `active` until the end, then `finished`; or `disqualified`. Known values:
    `active`, `disqualified`, `finished`, `registered`."""


class ListedMute(Record, frozen=True, kw_only=True):
    """A mute in a list."""

    wallet: str
    """The wallet."""
    until: str | None
    """When the mute ends; null if it lasts until it is lifted."""
    nickname: str | None
    """The nickname; null if there is none."""


class ListedUser(Record, frozen=True, kw_only=True):
    """A stored user in a list."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    role: str | None
    """The role; null if none was ever set, in which case the role in the token applies. Known values: `admin`,
    `superadmin`, `user`."""
    banned: bool
    """Whether the user is banned."""
    createdAt: str
    """When the user was first stored."""


class Mute(Record, frozen=True, kw_only=True):
    """A wallet that may not write in a contest's chat."""

    wallet: str
    """The wallet."""
    until: str | None
    """When the mute ends; null if it lasts until it is lifted."""


class MuteInput(Record, frozen=True, kw_only=True):
    """The end of a mute."""

    until: str | None = None
    """When the mute ends: ISO-8601 with an offset. Without it, the mute lasts until it is lifted."""


class MutePage(Record, frozen=True, kw_only=True):
    """Mutes in the order of the wallets."""

    data: list[ListedMute]
    """The mutes."""
    count: int
    """How many `data` has."""
    nextCursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class NewContest(Record, frozen=True, kw_only=True):
    """The terms of a new contest. Omitted fields get their defaults."""

    name: str
    """The name, a line of plain text."""
    start_time: str
    """When the contest starts, in the future. ISO-8601 with an offset."""
    end_time: str
    """When the contest ends, after its start. ISO-8601 with an offset."""
    description: str | None = None
    """A text about the contest, plain text."""
    image_url: str | None = None
    """The contest's image. An `https:` URL."""
    rules: str | None = None
    """The rules, plain text."""
    entry_fee: str | int | float | None = None
    """The fee to enter, in `currency`; 0 by default. An amount with at most 9 decimals, as a string or a number."""
    prize_pool: str | int | float | None = None
    """The sum that the winners share, in `currency`; 0 by default. An amount with at most 9 decimals, as a string or
    a number."""
    currency: str | None = None
    """The currency of the fee and the prizes; `SOL` by default. 1 to 16 characters of A-Z 0-9"""
    payout: Sequence[PayoutInput] | None = None
    """The shares of the prize pool by place; by default 69, 20 and 11 percent for the first three places."""
    min_participants: int | None = None
    """With fewer participants at `start_time`, the contest is cancelled; 1 by default."""
    max_participants: int | None = None
    """At most this many may enter; up to 100,000 if it is null."""
    starting_balance: float | None = None
    """The value of every portfolio at the start; 1,000 by default."""
    allowed_symbols: Sequence[str] | None = None
    """The symbols that portfolios may contain; empty, which is the default, means all."""


class NewToken(Record, frozen=True, kw_only=True):
    """A token, and the user that it identifies."""

    token: str
    """The token, a JWT."""
    expiresAt: str
    """Until when the token is valid."""
    user: User
    """The user."""


class NodePage(Record, frozen=True, kw_only=True):
    """All nodes, sorted by role and name."""

    data: list[NodeRecord]
    """The nodes."""
    count: int
    """How many `data` has."""


class NodeRecord(Record, frozen=True, kw_only=True):
    """A process of the server."""

    name: str
    """The name of the node."""
    role: str
    """The role; a server of one process has the role `all`. Known values: `all`, `candidate`, `gateway`, `leader`."""
    version: str
    """The version of the program."""
    since: str
    """Since when the node has had its role."""
    connections: int
    """How many connections are open."""
    lagMs: int | None
    """The age of the oldest entry of the log that the node has not applied yet, in milliseconds: 0 if it has applied
    all, null if that is not known."""
    term: int | None
    """The term of the leader that the node follows; null without a cluster."""


class NotificationInput(Record, frozen=True, kw_only=True):
    """A notification for `wallets` or, with `broadcast`, for everybody."""

    wallets: Sequence[str] | None = None
    """The recipients; invalid wallets are skipped and counted."""
    broadcast: bool | None = None
    """True notifies everybody; then `wallets` must be absent."""
    type: str
    """The kind of notification. 1 to 64 of A-Z 0-9 _, such as `CONTEST_INVITE`"""
    title: str
    """The title, plain text."""
    content: str
    """The text, plain text."""
    priority: Literal["high", "low", "medium", "urgent"] | None = None
    """How urgent the notification is; `medium` by default."""
    link: str | None = None
    """The page that the notification leads to. An `https:` URL, or a path that begins with one `/`."""
    data: Mapping[str, Any] | None = None
    """Further data for programs: at most 16 KiB of JSON."""
    expires_at: str | None = None
    """When the notification is removed: ISO-8601 with an offset."""
    dedupeKey: str | None = None
    """A wallet receives only the first notification with a given key, so that it is safe to repeat a request."""


class OperationInput(Record, frozen=True, kw_only=True):
    """One operation of the service."""

    ok: bool
    """Whether the operation succeeded."""
    durationMs: float
    """How long it took, in milliseconds."""
    error: str | None = None
    """The error text of a failed operation; secrets in it are removed."""


class OperationsTaken(Record, frozen=True, kw_only=True):
    """The outcome of a report."""

    accepted: int
    """How many operations were counted."""


class OwnChangeInput(Record, frozen=True, kw_only=True):
    """A user's change of their own data."""

    nickname: str | None
    """The new nickname; null removes it. Unique without regard to case; no control or bidi characters."""


class OwnContest(Record, frozen=True, kw_only=True):
    """A contest, and the caller's row in it."""

    contest: ContestView
    """The contest."""
    participant: Participant
    """The caller's row."""


class OwnContestPage(Record, frozen=True, kw_only=True):
    """Contests, newest entry first."""

    data: list[OwnContest]
    """The contests."""
    count: int
    """How many `data` has."""
    nextCursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class OwnUser(Record, frozen=True, kw_only=True):
    """The caller."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    xp: int
    """The sum of the XP of all achievements."""
    level: int
    """The level, from 1, which grows with the XP."""
    contests: int
    """How many completed contests the user took part in."""
    wins: int
    """In how many of them, with at least two participants, the user was first."""
    achievements: list[Achievement]
    """The achievements that the user has unlocked."""
    role: str
    """The role that applies: the stored one or, if none was ever set, that of the token. Known values: `admin`,
    `superadmin`, `user`."""


class PayoutInput(Record, frozen=True, kw_only=True):
    """A share of the prize pool."""

    place: int
    """The place, from 1; each place is named at most once."""
    percent: float
    """The percentage of the prize pool that goes to the place; all percentages sum to at most 100."""


class PortfolioInput(Record, frozen=True, kw_only=True):
    """A portfolio."""

    portfolio: Sequence[Choice]
    """1 to 50 tokens, each once; the weights sum to 100."""


class PostResult(Record, frozen=True, kw_only=True):
    """The outcome of a batch."""

    accepted: int
    """Rows that were used."""
    dropped: int
    """Rows that were not used because the symbol belongs to a feed, the market is full, or an amount is out of
    range."""
    duplicate: int
    """Trades whose id was counted before."""


class PostedNotifications(Record, frozen=True, kw_only=True):
    """The outcome of a post."""

    created: int
    """Notifications that were stored."""
    duplicate: int
    """Notifications that were not stored because they already existed or their wallet was named twice."""
    invalid: int
    """Invalid wallets."""


class PostedPrice(Record, frozen=True, kw_only=True):
    """The price of a symbol. An omitted figure keeps its previous value."""

    symbol: str
    """The symbol. 1 to 32 of A-Z a-z 0-9 _ $ . -"""
    price: float
    """The price, in the quote currency."""
    change_24h: float | None = None
    """The change over the last 24 hours, in percent."""
    volume_24h: float | None = None
    """The volume of the last 24 hours, in the quote currency."""
    high_24h: float | None = None
    """The highest price of the last 24 hours, in the quote currency."""
    low_24h: float | None = None
    """The lowest price of the last 24 hours, in the quote currency."""
    market_cap: float | None = None
    """The market capitalisation, in the quote currency."""
    fdv: float | None = None
    """The fully diluted value, in the quote currency."""
    liquidity: float | None = None
    """The liquidity, in the quote currency."""
    timestamp: str | None = None
    """The platform's own time, as ISO-8601 with an offset."""


class PostedTrade(Record, frozen=True, kw_only=True):
    """One trade."""

    symbol: str
    """The symbol. 1 to 32 of A-Z a-z 0-9 _ $ . -"""
    price: float
    """The price, in the quote currency."""
    quantity: float
    """How much, in units of the token."""
    side: Literal["buy", "sell"]
    """Whether the taker bought or sold."""
    timestamp: str | None = None
    """The platform's own time, as ISO-8601 with an offset."""
    id: str | int | None = None
    """A trade whose id was counted before is ignored."""


class Problem(Record, frozen=True, kw_only=True):
    """Problem details (RFC 9457): why a request was refused, and what to do."""

    type: str
    """Always `about:blank`: `code` identifies the problem."""
    title: str
    """The name of the status."""
    status: int
    """The HTTP status."""
    detail: str
    """A sentence that says what to do."""
    code: str
    """The error code, for programs."""
    requestId: str
    """Identifies this request in the server's log, if it is logged there."""
    field: str | None = None
    """The path of the invalid field."""
    retryAfterMs: int | None = None
    """Milliseconds after which the same request may succeed."""
    errorId: str | None = None
    """Identifies a defect in the server's log."""


class PublicUser(Record, frozen=True, kw_only=True):
    """The public data of a user."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    xp: int
    """The sum of the XP of all achievements."""
    level: int
    """The level, from 1, which grows with the XP."""
    contests: int
    """How many completed contests the user took part in."""
    wins: int
    """In how many of them, with at least two participants, the user was first."""
    achievements: list[Achievement]
    """The achievements that the user has unlocked."""


class Reason(Record, frozen=True, kw_only=True):
    """The reason for an action."""

    reason: str | None = None
    """Participants see the reason for which their contest is cancelled; other reasons are only in the audit trail."""


class RecentAlert(Record, frozen=True, kw_only=True):
    """An alert that was published on `alerts`."""

    service: str
    """The name of the service."""
    timestamp: str
    """When the alert was raised."""
    alert: Alert
    """The alert."""
    transition: BreakerTransition | None
    """The change of the breaker; null if the alert is about the health of the service."""


class Recorded(Record, frozen=True, kw_only=True):
    """The record that an error belongs to."""

    id: int
    """The id of the record."""
    count: int
    """How many equal errors the record counts."""


class ServiceDefinition(Record, frozen=True, kw_only=True):
    """A service outside the server."""

    kind: Literal["probe", "reported"]
    """The server checks a `probe`; a `reported` service posts its own operations."""
    layer: str
    """The layer that the service belongs to. 1 to 64 of a-z 0-9 _ -"""
    displayName: str | None = None
    """The name for people; by default the name of the service."""
    description: str | None = None
    """A text about the service."""
    version: str | None = None
    """The version of the service."""
    dependencies: Sequence[str] | None = None
    """The names of the services that this one needs."""
    check: CheckDefinition | None = None
    """How the server checks the service; only for the kind `probe`, which needs it."""
    circuit_breaker: BreakerSettings | None = None
    """The breaker of the service."""
    silentAfterMs: int | None = None
    """A `reported` service is unhealthy if it posts no operations for this long, in milliseconds; 60,000 by default."""


class ServicePage(Record, frozen=True, kw_only=True):
    """Services, in the order in which they were added."""

    data: list[SkyDuelService]
    """The services."""
    count: int
    """How many `data` has."""


class SettingHistory(Record, frozen=True, kw_only=True):
    """Changes, newest first."""

    data: list[Change]
    """The changes."""
    count: int
    """How many `data` has."""
    nextCursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class SettingInForce(Record, frozen=True, kw_only=True):
    """A setting, with the source of its value and, if it is one of the server's own, what the server declares of it."""

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
    source: str
    """Where the value comes from: `stored` by an admin, the `configuration` of the server's start, or the `default`.
    Known values: `configuration`, `default`, `stored`."""
    default: Any | None = None
    """The default; absent if the setting is not one of the server's own, or secret."""
    configured: Any | None = None
    """The value in the server's environment, file or command line, which holds while none is stored; absent if it is
    not set there, or secret."""
    integer: bool | None = None
    """Whether the value must be a whole number; absent unless the server declares a number."""
    minimum: float | None = None
    """The least value that is valid; absent if there is none."""
    exclusiveMinimum: float | None = None
    """A value that valid ones are greater than; absent if there is none."""
    maximum: float | None = None
    """The greatest value that is valid; absent if there is none."""


class SettingInput(Record, frozen=True, kw_only=True):
    """The new state of a setting. Omitted fields stay as they are."""

    value: Any
    """Any JSON of the same type as the setting's first value, within the server's limits."""
    description: str | None = None
    """A text about the setting."""
    visibility: Literal["admin", "public", "user"] | None = None
    """Those who see the setting; by default, a new setting is visible only to admins."""
    secret: bool | None = None
    """True hides the value from everybody; it can be set only at creation."""
    expectedVersion: int | None = None
    """Change the setting only if this is its version or, with 0, only if it is not stored yet."""


class SettingList(Record, frozen=True, kw_only=True):
    """Settings in the order of their keys."""

    data: list[SettingInForce]
    """The settings."""
    count: int
    """How many `data` has."""
    version: int
    """The highest version of the settings."""


class SettledPrice(Record, frozen=True, kw_only=True):
    """A price that was used at the start or the end of a contest."""

    symbol: str
    """The symbol of the token."""
    price: float
    """The price, in the quote currency."""
    receivedAt: str
    """When the server received the price."""


class Settlement(Record, frozen=True, kw_only=True):
    """The prices at the start and the end, which, with the trades, determine a result."""

    contestId: int
    """The id of the contest."""
    start: Boundary | None
    """The start; null if no prices were used there."""
    end: Boundary | None
    """The end; null if no prices were used there."""


class SignatureInput(Record, frozen=True, kw_only=True):
    """A signed challenge."""

    challengeId: str
    """The `challengeId` of the challenge."""
    wallet: str
    """The address of a Solana wallet."""
    signature: str
    """The Ed25519 signature of the message's UTF-8 bytes: 64 bytes in base58."""


class Sparkline(Record, frozen=True, kw_only=True):
    """The prices of a token in the last 24 hours."""

    symbol: str
    """The symbol."""
    start: str
    """When the first quarter of an hour begins; each further price is that of the next one."""
    prices: list[float]
    """The price at the end of each quarter of an hour, oldest first: at most 96. The last one is the newest price."""


class SparklinePage(Record, frozen=True, kw_only=True):
    """Sparklines in the order of the symbols."""

    data: list[Sparkline]
    """The sparklines."""
    count: int
    """How many `data` has."""


class StoredUser(Record, frozen=True, kw_only=True):
    """The stored user."""

    wallet: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    role: str | None
    """The role; null if none was ever set, in which case the role in the token applies. Known values: `admin`,
    `superadmin`, `user`."""
    banned: bool
    """Whether the user is banned."""


class TokenMetadataInput(Record, frozen=True, kw_only=True):
    """The complete metadata of a token. An omitted field comes from the token's feed, or is unknown."""

    name: str
    """The name of the token."""
    address: str
    """The address of the token on its chain. Characters of A-Z a-z 0-9 _ : . -"""
    decimals: int
    """The number of decimals of the token."""
    image_url: str | None = None
    """The token's image. An `https:` URL."""
    description: str | None = None
    """A text about the token, plain text."""
    color: str | None = None
    """The token's colour. `#rrggbb` or `#rrggbbaa`."""
    socials: Mapping[str, str] | None = None
    """Links to social networks, by the network's name."""
    websites: Sequence[WebsiteInput] | None = None
    """Other links."""
    status: Literal["active", "inactive"] | None = None
    """`inactive` tokens are no longer traded; `active` by default."""


class TokenPage(Record, frozen=True, kw_only=True):
    """Tokens in the order of their symbols."""

    data: list[Token]
    """The tokens."""
    count: int
    """How many `data` has."""


class TradePage(Record, frozen=True, kw_only=True):
    """Trades, oldest first."""

    data: list[TradeRecord]
    """The trades."""
    count: int
    """How many `data` has."""
    nextCursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class TradeRecord(Record, frozen=True, kw_only=True):
    """A purchase or sale made by a portfolio change."""

    id: int
    """The id of the trade; it grows with time."""
    timestamp: str
    """When the trade was made."""
    symbol: str
    """The symbol of the token."""
    side: str
    """Whether the token was bought or sold. Known values: `buy`, `sell`."""
    quantity: float
    """How much, in units of the token."""
    price: float
    """The price, in the quote currency."""


class UserChangeInput(Record, frozen=True, kw_only=True):
    """A change to a user; omitted fields stay as they are."""

    nickname: str | None = None
    """The new nickname. Unique without regard to case; no control or bidi characters."""
    role: Literal["admin", "superadmin", "user"] | None = None
    """The new role."""
    banned: bool | None = None
    """Whether the user is banned."""


class UserPage(Record, frozen=True, kw_only=True):
    """Users in the order of their wallets."""

    data: list[ListedUser]
    """The users."""
    count: int
    """How many `data` has."""
    nextCursor: str | None = None
    """The `cursor` of the next page; absent on the last page."""


class WebsiteInput(Record, frozen=True, kw_only=True):
    """A link of a token."""

    label: str
    """The text of the link."""
    url: str
    """The address. An `https:` URL."""


class CancelContest(Operation[ContestView], frozen=True, kw_only=True):
    """Cancel a contest.

    Nobody wins, and the chat is closed. For admins.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/cancel"
    response: ClassVar[Any] = ContestView
    contest_id: int
    """The id of a contest."""
    body: Reason | None = None


class ChangePortfolio(Operation[Participant], frozen=True, kw_only=True):
    """Change my portfolio.

    While the contest is active, this trades at the current prices; the value of the portfolio does not change.
    For users.
    """

    method: ClassVar[str] = "PUT"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries/me/portfolio"
    response: ClassVar[Any] = Participant
    contest_id: int
    """The id of a contest."""
    idempotency_key: str | None = field(default=None, name="Idempotency-Key")
    """A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
    hours take effect once, and get the first answer."""
    body: PortfolioInput


class CreateChallenge(Operation[ChallengeToSign], frozen=True, kw_only=True):
    """Begin a sign-in.

    The message names a domain, so that a wallet can notice if a page of another domain asks it to sign. The
    domain is the configured one or, if none is configured, the `Host` of the request, which must be a loopback
    name or belong to an allowed origin.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/auth/challenge"
    response: ClassVar[Any] = ChallengeToSign
    body: ChallengeInput


class CreateContest(Operation[ContestView], frozen=True, kw_only=True):
    """Create a contest.

    The new contest is pending, and open for entries. For admins.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/contests"
    response: ClassVar[Any] = ContestView
    idempotency_key: str | None = field(default=None, name="Idempotency-Key")
    """A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
    hours take effect once, and get the first answer."""
    body: NewContest


class CreateNotifications(Operation[PostedNotifications], frozen=True, kw_only=True):
    """Notify users.

    The notification is stored for all recipients or for none, then pushed. For admins, and machines with the
    scope `notifications`.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/notifications"
    response: ClassVar[Any] = PostedNotifications
    idempotency_key: str | None = field(default=None, name="Idempotency-Key")
    """A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
    hours take effect once, and get the first answer."""
    body: NotificationInput


class DeleteChatMessage(Operation[None], frozen=True, kw_only=True):
    """Delete a chat message.

    The text is removed from the store and from the channel's history, and clients that received it are notified.
    For admins.
    """

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/chat/{message_id}"
    response: ClassVar[Any] = None
    contest_id: int
    """The id of a contest."""
    message_id: int
    """The id of a message."""


class DeleteMute(Operation[None], frozen=True, kw_only=True):
    """Lift a mute.

    Does nothing if the wallet is not muted. For admins.
    """

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/mutes/{wallet}"
    response: ClassVar[Any] = None
    contest_id: int
    """The id of a contest."""
    wallet: str
    """A wallet; upper and lower case matter."""


class DeleteNotification(Operation[None], frozen=True, kw_only=True):
    """Remove a notification.

    Users may remove their own notifications, and admins those of everybody.
    """

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/api/v69/notifications/{notification_id}"
    response: ClassVar[Any] = None
    notification_id: int
    """The id of a notification."""


class DeleteService(Operation[None], frozen=True, kw_only=True):
    """Remove a service.

    A service cannot be removed while other services depend on it. For admins.
    """

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/api/v69/services/{name}"
    response: ClassVar[Any] = None
    name: str
    """The name of a service: 1 to 64 of a-z 0-9 _ -."""


class DeleteSetting(Operation[None], frozen=True, kw_only=True):
    """Delete a setting.

    A setting of the server returns to its configured or default value; any other setting disappears. For admins.
    """

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/api/v69/settings/{key}"
    response: ClassVar[Any] = None
    key: str
    """The key of a setting: 1 to 128 of a-z 0-9 _ . -."""
    expectedversion: int | None = field(default=None, name="expectedVersion")
    """Delete the setting only if this is its version."""


class EndContest(Operation[ContestView], frozen=True, kw_only=True):
    """End a contest now.

    The contest ends with the current prices. For admins.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/end"
    response: ClassVar[Any] = ContestView
    contest_id: int
    """The id of a contest."""
    body: Reason | None = None


class EnterContest(Operation[Participant], frozen=True, kw_only=True):
    """Enter a contest.

    Users can enter while the contest is pending.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries"
    response: ClassVar[Any] = Participant
    contest_id: int
    """The id of a contest."""
    body: PortfolioInput


class GetContest(Operation[ContestView], frozen=True, kw_only=True):
    """One contest.

    Admins also see who created the contest, and who is muted.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}"
    response: ClassVar[Any] = ContestView
    contest_id: int
    """The id of a contest."""


class GetEntry(Operation[Participant], frozen=True, kw_only=True):
    """One participant.

    `me` is the caller. After the contest is completed, everybody may see every participant; before that, only
    admins may see others.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries/{wallet}"
    response: ClassVar[Any] = Participant
    contest_id: int
    """The id of a contest."""
    wallet: str
    """A wallet; upper and lower case matter."""


class GetLeaderboard(Operation[Leaderboard], frozen=True, kw_only=True):
    """The leaderboard of a contest.

    While the contest is active, the leaderboard is served from memory.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/leaderboard"
    response: ClassVar[Any] = Leaderboard
    contest_id: int
    """The id of a contest."""
    limit: int | None = None
    """At most this many rows."""
    offset: int | None = None
    """Skip this many rows."""
    around: str | None = None
    """Return the rows around this wallet."""


class GetMe(Operation[OwnUser], frozen=True, kw_only=True):
    """The caller.

    The public data of the caller, and their role. For users.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/users/me"
    response: ClassVar[Any] = OwnUser


class GetMyEntry(Operation[Participant], frozen=True, kw_only=True):
    """One participant.

    `me` is the caller. After the contest is completed, everybody may see every participant; before that, only
    admins may see others.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries/me"
    response: ClassVar[Any] = Participant
    contest_id: int
    """The id of a contest."""


class GetService(Operation[SkyDuelService], frozen=True, kw_only=True):
    """One service.

    The service as it is now. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/services/{name}"
    response: ClassVar[Any] = SkyDuelService
    name: str
    """The name of a service: 1 to 64 of a-z 0-9 _ -."""


class GetSetting(Operation[SettingInForce], frozen=True, kw_only=True):
    """One setting.

    The setting in force now. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/settings/{key}"
    response: ClassVar[Any] = SettingInForce
    key: str
    """The key of a setting: 1 to 128 of a-z 0-9 _ . -."""


class GetSettingHistory(Operation[SettingHistory], frozen=True, kw_only=True):
    """The history of a setting.

    Every version of the setting, newest first, even if the setting was deleted. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/settings/{key}/history"
    response: ClassVar[Any] = SettingHistory
    key: str
    """The key of a setting: 1 to 128 of a-z 0-9 _ . -."""
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class GetSettlement(Operation[Settlement], frozen=True, kw_only=True):
    """The prices that a contest was settled with.

    The prices at the start and at the end of the contest, and when each was received. `start` is null until the
    contest has started, and `end` until it has ended.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/settlement"
    response: ClassVar[Any] = Settlement
    contest_id: int
    """The id of a contest."""


class GetToken(Operation[Token], frozen=True, kw_only=True):
    """One token.

    The token with its market fields; null means unknown.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/tokens/{symbol}"
    response: ClassVar[Any] = Token
    symbol: str
    """A symbol, in upper or lower case."""


class GetTokenHistory(Operation[CandlePage], frozen=True, kw_only=True):
    """Candles of a token.

    The open, high, low and close price of each `interval` that begins within the time span.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/tokens/{symbol}/history"
    response: ClassVar[Any] = CandlePage
    symbol: str
    """A symbol, in upper or lower case."""
    from_: str | None = field(default=None, name="from")
    """From this time on: ISO-8601 with an offset; by default 24 hours before the end."""
    to: str | None = None
    """Before this time: ISO-8601 with an offset."""
    interval: Literal["1m", "5m", "15m", "1h", "4h", "1d"] | None = None
    """The length of a candle."""
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class GetUser(Operation[PublicUser], frozen=True, kw_only=True):
    """One user.

    The public data of a user.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/users/{wallet}"
    response: ClassVar[Any] = PublicUser
    wallet: str
    """A wallet; upper and lower case matter."""


class ListAlerts(Operation[AlertList], frozen=True, kw_only=True):
    """Recent alerts.

    The last 200 alerts, or those of one service, which include the transitions of its breaker. They are kept in
    memory: they begin anew when the server, or another leader, starts. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/alerts"
    response: ClassVar[Any] = AlertList
    service: str | None = None
    """The last 50 alerts of this service."""


class ListAuditEntries(Operation[AuditPage], frozen=True, kw_only=True):
    """Privileged actions.

    The matching entries, newest first. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/audit"
    response: ClassVar[Any] = AuditPage
    wallet: str | None = None
    """Actions of this wallet."""
    action: str | None = None
    """Actions of this kind, such as `users.put`."""
    target: str | None = None
    """Actions on this target: a wallet, a symbol or an id."""
    from_: str | None = field(default=None, name="from")
    """From this time on: ISO-8601 with an offset."""
    to: str | None = None
    """Before this time: ISO-8601 with an offset."""
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class ListContests(Operation[ContestPage], frozen=True, kw_only=True):
    """Contests.

    Pending and active contests, newest start first, then those that ended within the last day, also newest start
    first.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests"
    response: ClassVar[Any] = ContestPage
    status: Literal["pending", "active", "completed", "cancelled"] | None = None
    """All contests with this status, instead of the default list."""
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class ListEntries(Operation[EntryPage], frozen=True, kw_only=True):
    """The entries of a contest.

    The wallets that have entered, in their order, whatever the status of the contest. Only admins see those that
    are disqualified.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries"
    response: ClassVar[Any] = EntryPage
    contest_id: int
    """The id of a contest."""
    disqualified: bool | None = None
    """Only the disqualified or, if false, only the others. For admins."""
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class ListMutes(Operation[MutePage], frozen=True, kw_only=True):
    """The mutes in a contest's chat.

    The wallets that are muted now, in their order, and until when. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/mutes"
    response: ClassVar[Any] = MutePage
    contest_id: int
    """The id of a contest."""
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class ListMyContests(Operation[OwnContestPage], frozen=True, kw_only=True):
    """My contests.

    The contests that the caller entered, newest entry first, with the caller's row in each. For users.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/users/me/contests"
    response: ClassVar[Any] = OwnContestPage
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class ListMyTrades(Operation[TradePage], frozen=True, kw_only=True):
    """The trades of a participant.

    `me` is the caller. After the contest is completed, everybody may see all trades; before that, only admins may
    see those of others.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries/me/trades"
    response: ClassVar[Any] = TradePage
    contest_id: int
    """The id of a contest."""
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class ListNodes(Operation[NodePage], frozen=True, kw_only=True):
    """All nodes.

    A server of one process has one node, with the role `all`. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/nodes"
    response: ClassVar[Any] = NodePage


class ListServices(Operation[ServicePage], frozen=True, kw_only=True):
    """All services.

    The server's own services, and those outside it. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/services"
    response: ClassVar[Any] = ServicePage


class ListSettings(Operation[SettingList], frozen=True, kw_only=True):
    """All settings.

    All settings: those of the server, and those that admins have created. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/settings"
    response: ClassVar[Any] = SettingList


class ListSparklines(Operation[SparklinePage], frozen=True, kw_only=True):
    """Sparklines of tokens.

    The price of each token every quarter of an hour, in the last 24 hours. Unknown tokens, and tokens that never
    had a price, are left out.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/tokens/sparklines"
    response: ClassVar[Any] = SparklinePage
    symbols: str
    """The symbols of 1 to 100 tokens, with commas between them, such as `BTC,SOL`."""


class ListTokens(Operation[TokenPage], frozen=True, kw_only=True):
    """All tokens.

    Every known token, active or not, with its market fields.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/tokens"
    response: ClassVar[Any] = TokenPage


class ListTrades(Operation[TradePage], frozen=True, kw_only=True):
    """The trades of a participant.

    `me` is the caller. After the contest is completed, everybody may see all trades; before that, only admins may
    see those of others.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries/{wallet}/trades"
    response: ClassVar[Any] = TradePage
    contest_id: int
    """The id of a contest."""
    wallet: str
    """A wallet; upper and lower case matter."""
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class ListUsers(Operation[UserPage], frozen=True, kw_only=True):
    """Stored users.

    The users whose nickname, role or ban was ever set, in the order of their wallets. Other wallets have only
    what their tokens claim. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/users"
    response: ClassVar[Any] = UserPage
    search: str | None = None
    """Users whose wallet or nickname begins with this; case matters only in wallets."""
    role: Literal["user", "admin", "superadmin"] | None = None
    """Users with this stored role."""
    banned: bool | None = None
    """Users who are banned, or who are not."""
    limit: int | None = None
    """At most this many."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""


class Logout(Operation[None], frozen=True, kw_only=True):
    """Sign out.

    All tokens of the same sign-in become invalid at once; open connections end as if the token had expired.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/auth/logout"
    response: ClassVar[Any] = None


class PostError(Operation[Recorded], frozen=True, kw_only=True):
    """Report an error.

    For admins, and machines with the scope `errors`. Tokens, passwords and addresses are removed from the texts.
    Equal errors within 10 seconds become one record.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/errors"
    response: ClassVar[Any] = Recorded
    idempotency_key: str | None = field(default=None, name="Idempotency-Key")
    """A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
    hours take effect once, and get the first answer."""
    body: ErrorInput


class PostOperations(Operation[OperationsTaken], frozen=True, kw_only=True):
    """Report operations.

    This is possible only for services of the kind `reported`. Needs the database only with an `Idempotency-Key`.
    For admins, and machines with the scope `operations`.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/services/{name}/operations"
    response: ClassVar[Any] = OperationsTaken
    name: str
    """The name of a service: 1 to 64 of a-z 0-9 _ -."""
    idempotency_key: str | None = field(default=None, name="Idempotency-Key")
    """A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
    hours take effect once, and get the first answer."""
    body: Sequence[OperationInput]


class PostPrices(Operation[PostResult], frozen=True, kw_only=True):
    """Post prices.

    For admins, and machines with the scope `prices`. A price of an unknown symbol adds the token.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/tokens/prices"
    response: ClassVar[Any] = PostResult
    body: Sequence[PostedPrice]


class PostTrades(Operation[PostResult], frozen=True, kw_only=True):
    """Post trades.

    For admins, and machines with the scope `prices`. A trade whose id was posted before counts as a duplicate.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/tokens/trades"
    response: ClassVar[Any] = PostResult
    idempotency_key: str | None = field(default=None, name="Idempotency-Key")
    """A name for this request, such as a UUID: 1 to 255 visible ASCII characters. The same key and body within 24
    hours take effect once, and get the first answer."""
    body: Sequence[PostedTrade]


class PutMute(Operation[Mute], frozen=True, kw_only=True):
    """Mute a wallet in a contest's chat.

    A later mute replaces an earlier one. For admins.
    """

    method: ClassVar[str] = "PUT"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/mutes/{wallet}"
    response: ClassVar[Any] = Mute
    contest_id: int
    """The id of a contest."""
    wallet: str
    """A wallet; upper and lower case matter."""
    body: MuteInput | None = None


class PutService(Operation[SkyDuelService], frozen=True, kw_only=True):
    """Add or change a service.

    This resets the figures and the breaker of the service. The server's own services and those of the
    configuration file cannot be changed. For admins.
    """

    method: ClassVar[str] = "PUT"
    path: ClassVar[str] = "/api/v69/services/{name}"
    response: ClassVar[Any] = SkyDuelService
    name: str
    """The name of a service: 1 to 64 of a-z 0-9 _ -."""
    body: ServiceDefinition


class PutSetting(Operation[SettingInForce], frozen=True, kw_only=True):
    """Change a setting, or create it.

    The change takes effect without a restart, and is pushed to followers. Setting an equal value is a change too.
    A refusal with `VERSION_CONFLICT` contains the current setting in `current`. For admins.
    """

    method: ClassVar[str] = "PUT"
    path: ClassVar[str] = "/api/v69/settings/{key}"
    response: ClassVar[Any] = SettingInForce
    key: str
    """The key of a setting: 1 to 128 of a-z 0-9 _ . -."""
    body: SettingInput


class PutToken(Operation[Token], frozen=True, kw_only=True):
    """Set a token's metadata.

    An unknown token is added. The metadata is pushed to everybody who follows the token.
    """

    method: ClassVar[str] = "PUT"
    path: ClassVar[str] = "/api/v69/tokens/{symbol}"
    response: ClassVar[Any] = Token
    symbol: str
    """A symbol, in upper or lower case."""
    body: TokenMetadataInput


class PutUser(Operation[StoredUser], frozen=True, kw_only=True):
    """Set a user's nickname, role or ban.

    An unknown user is added. The change takes effect on open connections at once. For admins; only superadmins
    may set roles above `user`, or ban admins. Nobody can change their own role or ban, and the last superadmin
    keeps the role.
    """

    method: ClassVar[str] = "PUT"
    path: ClassVar[str] = "/api/v69/users/{wallet}"
    response: ClassVar[Any] = StoredUser
    wallet: str
    """A wallet; upper and lower case matter."""
    body: UserChangeInput


class RefreshToken(Operation[NewToken], frozen=True, kw_only=True):
    """Stay signed in.

    This is possible for seven days after the sign-in. The previous token stays valid until it expires.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/auth/refresh"
    response: ClassVar[Any] = NewToken


class StartContest(Operation[ContestView], frozen=True, kw_only=True):
    """Start a contest now.

    The contest starts with the current prices, even with fewer participants than `min_participants`. For admins.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/start"
    response: ClassVar[Any] = ContestView
    contest_id: int
    """The id of a contest."""
    body: Reason | None = None


class UpdateContest(Operation[ContestView], frozen=True, kw_only=True):
    """Edit a contest.

    While the contest is pending, every field may change, but `starting_balance` and `allowed_symbols` only if
    nobody has entered. After the start, only `name`, `description` and `image_url` may change, and `end_time` may
    be set to a later time. For admins.
    """

    method: ClassVar[str] = "PATCH"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}"
    response: ClassVar[Any] = ContestView
    contest_id: int
    """The id of a contest."""
    body: ContestPatch


class UpdateEntry(Operation[Participant], frozen=True, kw_only=True):
    """Disqualify or readmit a participant.

    A disqualified participant loses their rank at once. This is possible while the contest is pending or active.
    For admins.
    """

    method: ClassVar[str] = "PATCH"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries/{wallet}"
    response: ClassVar[Any] = Participant
    contest_id: int
    """The id of a contest."""
    wallet: str
    """A wallet; upper and lower case matter."""
    body: EntryChange


class UpdateMe(Operation[OwnUser], frozen=True, kw_only=True):
    """Change my nickname.

    The change takes effect on open connections of the caller at once. For users.
    """

    method: ClassVar[str] = "PATCH"
    path: ClassVar[str] = "/api/v69/users/me"
    response: ClassVar[Any] = OwnUser
    body: OwnChangeInput


class VerifyChallenge(Operation[NewToken], frozen=True, kw_only=True):
    """Sign in.

    Each challenge can be used only once.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/auth/verify"
    response: ClassVar[Any] = NewToken
    body: SignatureInput


class WithdrawFromContest(Operation[None], frozen=True, kw_only=True):
    """Withdraw from a contest.

    Users can withdraw while the contest is pending.
    """

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries/me"
    response: ClassVar[Any] = None
    contest_id: int
    """The id of a contest."""

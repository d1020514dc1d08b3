"""The HTTP API.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from msgspec import UNSET, UnsetType, field

from ..messages import Operation, Record
from .records import ContestView, Leaderboard, Participant, Setting, SkyDuelService, Token, User


class Achievement(Record, frozen=True, kw_only=True):
    """An achievement that a user has unlocked."""

    achievement: str
    tier: str
    category: str
    xp_awarded: int
    unlocked_at: str


class AuditEntry(Record, frozen=True, kw_only=True):
    """An entry of the audit trail: who did what, when, and with what outcome. `outcome` is `ok`, `denied` if a right
    was missing, or `conflict` if somebody else was faster. For a command to a service, it may also be `failed`,
    `timeout`, or an error code in lower case."""

    id: int
    timestamp: str
    wallet: str
    role: str
    action: str
    target: str
    outcome: str
    details: dict[str, Any]


class AuditPage(Record, frozen=True, kw_only=True):
    """Entries, newest first. Without `nextCursor`, there are no earlier ones."""

    data: list[AuditEntry]
    count: int
    nextCursor: str | None = None


class Boundary(Record, frozen=True, kw_only=True):
    """The moment of a start or an end, and the prices used."""

    at: str
    prices: list[SettledPrice]


class BreakerSettings(Record, frozen=True, kw_only=True):
    """When a breaker opens, and how it closes again. If `slow_call_ms` is null, calls are never slow."""

    failure_threshold: int | None = None
    minimum_calls: int | None = None
    failure_rate_threshold: float | None = None
    slow_call_ms: float | None = None
    slow_call_rate_threshold: float | None = None
    window_ms: int | None = None
    reset_timeout_ms: int | None = None
    max_reset_timeout_ms: int | None = None
    backoff_multiplier: float | None = None
    half_open_calls: int | None = None
    half_open_timeout_ms: int | None = None


class Candle(Record, frozen=True, kw_only=True):
    """The prices from `timestamp` until the next candle; `close` is the newest of them."""

    timestamp: str
    open: float
    high: float
    low: float
    close: float


class CandlePage(Record, frozen=True, kw_only=True):
    """Candles, oldest first; an interval without a price has no candle. Without `nextCursor`, there are no later
    ones."""

    data: list[Candle]
    count: int
    nextCursor: str | None = None


class ChallengeInput(Record, frozen=True, kw_only=True):
    """The wallet that wants to sign in."""

    wallet: str
    """The address of a Solana wallet."""


class ChallengeToSign(Record, frozen=True, kw_only=True):
    """The wallet must sign `message` exactly as it is. The challenge is valid for one sign-in, until `expiresAt`."""

    challengeId: str
    message: str
    expiresAt: str


class Change(Record, frozen=True, kw_only=True):
    """A change of a setting, with the new state. `value` is null if the setting was deleted or is secret."""

    version: int
    value: Any
    deleted: bool
    secret: bool
    timestamp: str
    by: str


class CheckDefinition(Record, frozen=True, kw_only=True):
    """A check of `url` every `intervalMs`. The URL may contain a user name and a password, and is therefore never
    shown."""

    type: Literal["http", "postgres", "redis", "tcp", "tls", "websocket"]
    url: str
    intervalMs: int
    timeoutMs: int | None = None


class Choice(Record, frozen=True, kw_only=True):
    """The token `symbol`, chosen for `weight` percent of a portfolio."""

    symbol: str
    """1 to 32 of A-Z a-z 0-9 _ $ . -"""
    weight: int


class ContestPage(Record, frozen=True, kw_only=True):
    """Contests. Without `nextCursor`, there are no more."""

    data: list[ContestView]
    count: int
    nextCursor: str | None = None


class ContestPatch(Record, frozen=True, kw_only=True):
    """The fields to change. Null clears `description`, `image_url`, `rules` and `max_participants`; for other
    fields, null counts as absent."""

    name: UnsetType | str | None = UNSET
    start_time: UnsetType | str | None = UNSET
    """ISO-8601 with an offset."""
    end_time: UnsetType | str | None = UNSET
    """ISO-8601 with an offset."""
    description: UnsetType | str | None = UNSET
    image_url: UnsetType | str | None = UNSET
    """an `https:` URL"""
    rules: UnsetType | str | None = UNSET
    entry_fee: UnsetType | str | int | float | None = UNSET
    """An amount with at most 9 decimals, as a string or a number."""
    prize_pool: UnsetType | str | int | float | None = UNSET
    """An amount with at most 9 decimals, as a string or a number."""
    currency: UnsetType | str | None = UNSET
    """1 to 16 characters of A-Z 0-9"""
    payout: UnsetType | Sequence[PayoutInput] | None = UNSET
    min_participants: UnsetType | int | None = UNSET
    max_participants: UnsetType | int | None = UNSET
    starting_balance: UnsetType | float | None = UNSET
    allowed_symbols: UnsetType | Sequence[str] | None = UNSET


class EntryChange(Record, frozen=True, kw_only=True):
    """`disqualified` excludes a participant; `registered` and `active` both readmit a participant, whose status is
    then whichever of the two fits the contest."""

    status: Literal["active", "disqualified", "registered"]


class ErrorInput(Record, frozen=True, kw_only=True):
    """An error that a service reports. Without `source`, the source is the service itself."""

    service: str
    """1 to 64 of a-z 0-9 _ -"""
    level: Literal["critical", "debug", "error", "info", "warning"]
    error: str
    """The error message; 4,000 characters are kept."""
    source: str | None = None
    """Where the error occurred."""
    details: Mapping[str, Any] | None = None
    """At most 16 KiB of JSON."""


class Mute(Record, frozen=True, kw_only=True):
    """A wallet that may not write in a contest's chat; if `until` is null, the mute lasts until it is lifted."""

    wallet: str
    until: str | None


class MuteInput(Record, frozen=True, kw_only=True):
    """`until` is ISO-8601 with an offset; without it the mute lasts until it is lifted."""

    until: str | None = None


class NewContest(Record, frozen=True, kw_only=True):
    """If `max_participants` is null, up to 100,000 may enter. If `allowed_symbols` is empty, all tokens are allowed.
    `payout` defaults to 69, 20 and 11 % for the first three places."""

    name: str
    start_time: str
    """ISO-8601 with an offset."""
    end_time: str
    """ISO-8601 with an offset."""
    description: str | None = None
    image_url: str | None = None
    """an `https:` URL"""
    rules: str | None = None
    entry_fee: str | int | float | None = None
    """An amount with at most 9 decimals, as a string or a number."""
    prize_pool: str | int | float | None = None
    """An amount with at most 9 decimals, as a string or a number."""
    currency: str | None = None
    """1 to 16 characters of A-Z 0-9"""
    payout: Sequence[PayoutInput] | None = None
    min_participants: int | None = None
    max_participants: int | None = None
    starting_balance: float | None = None
    allowed_symbols: Sequence[str] | None = None


class NewToken(Record, frozen=True, kw_only=True):
    """A token (JWT), and the user that it identifies."""

    token: str
    expiresAt: str
    user: User


class NodePage(Record, frozen=True, kw_only=True):
    """All nodes, sorted by role and name."""

    data: list[NodeRecord]
    count: int


class NodeRecord(Record, frozen=True, kw_only=True):
    """A process of the server, which has had its `role` since `since`. `lagMs` is the age of the oldest entry of the
    log that the node has not applied yet: 0 if it has applied all, null if that is not known. `term` is the term
    of the leader that it follows, null without a cluster."""

    name: str
    role: str
    """Known values: `all`, `candidate`, `gateway`, `leader`."""
    version: str
    since: str
    connections: int
    lagMs: int | None
    term: int | None


class NotificationInput(Record, frozen=True, kw_only=True):
    """A notification for `wallets` or, with `broadcast`, for everybody. A wallet receives only the first
    notification with a given `dedupeKey`, so that it is safe to repeat a request."""

    wallets: Sequence[str] | None = None
    """Invalid wallets are skipped and counted."""
    broadcast: bool | None = None
    type: str
    """1 to 64 of A-Z 0-9 _, such as `CONTEST_INVITE`"""
    title: str
    """Plain text."""
    content: str
    """Plain text."""
    priority: Literal["high", "low", "medium", "urgent"] | None = None
    link: str | None = None
    """an `https:` URL, or a path that begins with one `/`"""
    data: Mapping[str, Any] | None = None
    """At most 16 KiB of JSON."""
    expires_at: str | None = None
    """ISO-8601 with an offset; the notification is removed at this time."""
    dedupeKey: str | None = None


class OperationInput(Record, frozen=True, kw_only=True):
    """One operation of the service."""

    ok: bool
    durationMs: float
    error: str | None = None
    """The error text; secrets in it are removed."""


class OperationsTaken(Record, frozen=True, kw_only=True):
    """How many operations were counted."""

    accepted: int


class OwnChangeInput(Record, frozen=True, kw_only=True):
    """A user's change of their own nickname; null removes it."""

    nickname: str | None
    """Unique without regard to case; no control or bidi characters."""


class OwnContest(Record, frozen=True, kw_only=True):
    """A contest, and the caller's row in it."""

    contest: ContestView
    participant: Participant


class OwnContestPage(Record, frozen=True, kw_only=True):
    """Contests, newest entry first. Without `nextCursor`, there are no more."""

    data: list[OwnContest]
    count: int
    nextCursor: str | None = None


class PayoutInput(Record, frozen=True, kw_only=True):
    """`percent` of the prize pool goes to `place`."""

    place: int
    percent: float


class PortfolioInput(Record, frozen=True, kw_only=True):
    """1 to 50 tokens, each once, with whole weights from 1 to 100 that sum to 100."""

    portfolio: Sequence[Choice]


class PostResult(Record, frozen=True, kw_only=True):
    """The outcome of a batch. `dropped` counts rows that were not used because the symbol belongs to a feed, the
    market is full, or an amount is out of range. `duplicate` counts trades whose id was counted before."""

    accepted: int
    dropped: int
    duplicate: int


class PostedNotifications(Record, frozen=True, kw_only=True):
    """How many notifications were stored, how many were not stored because they already existed or their wallet was
    named twice, and how many wallets are invalid."""

    created: int
    duplicate: int
    invalid: int


class PostedPrice(Record, frozen=True, kw_only=True):
    """The price of a symbol. Amounts are in the quote currency. A figure that is left out keeps its previous value."""

    symbol: str
    """1 to 32 of A-Z a-z 0-9 _ $ . -"""
    price: float
    change_24h: float | None = None
    volume_24h: float | None = None
    high_24h: float | None = None
    low_24h: float | None = None
    market_cap: float | None = None
    fdv: float | None = None
    liquidity: float | None = None
    timestamp: str | None = None
    """The platform's own time, as ISO-8601 with an offset."""


class PostedTrade(Record, frozen=True, kw_only=True):
    """One trade. `quantity` is in the base currency; `side` is the taker's. A trade whose `id` was counted before is
    ignored."""

    symbol: str
    """1 to 32 of A-Z a-z 0-9 _ $ . -"""
    price: float
    quantity: float
    side: Literal["buy", "sell"]
    timestamp: str | None = None
    """The platform's own time, as ISO-8601 with an offset."""
    id: str | int | None = None


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
    """The public data of a user. `contests` counts the user's completed contests, and `wins` those with at least two
    participants in which the user was first."""

    wallet: str
    nickname: str | None
    xp: int
    level: int
    contests: int
    wins: int
    achievements: list[Achievement]


class Reason(Record, frozen=True, kw_only=True):
    """The reason for an action. If a contest is cancelled, its participants see the reason; otherwise, only the
    audit trail contains it."""

    reason: str | None = None


class Recorded(Record, frozen=True, kw_only=True):
    """The record that an error belongs to, and how many equal errors the record counts."""

    id: int
    count: int


class ServiceDefinition(Record, frozen=True, kw_only=True):
    """A service. The server checks a `probe` with `check`. A `reported` service posts its own operations, and is
    unhealthy if it posts none for `silentAfterMs` (default 60,000)."""

    kind: Literal["probe", "reported"]
    layer: str
    """1 to 64 of a-z 0-9 _ -"""
    displayName: str | None = None
    description: str | None = None
    version: str | None = None
    dependencies: Sequence[str] | None = None
    """Names of other services."""
    check: CheckDefinition | None = None
    circuit_breaker: BreakerSettings | None = None
    silentAfterMs: int | None = None


class ServicePage(Record, frozen=True, kw_only=True):
    """Services, in the order in which they were added."""

    data: list[SkyDuelService]
    count: int


class SettingHistory(Record, frozen=True, kw_only=True):
    """Changes, newest first. Without `nextCursor`, there are no earlier ones."""

    data: list[Change]
    count: int
    nextCursor: str | None = None


class SettingInput(Record, frozen=True, kw_only=True):
    """The new state of a setting. Omitted fields stay as they are; a new setting is by default visible only to
    admins, and not secret."""

    value: Any
    """Any JSON of the same type as the setting's first value, within the server's limits."""
    description: str | None = None
    visibility: Literal["admin", "public", "user"] | None = None
    secret: bool | None = None
    """Hides the value from everybody; can be set only at creation."""
    expectedVersion: int | None = None
    """Change the setting only if this is its version, or, with 0, only if it is not stored yet."""


class SettingList(Record, frozen=True, kw_only=True):
    """Settings in the order of their keys. `version` is the highest of their versions."""

    data: list[Setting]
    count: int
    version: int


class SettledPrice(Record, frozen=True, kw_only=True):
    """A price used at the start or the end of a contest, and when the server received it."""

    symbol: str
    price: float
    receivedAt: str


class Settlement(Record, frozen=True, kw_only=True):
    """The prices at the start and the end, which, with the trades, determine a result. `start` or `end` is null if
    no prices were used there."""

    contestId: int
    start: Boundary | None
    end: Boundary | None


class SignatureInput(Record, frozen=True, kw_only=True):
    """A signed challenge."""

    challengeId: str
    wallet: str
    """The address of a Solana wallet."""
    signature: str
    """The Ed25519 signature of the message's UTF-8 bytes: 64 bytes in base58."""


class StoredUser(Record, frozen=True, kw_only=True):
    """The stored user; `role` is null if none was ever set, in which case the role in the token applies."""

    wallet: str
    nickname: str | None
    role: str | None
    banned: bool


class TokenMetadataInput(Record, frozen=True, kw_only=True):
    """The complete metadata of a token. A field that is left out comes from the token's feed, or is unknown."""

    name: str
    address: str
    """Characters of A-Z a-z 0-9 _ : . -"""
    decimals: int
    image_url: str | None = None
    """an `https:` URL"""
    description: str | None = None
    color: str | None = None
    """`#rrggbb` or `#rrggbbaa`."""
    socials: Mapping[str, str] | None = None
    websites: Sequence[WebsiteInput] | None = None
    status: Literal["active", "inactive"] | None = None


class TokenPage(Record, frozen=True, kw_only=True):
    """Tokens in the order of their symbols."""

    data: list[Token]
    count: int


class TradePage(Record, frozen=True, kw_only=True):
    """Trades, oldest first. Without `nextCursor`, there are no more."""

    data: list[TradeRecord]
    count: int
    nextCursor: str | None = None


class TradeRecord(Record, frozen=True, kw_only=True):
    """A purchase or sale made by a portfolio change; `quantity` is in units of the token."""

    id: int
    timestamp: str
    symbol: str
    side: str
    """Known values: `buy`, `sell`."""
    quantity: float
    price: float


class UserChangeInput(Record, frozen=True, kw_only=True):
    """A change to a user; omitted fields stay as they are."""

    nickname: str | None = None
    """Unique without regard to case; no control or bidi characters."""
    role: Literal["admin", "superadmin", "user"] | None = None
    banned: bool | None = None


class WebsiteInput(Record, frozen=True, kw_only=True):
    """A link of a token."""

    label: str
    url: str
    """an `https:` URL"""


class ApiV69AuditListAudit(Operation[AuditPage], frozen=True, kw_only=True):
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


class ApiV69AuthChallengePostChallenge(Operation[ChallengeToSign], frozen=True, kw_only=True):
    """Begin a sign-in.

    The message names a domain, so that a wallet can notice if a page of another domain asks it to sign. The
    domain is the configured one or, if none is configured, the `Host` of the request, which must be a loopback
    name or belong to an allowed origin.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/auth/challenge"
    response: ClassVar[Any] = ChallengeToSign
    body: ChallengeInput


class ApiV69AuthLogoutPostLogout(Operation[None], frozen=True, kw_only=True):
    """Sign out.

    All tokens of the same sign-in become invalid at once; open connections end as if the token had expired.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/auth/logout"
    response: ClassVar[Any] = None


class ApiV69AuthRefreshPostRefresh(Operation[NewToken], frozen=True, kw_only=True):
    """Stay signed in.

    This is possible for seven days after the sign-in. The previous token stays valid until it expires.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/auth/refresh"
    response: ClassVar[Any] = NewToken


class ApiV69AuthVerifyPostVerify(Operation[NewToken], frozen=True, kw_only=True):
    """Sign in.

    Each challenge can be used only once.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/auth/verify"
    response: ClassVar[Any] = NewToken
    body: SignatureInput


class ApiV69ContestsContestIdCancelCancelContest(Operation[ContestView], frozen=True, kw_only=True):
    """Cancel a contest.

    Nobody wins, and the chat is closed. For admins.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/cancel"
    response: ClassVar[Any] = ContestView
    contest_id: int
    """The id of a contest."""
    body: Reason | None = None


class ApiV69ContestsContestIdChatMessageIdDeleteMessage(Operation[None], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdEditContest(Operation[ContestView], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdEndEndContest(Operation[ContestView], frozen=True, kw_only=True):
    """End a contest now.

    The contest ends with the current prices. For admins.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/end"
    response: ClassVar[Any] = ContestView
    contest_id: int
    """The id of a contest."""
    body: Reason | None = None


class ApiV69ContestsContestIdEntriesEnterContest(Operation[Participant], frozen=True, kw_only=True):
    """Enter a contest.

    Users can enter while the contest is pending.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries"
    response: ClassVar[Any] = Participant
    contest_id: int
    """The id of a contest."""
    body: PortfolioInput


class ApiV69ContestsContestIdEntriesMeGetEntry(Operation[Participant], frozen=True, kw_only=True):
    """One participant.

    `me` is the caller. After the contest is completed, everybody may see every participant; before that, only
    admins may see others.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries/me"
    response: ClassVar[Any] = Participant
    contest_id: int
    """The id of a contest."""


class ApiV69ContestsContestIdEntriesMePortfolioChangePortfolio(Operation[Participant], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdEntriesMeTradesListTrades(Operation[TradePage], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdEntriesMeWithdraw(Operation[None], frozen=True, kw_only=True):
    """Withdraw from a contest.

    Users can withdraw while the contest is pending.
    """

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/entries/me"
    response: ClassVar[Any] = None
    contest_id: int
    """The id of a contest."""


class ApiV69ContestsContestIdEntriesWalletChangeEntry(Operation[Participant], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdEntriesWalletGetEntry(Operation[Participant], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdEntriesWalletTradesListTrades(Operation[TradePage], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdGetContest(Operation[ContestView], frozen=True, kw_only=True):
    """One contest.

    Admins also see who created the contest, and who is muted.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}"
    response: ClassVar[Any] = ContestView
    contest_id: int
    """The id of a contest."""


class ApiV69ContestsContestIdLeaderboardGetLeaderboard(Operation[Leaderboard], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdMutesWalletDeleteMute(Operation[None], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdMutesWalletPutMute(Operation[Mute], frozen=True, kw_only=True):
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


class ApiV69ContestsContestIdSettlementGetSettlement(Operation[Settlement], frozen=True, kw_only=True):
    """The prices that a contest was settled with.

    The prices at the start and at the end of the contest, and when each was received. `start` is null until the
    contest has started, and `end` until it has ended.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/settlement"
    response: ClassVar[Any] = Settlement
    contest_id: int
    """The id of a contest."""


class ApiV69ContestsContestIdStartStartContest(Operation[ContestView], frozen=True, kw_only=True):
    """Start a contest now.

    The contest starts with the current prices, even with fewer participants than `min_participants`. For admins.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/contests/{contest_id}/start"
    response: ClassVar[Any] = ContestView
    contest_id: int
    """The id of a contest."""
    body: Reason | None = None


class ApiV69ContestsCreateContest(Operation[ContestView], frozen=True, kw_only=True):
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


class ApiV69ContestsListContests(Operation[ContestPage], frozen=True, kw_only=True):
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


class ApiV69ErrorsPostError(Operation[Recorded], frozen=True, kw_only=True):
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


class ApiV69NodesListNodes(Operation[NodePage], frozen=True, kw_only=True):
    """All nodes.

    A server of one process has one node, with the role `all`. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/nodes"
    response: ClassVar[Any] = NodePage


class ApiV69NotificationsNotificationIdDeleteNotification(Operation[None], frozen=True, kw_only=True):
    """Remove a notification.

    Users may remove their own notifications, and admins those of everybody.
    """

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/api/v69/notifications/{notification_id}"
    response: ClassVar[Any] = None
    notification_id: int
    """The id of a notification."""


class ApiV69NotificationsPostNotifications(Operation[PostedNotifications], frozen=True, kw_only=True):
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


class ApiV69ServicesListServices(Operation[ServicePage], frozen=True, kw_only=True):
    """All services.

    The server's own services, and those outside it. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/services"
    response: ClassVar[Any] = ServicePage


class ApiV69ServicesNameDeleteService(Operation[None], frozen=True, kw_only=True):
    """Remove a service.

    A service cannot be removed while other services depend on it. For admins.
    """

    method: ClassVar[str] = "DELETE"
    path: ClassVar[str] = "/api/v69/services/{name}"
    response: ClassVar[Any] = None
    name: str
    """The name of a service: 1 to 64 of a-z 0-9 _ -."""


class ApiV69ServicesNameGetService(Operation[SkyDuelService], frozen=True, kw_only=True):
    """One service.

    The service as it is now. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/services/{name}"
    response: ClassVar[Any] = SkyDuelService
    name: str
    """The name of a service: 1 to 64 of a-z 0-9 _ -."""


class ApiV69ServicesNameOperationsPostOperations(Operation[OperationsTaken], frozen=True, kw_only=True):
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


class ApiV69ServicesNamePutService(Operation[SkyDuelService], frozen=True, kw_only=True):
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


class ApiV69SettingsKeyDeleteSetting(Operation[None], frozen=True, kw_only=True):
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


class ApiV69SettingsKeyGetSetting(Operation[Setting], frozen=True, kw_only=True):
    """One setting.

    The setting in force now. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/settings/{key}"
    response: ClassVar[Any] = Setting
    key: str
    """The key of a setting: 1 to 128 of a-z 0-9 _ . -."""


class ApiV69SettingsKeyHistoryGetHistory(Operation[SettingHistory], frozen=True, kw_only=True):
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


class ApiV69SettingsKeyPutSetting(Operation[Setting], frozen=True, kw_only=True):
    """Change a setting, or create it.

    The change takes effect without a restart, and is pushed to followers. Setting an equal value is a change too.
    A refusal with `VERSION_CONFLICT` contains the current setting in `current`. For admins.
    """

    method: ClassVar[str] = "PUT"
    path: ClassVar[str] = "/api/v69/settings/{key}"
    response: ClassVar[Any] = Setting
    key: str
    """The key of a setting: 1 to 128 of a-z 0-9 _ . -."""
    body: SettingInput


class ApiV69SettingsListSettings(Operation[SettingList], frozen=True, kw_only=True):
    """All settings.

    All settings: those of the server, and those that admins have created. For admins.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/settings"
    response: ClassVar[Any] = SettingList


class ApiV69TokensListTokens(Operation[TokenPage], frozen=True, kw_only=True):
    """All tokens.

    Every known token, active or not, with its market fields.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/tokens"
    response: ClassVar[Any] = TokenPage


class ApiV69TokensPricesPostPrices(Operation[PostResult], frozen=True, kw_only=True):
    """Post prices.

    For admins, and machines with the scope `prices`. A price of an unknown symbol adds the token.
    """

    method: ClassVar[str] = "POST"
    path: ClassVar[str] = "/api/v69/tokens/prices"
    response: ClassVar[Any] = PostResult
    body: Sequence[PostedPrice]


class ApiV69TokensSymbolGetToken(Operation[Token], frozen=True, kw_only=True):
    """One token.

    The token with its market fields; null means unknown.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/tokens/{symbol}"
    response: ClassVar[Any] = Token
    symbol: str
    """A symbol, in upper or lower case."""


class ApiV69TokensSymbolHistoryGetHistory(Operation[CandlePage], frozen=True, kw_only=True):
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


class ApiV69TokensSymbolPutToken(Operation[Token], frozen=True, kw_only=True):
    """Set a token's metadata.

    An unknown token is added. The metadata is pushed to everybody who follows the token.
    """

    method: ClassVar[str] = "PUT"
    path: ClassVar[str] = "/api/v69/tokens/{symbol}"
    response: ClassVar[Any] = Token
    symbol: str
    """A symbol, in upper or lower case."""
    body: TokenMetadataInput


class ApiV69TokensTradesPostTrades(Operation[PostResult], frozen=True, kw_only=True):
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


class ApiV69UsersMeContestsListOwnContests(Operation[OwnContestPage], frozen=True, kw_only=True):
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


class ApiV69UsersMeGetOwnUser(Operation[PublicUser], frozen=True, kw_only=True):
    """The caller.

    The public data of the caller. For users.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/users/me"
    response: ClassVar[Any] = PublicUser


class ApiV69UsersMePatchOwnUser(Operation[PublicUser], frozen=True, kw_only=True):
    """Change my nickname.

    The change takes effect on open connections of the caller at once. For users.
    """

    method: ClassVar[str] = "PATCH"
    path: ClassVar[str] = "/api/v69/users/me"
    response: ClassVar[Any] = PublicUser
    body: OwnChangeInput


class ApiV69UsersWalletGetUser(Operation[PublicUser], frozen=True, kw_only=True):
    """One user.

    The public data of a user.
    """

    method: ClassVar[str] = "GET"
    path: ClassVar[str] = "/api/v69/users/{wallet}"
    response: ClassVar[Any] = PublicUser
    wallet: str
    """A wallet; upper and lower case matter."""


class ApiV69UsersWalletPutUser(Operation[StoredUser], frozen=True, kw_only=True):
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

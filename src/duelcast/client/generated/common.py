"""Messages that several endpoints have.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ..messages import Command, Message
from .records import ChannelSince, Limits, Price, Sentiment, Since, Subscription, User, Volume


class AuthSuccess(Message, frozen=True, kw_only=True, tag="auth_success"):
    """The token is valid."""

    user: User | None
    """The user of the token."""
    expiresAt: str
    """When the token expires."""
    timestamp: str


class ConnectionEstablished(Message, frozen=True, kw_only=True, tag="connection_established"):
    """Ends the greeting; pushes follow."""

    connectionId: str
    """The id of this connection, a UUID."""
    endpoint: str
    """The name of the endpoint, such as `contest`."""
    authenticated: bool
    """Whether the connection has a valid token."""
    user: User | None
    """The user of the token; null if the connection is anonymous."""
    expiresAt: str | None
    """When the token expires; null if the connection is anonymous."""
    epoch: str
    """The epoch of all positions: 1 to 32 of A-Z a-z 0-9 _ -."""
    positions: dict[str, int]
    """The positions, by channel, of the *every* channels that were joined by connecting."""
    heartbeatIntervalMs: int
    """After this time without a frame from the client, the server sends a WebSocket PING; in milliseconds."""
    serverVersion: str
    """The version of the server, such as `1.4.0`."""
    contract: int
    """The version of the contract, which grows by one with each addition."""
    limits: Limits
    """The limits of this connection."""
    timestamp: str


class ErrorEvent(Message, frozen=True, kw_only=True, tag="error"):
    """Says why a message had no effect, or why the connection ends."""

    code: str
    """Says what is wrong, such as `INVALID_REQUEST`; the document lists all codes."""
    message: str
    """A sentence for people that says what to do."""
    field: str | None = None
    """The path of the invalid field, such as `symbols[3]`; absent if no single field is to blame."""
    retryAfterMs: int | None = None
    """The time after which the same request may succeed, in milliseconds."""
    errorId: str | None = None
    """The id of the log entry about the defect; present with `INTERNAL_ERROR`."""
    scope: str | None = None
    """The limit that was reached (`server`, `ip` or `user`); present with `TOO_MANY_CONNECTIONS`."""
    current: dict[str, Any] | None = None
    """The stored setting that the change conflicts with; present with `VERSION_CONFLICT`, and null if nothing is
    stored."""
    commands: list[str] | None = None
    """The commands that the service accepts; present with `INVALID_COMMAND`."""
    dependents: list[str] | None = None
    """The services that depend on the service, at most 100; present with `DEPENDENCY_ERROR`."""
    timestamp: str


class HeartbeatAck(Message, frozen=True, kw_only=True, tag="heartbeat_ack"):
    """Answers `heartbeat`."""

    timestamp: str


class MarketPrice(Message, frozen=True, kw_only=True, tag="MARKET_PRICE"):
    """The price, its source or its staleness changed."""

    data: Price
    """The price."""
    channel: str
    seq: int
    timestamp: str


class MarketSentiment(Message, frozen=True, kw_only=True, tag="MARKET_SENTIMENT"):
    """The balance of buying and selling changed."""

    data: Sentiment
    """The sentiment."""
    channel: str
    seq: int
    timestamp: str


class MarketVolume(Message, frozen=True, kw_only=True, tag="MARKET_VOLUME"):
    """The volume of a window changed."""

    data: Volume
    """The volume."""
    channel: str
    seq: int
    timestamp: str


class Pong(Message, frozen=True, kw_only=True, tag="pong"):
    """Answers `ping`."""

    timestamp: int | float | str
    """The value that the client sent, or the server's time if it sent none."""
    serverTime: str
    """The server's time."""


class SessionUpdated(Message, frozen=True, kw_only=True, tag="session_updated"):
    """The role, nickname or token of this connection changed on the server."""

    user: User | None
    """The user as of now; null if the connection is anonymous from now on."""
    timestamp: str


class SubscriptionConfirmed(Message, frozen=True, kw_only=True, tag="subscription_confirmed"):
    """The channel is followed. Its snapshot or the missed messages come next."""

    channel: str
    """The channel or group."""
    kind: str
    """`every` channels number each message without gaps; on `latest` channels, only the newest message per key
    counts. Known values: `every`, `latest`."""
    epoch: str
    """The epoch of `seq`."""
    seq: int | None
    """The position at which the snapshot or the missed messages end; null for a group."""
    recovered: bool | None = None
    """Whether exactly the missed messages follow, instead of the snapshot; present if a `since` was given, or after
    the server lost its connection to the bus."""
    timestamp: str


class SubscriptionList(Message, frozen=True, kw_only=True, tag="subscriptions"):
    """All subscriptions of the connection, in the order of joining."""

    data: list[Subscription]
    """The channels and groups, without the single channels of a followed group."""
    timestamp: str


class SymbolsSubscribed(Message, frozen=True, kw_only=True, tag="symbols_subscribed"):
    """Symbols are followed; the current state of each comes next."""

    symbols: list[str]
    """The requested symbols that are followed now, in upper case and without repeats; `["*"]` if all are."""
    unknown: list[str]
    """The requested symbols that the server does not know, in upper case; they are not followed."""
    timestamp: str


class SymbolsUnsubscribed(Message, frozen=True, kw_only=True, tag="symbols_unsubscribed"):
    """No further push of these symbols is sent, unless every symbol is followed (`*`)."""

    symbols: list[str]
    """The requested symbols, in upper case and without repeats; `["*"]` if all were left."""
    timestamp: str


class UnsubscriptionConfirmed(Message, frozen=True, kw_only=True, tag="unsubscription_confirmed"):
    """No further message of the channel is sent."""

    channel: str
    """The channel or group."""
    reason: str | None = None
    """Why the server itself ended the subscription (`rights`); absent if the client ended it."""
    timestamp: str


class Authenticate(Command[AuthSuccess, str], frozen=True, kw_only=True, tag="auth"):
    """Refreshes the token, or signs in an anonymous connection."""

    token: str
    """A JWT of the wallet that this connection belongs to, or of any wallet if the connection is anonymous."""


class GetSubscriptions(Command[SubscriptionList, str], frozen=True, kw_only=True, tag="get_subscriptions"):
    """Lists the subscriptions of the connection."""


class Heartbeat(
    Command[
        HeartbeatAck,
        Literal[
            "circuit-breaker",
            "contest",
            "market-data",
            "monitor",
            "notifications",
            "skyduel",
            "system-settings",
            "token-data",
        ],
    ],
    frozen=True,
    kw_only=True,
    tag="heartbeat",
):
    """Shows that the client is alive."""


class Ping(Command[Pong, str], frozen=True, kw_only=True, tag="ping"):
    """Measures the round trip; `timestamp` is returned. `data` from clients of earlier versions is ignored."""

    timestamp: int | float | str | None = None
    """The client's time; `pong` returns it, and other commands ignore it."""


class Subscribe(Command[SubscriptionConfirmed, str], frozen=True, kw_only=True, tag="subscribe"):
    """Follows `channel`, or each of `channels`."""

    channel: str | None = None
    """The channel or group to follow. A channel or group name."""
    since: Since | None = None
    """The position of `channel` to resume from; without it, the channel begins with its snapshot."""
    channels: Sequence[str | ChannelSince] | None = None
    """Channels and groups to follow, each a name, or a name with a position; a repeated name counts once."""


class SubscribeSymbols(
    Command[SymbolsSubscribed, Literal["market-data", "token-data"]], frozen=True, kw_only=True, tag="SUBSCRIBE_SYMBOLS"
):
    """Follows symbols, in upper or lower case; `*` stands for every symbol, present and future."""

    symbols: Sequence[str]
    """The symbols to follow, in upper or lower case; `*` among them stands for all, and the others are then ignored."""


class Unsubscribe(Command[UnsubscriptionConfirmed, str], frozen=True, kw_only=True, tag="unsubscribe"):
    """Stops following `channel`, or each of `channels`."""

    channel: str | None = None
    """The channel or group to leave. A channel or group name."""
    channels: Sequence[str | ChannelSince] | None = None
    """Channels and groups to leave; positions are ignored."""


class UnsubscribeSymbols(
    Command[SymbolsUnsubscribed, Literal["market-data", "token-data"]],
    frozen=True,
    kw_only=True,
    tag="UNSUBSCRIBE_SYMBOLS",
):
    """Stops following symbols; `*` stands for every symbol."""

    symbols: Sequence[str]
    """The symbols to leave, in upper or lower case; `*` among them ends all subscriptions to symbols."""

"""Messages that several endpoints have.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..messages import Command, Message
from .records import ChannelSince, Limits, Price, Sentiment, Since, Subscription, User, Volume


class AuthSuccess(Message, frozen=True, kw_only=True, tag="auth_success"):
    """The token is valid."""

    user: User | None
    expiresAt: str
    timestamp: str


class ConnectionEstablished(Message, frozen=True, kw_only=True, tag="connection_established"):
    """Ends the greeting; pushes follow. `positions` contains the positions of the *every* channels that were joined."""

    connectionId: str
    endpoint: str
    authenticated: bool
    user: User | None
    expiresAt: str | None
    epoch: str
    positions: dict[str, int]
    heartbeatIntervalMs: int
    serverVersion: str
    contract: int
    limits: Limits
    timestamp: str


class ErrorEvent(Message, frozen=True, kw_only=True, tag="error"):
    """Says why a message had no effect, or why the connection ends.

    `field` is the path of the invalid field. `errorId` is the id of the defect's log entry. `scope` is the limit
    that was reached (`server`, `ip` or `user`). `current` is the stored setting that a change conflicts with.
    `commands` are the commands that the service accepts, and `dependents` are the services that depend on the
    service.
    """

    code: str
    message: str
    field: str | None = None
    retryAfterMs: int | None = None
    errorId: str | None = None
    scope: str | None = None
    current: dict[str, Any] | None = None
    commands: list[str] | None = None
    dependents: list[str] | None = None
    timestamp: str


class HeartbeatAck(Message, frozen=True, kw_only=True, tag="heartbeat_ack"):
    """Answers `heartbeat`."""

    timestamp: str


class MarketPrice(Message, frozen=True, kw_only=True, tag="MARKET_PRICE"):
    """The price, its source or its staleness changed."""

    data: Price
    channel: str
    seq: int
    timestamp: str


class MarketSentiment(Message, frozen=True, kw_only=True, tag="MARKET_SENTIMENT"):
    """The balance of buying and selling changed."""

    data: Sentiment
    channel: str
    seq: int
    timestamp: str


class MarketVolume(Message, frozen=True, kw_only=True, tag="MARKET_VOLUME"):
    """The volume of a window changed."""

    data: Volume
    channel: str
    seq: int
    timestamp: str


class Pong(Message, frozen=True, kw_only=True, tag="pong"):
    """`timestamp` is the value that the client sent, or the server's time if it sent none; `serverTime` is always
    the server's time."""

    timestamp: int | float | str
    serverTime: str


class SessionUpdated(Message, frozen=True, kw_only=True, tag="session_updated"):
    """The role, nickname or token of this connection changed on the server."""

    user: User | None
    timestamp: str


class SubscriptionConfirmed(Message, frozen=True, kw_only=True, tag="subscription_confirmed"):
    """The channel is followed. Its snapshot or the missed messages come next; `seq` is the position at which they
    end (null for a group).

    `recovered` is present if a `since` was given, or after the server lost its connection to the bus.
    """

    channel: str
    kind: str
    """Known values: `every`, `latest`."""
    epoch: str
    seq: int | None
    recovered: bool | None = None
    timestamp: str


class SubscriptionList(Message, frozen=True, kw_only=True, tag="subscriptions"):
    """All subscriptions of the connection, in the order of joining."""

    data: list[Subscription]
    timestamp: str


class SymbolsSubscribed(Message, frozen=True, kw_only=True, tag="symbols_subscribed"):
    """`symbols` lists those of the requested symbols that are followed now, in upper case and without duplicates, or
    is `["*"]`; the current state of each comes next. `unknown` symbols are not followed."""

    symbols: list[str]
    unknown: list[str]
    timestamp: str


class SymbolsUnsubscribed(Message, frozen=True, kw_only=True, tag="symbols_unsubscribed"):
    """No further push of these symbols is sent, unless every symbol is followed (`*`)."""

    symbols: list[str]
    timestamp: str


class UnsubscriptionConfirmed(Message, frozen=True, kw_only=True, tag="unsubscription_confirmed"):
    """No further message of the channel is sent. If the server itself ended the subscription, `reason` says why
    (`rights`)."""

    channel: str
    reason: str | None = None
    timestamp: str


class Authenticate(Command[AuthSuccess], frozen=True, kw_only=True, tag="auth"):
    """Refreshes the token, or signs in an anonymous connection."""

    token: str


class GetSubscriptions(Command[SubscriptionList], frozen=True, kw_only=True, tag="get_subscriptions"):
    """Lists the subscriptions of the connection."""


class Heartbeat(Command[HeartbeatAck], frozen=True, kw_only=True, tag="heartbeat"):
    """Shows that the client is alive."""


class Ping(Command[Pong], frozen=True, kw_only=True, tag="ping"):
    """Measures the round trip; `timestamp` is returned. `data` from clients of earlier versions is ignored."""

    timestamp: int | float | str | None = None


class Subscribe(Command[SubscriptionConfirmed], frozen=True, kw_only=True, tag="subscribe"):
    """Follows `channel`, or each of `channels`; `since` is the position to resume from."""

    channel: str | None = None
    since: Since | None = None
    channels: Sequence[str | ChannelSince] | None = None


class SubscribeSymbols(Command[SymbolsSubscribed], frozen=True, kw_only=True, tag="SUBSCRIBE_SYMBOLS"):
    """Follows symbols, in upper or lower case; `*` stands for every symbol, present and future."""

    symbols: Sequence[str]


class Unsubscribe(Command[UnsubscriptionConfirmed], frozen=True, kw_only=True, tag="unsubscribe"):
    """Stops following `channel`, or each of `channels`."""

    channel: str | None = None
    channels: Sequence[str | ChannelSince] | None = None


class UnsubscribeSymbols(Command[SymbolsUnsubscribed], frozen=True, kw_only=True, tag="UNSUBSCRIBE_SYMBOLS"):
    """Stops following symbols; `*` stands for every symbol."""

    symbols: Sequence[str]

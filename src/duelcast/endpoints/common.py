"""Commands that every endpoint understands (protocol §1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from duelcast.channels.broker import Position
from duelcast.channels.names import Group, Kind
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.context import Context, Join, Joined, LocalContext, Target
from duelcast.endpoints.kit import Endpoint
from duelcast.errors import AppError, InvalidRequest
from duelcast.wire.messages import (
    MAX_SAFE_INTEGER,
    ChannelName,
    ClientTime,
    Command,
    Event,
    Record,
    Timestamp,
)
from duelcast.wire.timestamps import format_time

KindName = Literal["latest", "every"]


class User(Record):
    """The user that a connection belongs to."""

    wallet_address: str
    """The wallet."""
    nickname: str | None
    """The nickname; null if there is none."""
    role: str
    """`user`, `admin` or `superadmin`."""


def user_record(identity: Identity | None) -> User | None:
    """The record of an identity; None if there is no identity."""
    if identity is None:
        return None
    return User(wallet_address=identity.wallet, nickname=identity.nickname, role=identity.role.name.lower())


class Limits(Record):
    """The limits of a connection."""

    maxMessageBytes: int
    """The size of the largest message that the client may send, in bytes after inflating."""
    messagesPerMinute: int | None
    """How many messages a minute the wallet may send over all its connections to this endpoint, or the connection if it
    is anonymous; null means no limit."""
    maxSubscriptions: int | None
    """How many channels the connection may follow; a group counts as one, and those joined by connecting do not count.
    Null means no limit."""


class ConnectionEstablished(Event, tag="connection_established"):
    """Ends the greeting; pushes follow."""

    connectionId: str
    """The id of this connection, a UUID."""
    endpoint: str
    """The name of the endpoint, such as `contest`."""
    authenticated: bool
    """Whether the connection has a valid token."""
    user: User | None
    """The user of the token; null if the connection is anonymous."""
    expiresAt: Timestamp | None
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


class SessionUpdated(Event, tag="session_updated"):
    """The role, nickname or token of this connection changed on the server."""

    user: User | None
    """The user as of now; null if the connection is anonymous from now on."""


class Heartbeat(Command, tag="heartbeat"):
    """Shows that the client is alive."""


class HeartbeatAck(Event, tag="heartbeat_ack"):
    """Answers `heartbeat`."""


class Ping(Command, tag="ping"):
    """Measures the round trip; `timestamp` is returned. `data` from clients of earlier versions is ignored."""

    uses_timestamp: ClassVar[bool] = True
    ignored_fields: ClassVar[tuple[str, ...]] = ("data",)


class Pong(Event, tag="pong"):
    """Answers `ping`."""

    has_own_timestamp: ClassVar[bool] = True

    timestamp: ClientTime
    """The value that the client sent, or the server's time if it sent none."""
    serverTime: Timestamp
    """The server's time."""


class Since(Struct, forbid_unknown_fields=True):
    """A position: the `seq` of the last message that the client handled, and the `epoch` of that `seq`."""

    epoch: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_\-]{1,32}(?!\n)$", description="1 to 32 of A-Z a-z 0-9 _ -")]
    """The epoch of `seq`."""
    seq: Annotated[int, Meta(ge=0, le=MAX_SAFE_INTEGER)]
    """The `seq` of the last message of the channel that the client handled."""


class ChannelSince(Struct, forbid_unknown_fields=True):
    """A channel, and the position to resume from."""

    channel: ChannelName
    """The channel to follow."""
    since: Since | None = None
    """The position to resume from; without it, the channel begins with its snapshot."""


ChannelList = Annotated[list[ChannelName | ChannelSince], Meta(min_length=1, max_length=500)]


class Subscribe(Command, tag="subscribe"):
    """Follows `channel`, or each of `channels`."""

    channel: ChannelName | None = None
    """The channel or group to follow."""
    since: Since | None = None
    """The position of `channel` to resume from; without it, the channel begins with its snapshot."""
    channels: ChannelList | None = None
    """Channels and groups to follow, each a name, or a name with a position; a repeated name counts once."""


class Unsubscribe(Command, tag="unsubscribe"):
    """Stops following `channel`, or each of `channels`."""

    channel: ChannelName | None = None
    """The channel or group to leave."""
    channels: ChannelList | None = None
    """Channels and groups to leave; positions are ignored."""


class SubscriptionConfirmed(Event, tag="subscription_confirmed"):
    """The channel is followed. Its snapshot or the missed messages come next."""

    channel: str
    """The channel or group."""
    kind: KindName
    """`every` channels number each message without gaps; on `latest` channels, only the newest message per key
    counts."""
    epoch: str
    """The epoch of `seq`."""
    seq: int | None
    """The position at which the snapshot or the missed messages end; null for a group."""
    recovered: bool | UnsetType = UNSET
    """Whether exactly the missed messages follow, instead of the snapshot; present if a `since` was given, or after the
    server lost its connection to the bus."""


class UnsubscriptionConfirmed(Event, tag="unsubscription_confirmed"):
    """No further message of the channel is sent."""

    channel: str
    """The channel or group."""
    reason: str | UnsetType = UNSET
    """Why the server itself ended the subscription (`rights`); absent if the client ended it."""


class GetSubscriptions(Command, tag="get_subscriptions"):
    """Lists the subscriptions of the connection."""


class Subscription(Record):
    """A channel or group that the connection follows."""

    channel: str
    """The channel or group."""
    kind: KindName
    """The kind of the channel or of the channels of the group."""
    seq: int | None
    """The channel's position; null for a group."""


class SubscriptionList(Event, tag="subscriptions"):
    """All subscriptions of the connection, in the order of joining."""

    data: list[Subscription]
    """The channels and groups, without the single channels of a followed group."""


class Authenticate(Command, tag="auth"):
    """Refreshes the token, or signs in an anonymous connection."""

    token: Annotated[str, Meta(min_length=1)]
    """A JWT of the wallet that this connection belongs to, or of any wallet if the connection is anonymous."""


class AuthSuccess(Event, tag="auth_success"):
    """The token is valid."""

    user: User | None
    """The user of the token."""
    expiresAt: Timestamp
    """When the token expires."""


def kind_name(target: Target) -> KindName:
    """The kind of a channel or group as it is written on the wire."""
    return "latest" if target.kind is Kind.LATEST else "every"


def confirmation(joined: Joined) -> SubscriptionConfirmed:
    """The confirmation of a channel or group that was joined."""
    return SubscriptionConfirmed(
        channel=joined.target.name,
        kind=kind_name(joined.target),
        epoch=joined.epoch,
        seq=joined.seq,
        recovered=UNSET if joined.recovered is None else joined.recovered,
    )


def auth_success(identity: Identity) -> AuthSuccess:
    """The answer to a valid token."""
    return AuthSuccess(user=user_record(identity), expiresAt=format_time(identity.expires_at))


def heartbeat(_context: LocalContext, _command: Heartbeat) -> HeartbeatAck:
    return HeartbeatAck()


def ping(context: LocalContext, command: Ping) -> Pong:
    now = format_time(context.now_s)
    return Pong(timestamp=now if command.timestamp is None else command.timestamp, serverTime=now)


async def subscribe(context: Context, command: Subscribe) -> Sequence[SubscriptionConfirmed | Join | AppError]:
    """A `Join` in the answer stands for its confirmation and its snapshot or replay. A repeated name counts once."""
    results: dict[str, Target | AppError] = {}
    since: dict[Target, Position] = {}
    for path, item in _wanted(command):
        target = results.get(item.channel)
        if target is None:
            target = results[item.channel] = resolved(context, item.channel, path)
        if isinstance(target, AppError):
            continue
        if item.since is not None and not isinstance(target, Group):
            since[target] = Position(item.since.epoch, item.since.seq)
    targets = [result for result in results.values() if not isinstance(result, AppError)]
    joins = iter(await context.join(targets, since=since, counted=True))
    context.answered_rows = len(results) - len(targets)
    return [result if isinstance(result, AppError) else next(joins) for result in results.values()]


def resolved(context: Context, name: str, path: str) -> Target | AppError:
    """The channel or group `name`, or the error that says why it cannot be followed."""
    try:
        return context.resolve(name)
    except AppError as error:
        error.field = path
        return error


def _wanted(command: Subscribe) -> list[tuple[str, ChannelSince]]:
    """The channels that a `subscribe` asks for, each with the path of the field that names it."""
    if (command.channel is None) == (command.channels is None):
        raise InvalidRequest("Name either one `channel` or a list of `channels`.", field="channel")
    if command.channel is not None:
        return [("channel", ChannelSince(command.channel, command.since))]
    if command.since is not None:
        raise InvalidRequest("Give `since` within each of `channels`.", field="since")
    return [
        (f"channels[{index}]", ChannelSince(item)) if isinstance(item, str) else (f"channels[{index}].channel", item)
        for index, item in enumerate(command.channels or ())
    ]


def unsubscribe(
    context: Context, command: Unsubscribe
) -> UnsubscriptionConfirmed | Sequence[UnsubscriptionConfirmed | AppError]:
    if (command.channel is None) == (command.channels is None):
        raise InvalidRequest("Name either one `channel` or a list of `channels`.", field="channel")
    if command.channel is not None:
        try:
            target = context.resolve(command.channel)
        except AppError as error:
            error.field = "channel"
            raise
        context.leave([target])
        return UnsubscriptionConfirmed(channel=target.name)
    answer: dict[str, UnsubscriptionConfirmed | AppError] = {}
    for index, item in enumerate(command.channels or ()):
        name = item if isinstance(item, str) else item.channel
        if name in answer:
            continue
        left = resolved(context, name, f"channels[{index}]")
        if isinstance(left, AppError):
            answer[name] = left
        else:
            context.leave([left])
            answer[name] = UnsubscriptionConfirmed(channel=left.name)
    context.answered_rows = len(answer)
    return list(answer.values())


def get_subscriptions(context: LocalContext, _command: GetSubscriptions) -> SubscriptionList:
    held = context.connection.positions()
    context.answered_rows = len(held)
    return SubscriptionList(
        data=[Subscription(channel=target.name, kind=kind_name(target), seq=seq) for target, seq in held]
    )


async def authenticate(context: LocalContext, command: Authenticate) -> AuthSuccess:
    return auth_success(await context.connection.sign_in(command.token))


def add_common_commands(endpoint: Endpoint) -> None:
    """Add the commands of this file, except those that `endpoint` declares itself."""
    own = dict(endpoint.commands)
    endpoint.command(Heartbeat, counted=False, safe=True)(heartbeat)
    endpoint.command(Ping, counted=False, safe=True)(ping)
    endpoint.command(Subscribe, errors=SUBSCRIBE_ERRORS, joins=NAMED)(subscribe)
    endpoint.command(Unsubscribe, errors=SUBSCRIBE_ERRORS[:2], leaves=NAMED)(unsubscribe)
    endpoint.command(GetSubscriptions, safe=True)(get_subscriptions)
    endpoint.command(Authenticate, old_names=("authenticate",), errors=("UNAUTHORIZED", "TOO_MANY_CONNECTIONS"))(
        authenticate
    )
    endpoint.commands |= own


NAMED = ("{channel}", "{channels}")
"""The channels that `subscribe` joins and `unsubscribe` leaves."""

SUBSCRIBE_ERRORS = ("UNKNOWN_CHANNEL", "SUBSCRIPTION_DENIED", "TOO_MANY_SUBSCRIPTIONS")

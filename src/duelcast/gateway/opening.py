"""Admitting a client and greeting it (protocol 1.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import duelcast
from duelcast.channels.broker import Broker, Position
from duelcast.channels.names import Group
from duelcast.clock import Clock
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.common import (
    Authenticate,
    ConnectionEstablished,
    Limits,
    auth_success,
    confirmation,
    resolved,
    user_record,
)
from duelcast.endpoints.kit import Auth, Context, Endpoint, Join, Target
from duelcast.errors import (
    AppError,
    InvalidRequest,
    PermissionDenied,
    SubscriptionDenied,
    TooManySubscriptions,
    Unauthorized,
)
from duelcast.gateway.command_queue import CommandQueue
from duelcast.gateway.joining import JoinedTarget
from duelcast.gateway.runtime import EndpointRuntime
from duelcast.gateway.session import ConnectionSession
from duelcast.gateway.socket import SocketOptions
from duelcast.gateway.subscriptions import NO_POSITIONS, ConnectionSubscriptions
from duelcast.wire.decoding import CommandDecoder
from duelcast.wire.frames import reply_body, text_frame
from duelcast.wire.messages import Event
from duelcast.wire.timestamps import format_time

CONTRACT = 2

_auth_decoder = CommandDecoder({"auth": Authenticate, "authenticate": Authenticate})


class ConnectRequest:
    """What the upgrade request asks. `channels` and `since` are in the order asked for; an invalid `since` is None.

    `token_is_cookie`: an invalid cookie is treated as missing.
    """

    __slots__ = (
        "address_bucket",
        "auth_by_message",
        "by_public_name",
        "channels",
        "since",
        "token",
        "token_is_cookie",
    )

    def __init__(
        self,
        *,
        address_bucket: str | None,
        token: str | None = None,
        token_is_cookie: bool = False,
        auth_by_message: bool = False,
        by_public_name: bool = False,
        channels: Sequence[str] = (),
        since: Sequence[tuple[str, Position] | None] = (),
    ) -> None:
        self.address_bucket = address_bucket
        self.token = token
        self.token_is_cookie = token_is_cookie
        self.auth_by_message = auth_by_message
        self.by_public_name = by_public_name
        self.channels = channels
        self.since = since


class Newcomer(Protocol):
    """The connection that is being opened."""

    established: bool

    @property
    def is_open(self) -> bool: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def options(self) -> SocketOptions: ...

    @property
    def runtime(self) -> EndpointRuntime: ...

    @property
    def session(self) -> ConnectionSession: ...

    @property
    def subscriptions(self) -> ConnectionSubscriptions: ...

    @property
    def commands(self) -> CommandQueue: ...

    def context(self, request_id: str | None) -> Context:
        """The context that a handler is given."""

    def admit(self, *, brings_token: bool) -> None:
        """Count the connection. Raises `TooManyConnections`."""

    def admit_identified(self, identity: Identity | None) -> None:
        """Take one of the last places, now that the identity is known. Raises `TooManyConnections`."""

    async def identify(self, token: str) -> Identity:
        """Turn a token into an identity. Raises what `TokenVerifier.verify` does."""

    def limit_reading(self, *, limited: bool) -> None:
        """Read no more than a client needs to send before the greeting, or lift that limit."""


class Opener:
    """Runs once per connection. Raises `AppError` if the client is refused.

    `auth_timeout_s`: how long to wait for a token in a message.
    """

    def __init__(self, connection: Newcomer, request: ConnectRequest, broker: Broker, *, auth_timeout_s: float) -> None:
        self._connection = connection
        self._request = request
        self._broker = broker
        self._auth_timeout_s = auth_timeout_s
        self._endpoint = connection.runtime.endpoint
        self._auth_id: str | None = None
        """The `requestId` of the initial `auth`."""

    async def open(self) -> None:
        """Admit and greet, up to `connection_established`."""
        try:
            await self._admit_and_greet()
        except AppError as refusal:
            refusal.request_id = self._auth_id
            raise

    async def _admit_and_greet(self) -> None:
        connection, request = self._connection, self._request
        limits, clock = connection.runtime.dispatcher.limits, connection.clock
        brings_token = request.token is not None or request.auth_by_message
        connection.admit(brings_token=brings_token)
        if not brings_token:
            limits.admit_connection(connection.session, clock.monotonic())
        try:
            identity, by_message = await self._identify()
        except AppError:
            limits.charge_connection(connection.session, 0, clock.monotonic())
            raise
        request.token = None
        connection.admit_identified(identity)
        if identity is not None:
            connection.session.change(identity)
        if not connection.is_open:
            return
        limits.admit_connection(connection.session, clock.monotonic())
        frames = [self._frame(auth_success(identity), self._auth_id)] if by_message and identity is not None else []
        rows = await self._greet(frames)
        limits.charge_connection(connection.session, rows, clock.monotonic())

    # ── admission ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _identify(self) -> tuple[Identity | None, bool]:
        """The identity of the client, and whether its token came in a message."""
        request = self._request
        if self._endpoint.auth is Auth.PUBLIC:
            try:
                return await self._identity_of(request.token), False
            except AppError:
                return None, False
        if request.auth_by_message:
            return await self._identity_by_message(), True
        try:
            identity = await self._identity_of(request.token)
        except Unauthorized:
            if not request.token_is_cookie:
                raise
            identity = None
        if identity is None and not request.by_public_name:
            raise Unauthorized(_token_missing(self._endpoint))
        return identity, False

    async def _identity_of(self, token: str | None) -> Identity | None:
        if token is None:
            return None
        identity = await self._connection.identify(token)
        if identity.scopes:
            raise PermissionDenied("This token is for machines: it may make its POSTs, and not connect.")
        return identity

    async def _identity_by_message(self) -> Identity:
        clock = self._connection.clock
        timeout_s = self._auth_timeout_s
        data = await self._connection.commands.first(lambda: clock.sleep(timeout_s))
        if data is None:
            most = self._connection.options.limited_read_bytes
            raise Unauthorized(
                f"No token came within {timeout_s:g} seconds and {most} bytes: connect again, and send `auth`."
            )
        try:
            command = _auth_decoder.decode(data)
        except AppError as error:
            self._auth_id = error.request_id
            raise Unauthorized('The first message must be {"type":"auth","token":"…"}: connect again.') from None
        assert isinstance(command, Authenticate)
        self._auth_id = command.requestId
        identity = await self._identity_of(command.token)
        assert identity is not None
        return identity

    # ── greeting ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _greet(self, frames: list[bytes]) -> int:
        """Write the endpoint's own frames, the channels the URL asks for, `connection_established`, then pushes.

        Returns the number of rows sent.
        """
        connection = self._connection
        subscriptions = connection.subscriptions
        context = connection.context(None)
        asked, since, errors = self._asked(context)
        subscriptions.connect_since = since
        greeting: list[bytes | JoinedTarget] = [*frames]
        if self._endpoint.connect_handler is not None:
            parts = await self._endpoint.connect_handler(context)
            greeting += self._greeting(parts)
        own = {joined.target: joined for joined in subscriptions.joining()}
        try:
            await subscriptions.join_asked([target for target in asked if target not in own], since)
        except TooManySubscriptions as error:
            errors.append(error)
            asked = [target for target in asked if target in own]
        subscriptions.connect_since = NO_POSITIONS
        if not connection.is_open:
            return 0
        # Nothing is awaited from here on, so rights and positions are current.
        errors += [_denied(joined) for joined in subscriptions.withdraw_forbidden() if joined.target in asked]
        joining = {joined.target: joined for joined in subscriptions.joining()}
        recovered = {target for target in asked if target in joining and joining[target].recovered}
        segments: list[bytes | JoinedTarget] = []
        for part in greeting:
            if isinstance(part, bytes):
                segments.append(part)
            elif part.target in joining.keys() - recovered:
                segments.append(part.without_news())
        for target in asked:
            if target in joining:
                segments += (self._frame(confirmation(joining[target])), joining[target].without_news())
        now_s = connection.clock.time()
        segments += [connection.runtime.dispatcher.error_frame(error, None, now_s) for error in errors]
        segments.append(self._frame(self._established(subscriptions.every_positions())))
        segments += [joined.news_alone() for joined in joining.values()]
        subscriptions.commit(segments)
        subscriptions.greeting = False
        connection.established = True
        connection.limit_reading(limited=False)
        return context.answered_rows + sum(joined.rows for joined in joining.values()) + len(errors)

    def _greeting(self, parts: Sequence[Event | Join]) -> list[bytes | JoinedTarget]:
        """What the endpoint greets with, and the snapshots of its joins: where they stand, the rest at the end."""
        joined = {one.join: one for one in self._connection.subscriptions.joining()}
        greeting: list[bytes | JoinedTarget] = []
        rest: list[JoinedTarget] = []
        for part in parts:
            if isinstance(part, Event):
                greeting.append(self._frame(part))
            elif part.first is None:
                greeting.append(joined.pop(part))
            else:
                first, others = joined.pop(part).parted(part.first)
                greeting.append(first)
                rest.append(others)
        return [*greeting, *rest, *joined.values()]

    def _asked(self, context: Context) -> tuple[Sequence[Target], Mapping[Target, Position], list[AppError]]:
        """The channels that the URL names, each once, their positions, and errors for what cannot be followed."""
        request = self._request
        named: list[tuple[str, str, Position | None]] = [
            (f"channel[{index}]", name, None) for index, name in enumerate(request.channels)
        ]
        errors: list[AppError] = []
        for index, entry in enumerate(request.since):
            path = f"since[{index}]"
            if entry is None:
                errors.append(
                    InvalidRequest("A `since` is a channel, an epoch and a seq, joined by commas.", field=path)
                )
            else:
                named.append((path, *entry))
        found: dict[str, Target | AppError] = {}
        positions: dict[Target, Position] = {}
        for path, name, position in named:
            target = found.get(name)
            if target is None:
                target = found[name] = resolved(context, name, path)
            if position is not None and not isinstance(target, Group | AppError):
                positions[target] = position
        errors += [target for target in found.values() if isinstance(target, AppError)]
        return [target for target in found.values() if not isinstance(target, AppError)], positions, errors

    def _established(self, positions: dict[str, int]) -> ConnectionEstablished:
        connection = self._connection
        identity = connection.session.identity
        return ConnectionEstablished(
            connectionId=connection.session.connection_id,
            endpoint=self._endpoint.name,
            authenticated=identity is not None,
            user=user_record(identity),
            expiresAt=None if identity is None else format_time(identity.expires_at),
            epoch=self._broker.epoch,
            positions=positions,
            heartbeatIntervalMs=int(connection.options.heartbeat_interval_s * 1000),
            serverVersion=duelcast.__version__,
            contract=CONTRACT,
            limits=Limits(
                maxMessageBytes=self._endpoint.max_message_bytes,
                messagesPerMinute=connection.runtime.dispatcher.limits.per_minute,
                maxSubscriptions=connection.subscriptions.limit,
            ),
        )

    def _frame(self, event: Event, request_id: str | None = None) -> bytes:
        return text_frame(reply_body(event, self._connection.clock.time(), request_id))


def _denied(joined: JoinedTarget) -> SubscriptionDenied:
    return SubscriptionDenied(f"Your role changed meanwhile, and does not allow {joined.target.name} any more.")


def _token_missing(endpoint: Endpoint) -> str:
    """What the client should do: the connection ends now, so an `auth` on it would come too late."""
    name = endpoint.public_name
    public = "" if name is None else f" or with `?endpoint={name}` to see what everybody may see,"
    return (
        "This endpoint needs a token, and this connection ends: connect again with one in the header `Authorization` "
        f"or `Sec-WebSocket-Protocol`,{public} or with `?auth=message`, and send `auth` first."
    )

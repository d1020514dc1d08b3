"""Admitting a client and greeting it (protocol §1.2)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Protocol

import duelcast
from duelcast.channels.broker import Broker, Position
from duelcast.clock import Clock
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.common import (
    Authenticate,
    ConnectionEstablished,
    Limits,
    auth_success,
    confirmation,
    user_record,
)
from duelcast.endpoints.context import Ask, Encoded, Greeting, Join, Joined, Named, Target
from duelcast.endpoints.kit import Auth, Endpoint
from duelcast.errors import (
    AppError,
    InvalidRequest,
    PermissionDenied,
    SubscriptionDenied,
    Unauthorized,
)
from duelcast.gateway.answer_parts import news_alone, parted, without_news
from duelcast.gateway.command_queue import CommandQueue
from duelcast.gateway.compression import Agreement
from duelcast.gateway.runtime import EndpointRuntime
from duelcast.gateway.session import ConnectionSession
from duelcast.gateway.socket import SocketOptions
from duelcast.gateway.subscriptions import ConnectionSubscriptions, Segment, every_positions
from duelcast.wire.decoding import CommandDecoder
from duelcast.wire.frames import reply_body, text_frame
from duelcast.wire.messages import Event
from duelcast.wire.timestamps import format_other_time

CONTRACT = 2

_auth_decoder = CommandDecoder({"auth": Authenticate, "authenticate": Authenticate})


class ConnectRequest:
    """The parameters of an upgrade request. `channels` and `since` are in the order of the request; an entry of `since`
    that is invalid is None.

    If `token_is_cookie`, an invalid token is treated as missing.
    """

    __slots__ = (
        "address_bucket",
        "auth_by_message",
        "by_public_name",
        "channels",
        "compression",
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
        compression: Agreement | None = None,
    ) -> None:
        self.address_bucket = address_bucket
        self.token = token
        self.token_is_cookie = token_is_cookie
        self.auth_by_message = auth_by_message
        self.by_public_name = by_public_name
        self.channels = channels
        self.since = since
        self.compression = compression


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

    def ask(self, command: None = None) -> Ask:
        """The request to the desk about this connection."""

    def admit(self, *, brings_token: bool) -> None:
        """Count the connection. Raises `TooManyConnections`."""

    def admit_identified(self, identity: Identity | None) -> None:
        """If the connection has waited for a place, take one, now that the identity is known. Raises
        `TooManyConnections`."""

    async def identify(self, token: str) -> Identity:
        """Return the identity of `token`. Raises the errors of `TokenVerifier.verify`."""

    def limit_reading(self, *, limited: bool) -> None:
        """Limit reading to what a client needs to send before the greeting, or lift that limit."""


class Opener:
    """Admits and greets one client. `auth_timeout_s` is how long to wait for a token in a message."""

    def __init__(self, connection: Newcomer, request: ConnectRequest, broker: Broker, *, auth_timeout_s: float) -> None:
        self._connection = connection
        self._request = request
        self._broker = broker
        self._auth_timeout_s = auth_timeout_s
        self._endpoint = connection.runtime.endpoint
        self._auth_id: str | None = None
        """The `requestId` of the initial `auth`."""

    async def open(self) -> None:
        """Admit and greet the client, up to `connection_established`. Raises `AppError` if the client is refused."""
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
            raise PermissionDenied("This token is for machines: it allows POST requests, but no connections.")
        return identity

    async def _identity_by_message(self) -> Identity:
        clock = self._connection.clock
        timeout_s = self._auth_timeout_s
        data = await self._connection.commands.first(lambda: clock.sleep(timeout_s))
        if data is None:
            most = self._connection.options.limited_read_bytes
            raise Unauthorized(
                f"No token was received within {timeout_s:g} seconds and {most} bytes: connect again, and send `auth`."
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
        """Write `frames`, the endpoint's greeting, a confirmation and the first frames of each channel named in the
        URL, the errors, `connection_established`, then the messages published meanwhile.

        Returns the number of rows to charge for; an error counts as one.
        """
        connection = self._connection
        named, errors = self._named()
        answer = await connection.runtime.desk.greet(connection.ask(), named)
        subscriptions = connection.subscriptions
        if not connection.is_open:
            subscriptions.release(answer.joined)
            return 0
        # Nothing is awaited from here on, so rights and positions are current.
        joined = subscriptions.allowed(answer.joined)
        followed = {one.target for one in joined}
        errors += [*answer.errors, *(_denied(target) for target in answer.asked if target not in followed)]
        segments = [*frames, *self._segments(answer, joined, errors)]
        positions = every_positions(subscriptions.positions(), joined)
        segments.append(self._frame(self._established(positions)))
        segments += map(news_alone, joined)
        subscriptions.commit(segments, joined, unknown=answer.unknown)
        subscriptions.greeting = False
        connection.established = True
        connection.limit_reading(limited=False)
        return answer.rows + sum(one.rows for one in joined) + len(errors)

    def _segments(self, answer: Greeting, joined: Sequence[Joined], errors: Sequence[AppError]) -> list[Segment]:
        """The endpoint's greeting, a confirmation and the first frames of each channel named in the URL, and the frames
        of `errors`."""
        by_target = {one.target: one for one in joined}
        asked = [by_target[target] for target in answer.asked if target in by_target]
        segments = self._greeting(answer, joined, {one.target for one in asked if one.recovered})
        for one in asked:
            segments += (self._frame(confirmation(one)), without_news(one))
        now_s = self._connection.clock.time()
        error_frame = self._connection.runtime.dispatcher.error_frame
        return segments + [error_frame(error, None, now_s) for error in errors]

    def _greeting(self, answer: Greeting, joined: Sequence[Joined], recovered: Set[Target]) -> list[Segment]:
        """The endpoint's greeting, with each snapshot in the place of its join; `recovered` channels get no snapshot
        here. If a join has `first`, the frames after the first `first` ones come at the end."""
        by_join = {one.join: one for one in joined if one.target not in recovered}
        greeting: list[Segment] = []
        rest: list[Segment] = []
        for part in answer.parts:
            if isinstance(part, Encoded):
                greeting.append(text_frame(part.body))
            elif isinstance(part, Event):
                greeting.append(self._frame(part))
            elif isinstance(part, Join) and part in by_join:
                snapshot = without_news(by_join[part])
                if part.first is not None:
                    snapshot, others = parted(snapshot, part.first)
                    rest.append(others)
                greeting.append(snapshot)
        return greeting + rest

    def _named(self) -> tuple[list[Named], list[AppError]]:
        """The channels named in the URL, and errors for positions that cannot be read."""
        request = self._request
        named = [Named(f"channel[{index}]", name) for index, name in enumerate(request.channels)]
        errors: list[AppError] = []
        for index, entry in enumerate(request.since):
            path = f"since[{index}]"
            if entry is None:
                errors.append(
                    InvalidRequest("A `since` is a channel, an epoch and a seq, joined by commas.", field=path)
                )
            else:
                named.append(Named(path, *entry))
        return named, errors

    def _established(self, positions: dict[str, int]) -> ConnectionEstablished:
        connection = self._connection
        identity = connection.session.identity
        return ConnectionEstablished(
            connectionId=connection.session.connection_id,
            endpoint=self._endpoint.name,
            authenticated=identity is not None,
            user=user_record(identity),
            expiresAt=None if identity is None else format_other_time(identity.expires_at),
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


def _denied(target: Target) -> SubscriptionDenied:
    return SubscriptionDenied(f"Your role has just changed, and no longer allows {target.name}.")


def _token_missing(endpoint: Endpoint) -> str:
    """A sentence with the client's next step: the connection ends now, so an `auth` on it would come too late."""
    name = endpoint.public_name
    public = "" if name is None else f" with `?endpoint={name}` for what everybody may see,"
    return (
        "This endpoint needs a token, so this connection ends: connect again with a token in the header "
        f"`Authorization` or `Sec-WebSocket-Protocol`,{public} or with `?auth=message` and an `auth` as the first "
        "message."
    )

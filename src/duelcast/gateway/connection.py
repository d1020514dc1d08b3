"""One client on one endpoint: from the upgrade to the close (protocol §1.2, §1.5)."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from msgspec import structs

from duelcast.channels.broker import Broker
from duelcast.channels.names import Channel, Role
from duelcast.clock import Clock
from duelcast.desk.defect import defect
from duelcast.domain.accounts.accounts import Account, Accounts
from duelcast.domain.accounts.claims import LEEWAY_S
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.settings.current import CurrentSettings
from duelcast.endpoints.common import SessionUpdated, UnsubscriptionConfirmed, confirmation, user_record
from duelcast.endpoints.context import Ask, Target, role_of
from duelcast.endpoints.kit import Auth
from duelcast.errors import (
    AccessDenied,
    AppError,
    AuthenticationFailed,
    Defect,
    Disconnect,
    InvalidMessage,
    OverCapacity,
    PermissionDenied,
    PolicyViolation,
    RateLimitExceeded,
    SlowReader,
    TokenExpired,
    Unauthorized,
    UnsupportedData,
)
from duelcast.gateway.admission import ConnectRequest, Opener
from duelcast.gateway.command_queue import CommandQueue, QueueOwner, Work
from duelcast.gateway.hub import Hub
from duelcast.gateway.outbox import Outbox
from duelcast.gateway.runtime import EndpointRuntime
from duelcast.gateway.session import ConnectionSession, SessionOwner
from duelcast.gateway.socket import MessageSocket, SocketOptions
from duelcast.gateway.subscriptions import ConnectionSubscriptions, Segment
from duelcast.wire.frames import reply_body, text_frame
from duelcast.wire.messages import Command, Event

RETRY_MS = 10_000
"""The time after which a refused client may try again, unless the error names another time."""


class Host(Protocol):
    """The gateway, as its connections see it."""

    clock: Clock
    broker: Broker
    hub: Hub
    accounts: Accounts
    live: CurrentSettings
    socket_options: SocketOptions
    auth_timeout_s: float
    max_subscriptions: int
    reply_backlog_bytes: int
    slow_reader_bytes: int
    sockets: set[Connection]
    blocked: set[Connection]
    closes: Counter[int]

    def admit(self, connection: Connection, *, brings_token: bool) -> None:
        """Count a connection. Raises `TooManyConnections`."""

    def admit_identified(self, connection: Connection, identity: Identity | None) -> None:
        """If the connection has waited for a place, give it one, now that its identity is known. Raises
        `TooManyConnections`."""

    def move(self, connection: Connection, identity: Identity | None) -> None:
        """Count the connection under `identity` from now on. Raises `TooManyConnections`."""

    def forget(self, connection: Connection) -> None:
        """Stop counting a connection whose socket is gone."""

    async def identify(self, token: str) -> Identity:
        """Return the identity of `token`. Raises the errors of `TokenVerifier.verify`."""

    def spawn(self, work: Work) -> asyncio.Task[None]:
        """Start a task that ends no later than the server."""


class Connection(MessageSocket):
    """Everything that belongs to one client: its socket, session, outbox, subscriptions and commands."""

    __slots__ = (
        "_request",
        "_resynchronise_after",
        "commands",
        "connected_s",
        "established",
        "gateway",
        "last_message_s",
        "outbox",
        "runtime",
        "session",
        "subscriptions",
    )

    def __init__(self, gateway: Host, runtime: EndpointRuntime, request: ConnectRequest) -> None:
        super().__init__(
            gateway.socket_options, runtime.endpoint.max_message_bytes, inflates=request.compression is not None
        )
        self.gateway = gateway
        self.runtime = runtime
        self._request: ConnectRequest | None = request
        """None once the opener has the request, because nothing else needs it."""
        self.established = False
        self.connected_s = self.last_message_s = gateway.clock.monotonic()
        """The times at which the client connected and at which its last message was handled; connecting counts as a
        message."""
        self.session = ConnectionSession(_random_id(), request.address_bucket, self)
        self.outbox: Outbox
        self.subscriptions: ConnectionSubscriptions
        self.commands = CommandQueue(self)
        self._resynchronise_after: bool | None = None
        """If positions were lost while a command was running, whether the bus lost them; otherwise None."""

    @property
    def clock(self) -> Clock:
        return self.options.clock

    # ── the socket's life ───────────────────────────────────────────────────────────────────────────────────────

    def connected(self) -> None:
        assert self.ws is not None
        assert self._request is not None
        gateway = self.gateway
        compression = self._request.compression
        transport: Any = self.ws.underlying_transport
        self.outbox = Outbox(
            gateway.hub,
            self.session.connection_id,
            Role.ANONYMOUS,
            transport,
            self._positions_lost,
            takes_compressed=compression is not None and compression.is_shared,
        )
        self.subscriptions = ConnectionSubscriptions(
            self.runtime.endpoint,
            gateway.hub,
            self.session,
            self.outbox,
            gateway.live,
            gateway.max_subscriptions,
        )
        gateway.sockets.add(self)
        self.limit_reading(limited=True)
        opener = Opener(self, self._request, gateway.broker, auth_timeout_s=gateway.auth_timeout_s)
        self._request = None
        self.commands.begin(self._open(opener))

    @property
    def address_key(self) -> str | None:
        return self.session.address_bucket

    def read_limit_reached(self) -> None:
        self.commands.give_up_first()

    def upgraded(self, head: bytes) -> None:
        self.outbox.hold(head)

    def disconnected(self) -> None:
        if not self.established:
            self.commands.cancel()
        self.outbox.drop()
        self._end_work()
        self.gateway.forget(self)
        self._let_go()

    def before_close(self) -> None:
        self.outbox.close()
        self._end_work()

    def _end_work(self) -> None:
        """Start no new work. A running command completes before the client counts as gone."""
        self.commands.clear()
        if not self.commands.is_busy:
            self._leave()

    def _leave(self) -> None:
        if self.established:
            self.established = False
            self.runtime.desk.disconnected(self.ask())

    def _let_go(self) -> None:
        """Once the socket is gone and nothing runs, drop the parts, which refer back to the connection.

        A closed connection is then freed at once. If closed connections were left to the cycle collector, they would
        cost a server with short-lived connections a third of its connects per second.
        """
        if self.ws is None and self.commands.is_at_rest:
            del self.session, self.outbox, self.subscriptions, self.commands

    def close(self, disconnect: Disconnect, *, timeout_s: float | None = None) -> None:
        if self.is_open:
            self.gateway.closes[disconnect.close_code] += 1
        super().close(disconnect, timeout_s=timeout_s)

    async def _open(self, opener: Opener) -> None:
        """Admit the client, greet it, then handle what it sent in the meantime."""
        try:
            await opener.open()
        except AppError as error:
            self.refuse(error)
        except Disconnect as disconnect:
            self.close(disconnect)
        except Exception as error:
            self.outbox.answer([self._error_frame(defect(error))])
            self.close(Defect())
        self._running_ended()

    def refuse(self, error: AppError) -> None:
        """Tell the client why it cannot stay, and close."""
        if not self.is_open:
            return
        self.outbox.answer([self._error_frame(error)])
        if isinstance(error, PermissionDenied):
            self.close(AccessDenied(error.code))
        elif isinstance(error, Unauthorized | TokenExpired):
            self.close(AuthenticationFailed(error.code))
        elif isinstance(error, RateLimitExceeded):
            self.close(PolicyViolation(f"rate_limit retry_after_ms={error.retry_after_ms}"))
        else:
            self.close(OverCapacity(f"retry_after_ms={error.retry_after_ms or RETRY_MS}"))

    def _error_frame(self, error: AppError) -> bytes:
        return self.runtime.dispatcher.error_frame(error, error.request_id, self.clock.time())

    # ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

    def text_received(self, data: bytes, now: float) -> None:
        commands = self.commands
        if commands.running is None and not commands.waiting and not self.outbox.blocked:
            self._dispatch(data, now)
        else:
            commands.push(data)
            self._check_reading()

    def binary_received(self, data: bytes) -> None:
        error = InvalidMessage("Send text frames: a message is a JSON object in UTF-8.")
        self.outbox.answer([self._error_frame(error)])
        raise UnsupportedData("binary frames are not accepted")

    def handle(self, data: bytes) -> None:
        self._dispatch(data, self.clock.monotonic())

    def _dispatch(self, data: bytes, now: float) -> None:
        try:
            rest = self.runtime.dispatcher.dispatch(self, data, now)
        except Disconnect as disconnect:
            self.close(disconnect)
        except Exception as error:
            defect(error)
            self.close(Defect())
        else:
            if rest is not None:
                self.commands.begin(self._run(rest))

    def may_handle(self) -> bool:
        return self.is_open and not self._replies_pile_up()

    def ended_beside(self) -> None:
        self._let_go()

    def spawn(self, work: Work) -> asyncio.Task[None]:
        return self.gateway.spawn(work)

    def run_beside(self, rest: Work) -> bool:
        if not self.commands.has_room_beside:
            return False
        self.commands.begin_beside(self._run(rest, beside=True))
        return True

    async def _run(self, rest: Work, *, beside: bool = False) -> None:
        """Await the rest of a command, then handle the messages that waited for it, unless it ran `beside` them. A
        defect in it closes the connection."""
        try:
            await rest
        except Exception as error:
            defect(error)
            self.close(Defect())
        if not beside:
            self._running_ended()

    def _running_ended(self) -> None:
        """Handle the messages that waited for a command."""
        self.commands.end()
        if not self.is_open:
            self._leave()
            self._let_go()
            return
        if self._resynchronise_after is not None:
            bus_lost, self._resynchronise_after = self._resynchronise_after, None
            self.commands.begin(self._run(self._resynchronise(bus_lost=bus_lost)))
        if self.commands.waiting is not None or self.outbox.blocked:  # most clients send one command at a time
            self.commands.work_off()
            self._check_reading()

    def ask(self, command: Command | None = None) -> Ask:
        """The request to the desk about this connection."""
        request_id = None if command is None else command.requestId
        return Ask(self.session.connection_id, self.session.identity, self.subscriptions, command, request_id)

    def positions(self) -> Sequence[tuple[Target, int | None]]:
        """Each followed target and its position (None for a group), in the order of joining."""
        return self.subscriptions.positions()

    # ── back-pressure ───────────────────────────────────────────────────────────────────────────────────────────

    def _replies_pile_up(self) -> bool:
        """Whether more replies are waiting than the client may leave unread."""
        return self.outbox.blocked and self.outbox.backlog_bytes() > self.gateway.reply_backlog_bytes

    def _check_reading(self) -> None:
        """Stop reading while too much is waiting: replies the client does not read, or commands that have not run
        yet."""
        if self.is_open:
            self.stop_reading(full=self.commands.is_full or self._replies_pile_up())

    def write_paused(self) -> None:
        self.gateway.blocked.add(self)
        self.outbox.block(self.clock.monotonic())
        self._check_reading()

    def write_resumed(self) -> None:
        self.gateway.blocked.discard(self)
        if self.is_open:
            self.outbox.unblock()
            self.commands.work_off()
            self._check_reading()

    def check_slow(self, now: float) -> None:
        """Close a client that reads nothing, or falls too far behind on messages that must not be dropped."""
        if not self.is_open:
            return
        gateway = self.gateway
        if self.outbox.unsent_every_bytes() > gateway.slow_reader_bytes:
            self.close(SlowReader("unsent messages"))
        elif self.outbox.stalled_s(now) >= gateway.socket_options.heartbeat_timeout_s:
            self.close(SlowReader("nothing was read"))

    # ── identity ────────────────────────────────────────────────────────────────────────────────────────────────

    def admit(self, *, brings_token: bool) -> None:
        self.gateway.admit(self, brings_token=brings_token)

    def admit_identified(self, identity: Identity | None) -> None:
        self.gateway.admit_identified(self, identity)

    async def identify(self, token: str) -> Identity:
        return await self.gateway.identify(token)

    async def sign_in(self, token: str) -> Identity:
        return await self.session.sign_in(token)

    def identity_changing(self, identity: Identity | None) -> None:
        if not self.is_open:
            raise Unauthorized("The connection has ended.")
        self.gateway.move(self, identity)
        self.gateway.hub.leave_cohort(self.outbox)
        self.outbox.role = role_of(identity)
        if identity is not None and self._expiry_s(identity) < self.options.heartbeat_interval_s:
            self.options.wheel.schedule(self.clock.monotonic() + self._expiry_s(identity), self.check_expiry)

    def identity_changed(self, before: Identity | None) -> None:
        """End the subscriptions that the new rights do not cover, and notify the endpoint."""
        if self.runtime.endpoint.auth is Auth.ADMIN and self.session.role < Role.ADMIN:
            self.refuse(PermissionDenied("This endpoint is for admins."))
            return
        self._lose(self.subscriptions.lost(role_of(before)))
        self.runtime.desk.identity_changed(self.ask(), before, greeted=self.established)

    def channel_hidden(self, channel: Channel, before: Role, after: Role) -> None:
        """Act on a channel whose least role has risen from `before` to `after`.

        A follower of the channel's group keeps following the group, but is notified too, because what it knows of the
        channel is out of date.
        """
        if self.is_open and before <= self.session.role < after and self.subscriptions.holds(channel):
            self._lose([channel])

    def _lose(self, targets: Sequence[Target]) -> None:
        if targets:
            frames = [self.frame(UnsubscriptionConfirmed(channel=target.name, reason="rights")) for target in targets]
            self.subscriptions.end(targets, frames)

    def _expiry_s(self, identity: Identity) -> float:
        """Seconds until the token of `identity` expires."""
        return identity.expires_at + LEEWAY_S - self.clock.time()

    def beat(self, now: float) -> float:
        self.check_expiry(now)
        identity = self.session.identity
        again = super().beat(now)
        return again if identity is None else min(again, now + max(1.0, self._expiry_s(identity)))

    def check_expiry(self, _now: float) -> None:
        """End the rights of a token that has expired."""
        if not self.is_open:
            return
        identity = self.session.identity
        if identity is not None and self._expiry_s(identity) <= 0:
            self._expire()

    def _expire(self) -> None:
        if self.runtime.endpoint.auth is Auth.PUBLIC:
            self._become(None)
        else:
            self.refuse(TokenExpired("The token has expired: get a new one and connect again."))

    def account_changed(self, account: Account) -> None:
        """Act on a ban, a new role or a new nickname."""
        identity = self.session.identity
        if not self.is_open or identity is None:
            return
        if account.banned:
            if self.runtime.endpoint.auth is Auth.PUBLIC:
                self._become(None)
            else:
                self.refuse(PermissionDenied("This wallet is banned."))
            return
        role = identity.role if account.role is None else account.role
        self._show(identity, role)

    def nickname_changed_hands(self) -> None:
        """Act on a nickname that the token claims and another wallet has stored or given up."""
        identity = self.session.identity
        if self.is_open and identity is not None:
            self._show(identity, identity.role)

    def _show(self, identity: Identity, role: Role) -> None:
        nickname = self.gateway.accounts.shown_nickname(identity.wallet, identity.claimed_nickname)
        if (role, nickname) != (identity.role, identity.nickname):
            self._become(structs.replace(identity, role=role, nickname=nickname))

    def session_ended(self, session_id: str) -> None:
        """Act on a logout."""
        identity = self.session.identity
        if self.is_open and identity is not None and identity.session_id == session_id:
            self._expire()

    def _become(self, identity: Identity | None) -> None:
        """Take another identity, and announce it to the client."""
        self.session.change(identity)
        if self.is_open and self.established:
            self.outbox.answer([self.frame(SessionUpdated(user=user_record(identity)))])

    def frame(self, event: Event) -> bytes:
        """The frame of an unsolicited event that belongs to no channel."""
        return text_frame(reply_body(event, self.clock.time(), None))

    # ── a lost bus ──────────────────────────────────────────────────────────────────────────────────────────────

    def _positions_lost(self) -> None:
        self.resynchronise(bus_lost=False)

    def resynchronise(self, *, bus_lost: bool) -> None:
        """Recover everything that is followed, once the running command has ended.

        If the node itself has lost messages, the positions are already unknown, so it makes no difference whether the
        bus was lost too.
        """
        if not self.is_open:
            return
        was_lost = self.outbox.lost
        bus_lost = self.outbox.lose_track() and bus_lost
        if not (bus_lost or was_lost):
            return  # a due message had left the log, so `_positions_lost` has already started the recovery
        if self.commands.is_busy:
            self._resynchronise_after = bus_lost
        else:
            self.commands.begin(self._run(self._resynchronise(bus_lost=bus_lost)))

    async def _resynchronise(self, *, bus_lost: bool) -> None:
        self.outbox.lose_track()  # A recovery that ran before this one has found the positions.
        joins = self.subscriptions.joins_again(bus_lost=bus_lost)
        try:
            answer = await self.runtime.desk.read_again(self.ask(), joins)
        except AppError as error:
            self.refuse(error)
            return
        if not self.is_open:
            self.subscriptions.release(answer.joined)
            return
        joined = [replace(one, recovered=bool(one.recovered)) for one in self.subscriptions.allowed(answer.joined)]
        segments: list[Segment] = []
        for one in joined:
            segments += (self.frame(confirmation(one)), one)
        self.subscriptions.commit_again(segments, joined)


def _random_id() -> str:
    """A UUID of version 4 (RFC 9562, 5.4), in a third of the time that the standard library takes."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


if TYPE_CHECKING:
    _owns_session: type[SessionOwner] = Connection
    _owns_queue: type[QueueOwner] = Connection

"""From the bytes of a message to the desk, and from the desk's answer to frames."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from typing import Any, Protocol, cast

import msgspec

from duelcast.channels.names import Role
from duelcast.clock import Clock
from duelcast.desk.defect import refusal_of
from duelcast.desk.desk import parts_of
from duelcast.desk.port import Desk
from duelcast.endpoints.common import confirmation
from duelcast.endpoints.context import Answer, Ask, Encoded, Join, Joined, Local, LocalContext, Reply
from duelcast.endpoints.kit import CommandSpec, Endpoint
from duelcast.errors import AppError, Disconnect, PermissionDenied, SubscriptionDenied, Unauthorized
from duelcast.gateway.limits import MessageLimits
from duelcast.gateway.outbox import Outbox
from duelcast.gateway.session import ConnectionSession
from duelcast.gateway.subscriptions import ConnectionSubscriptions, Segment, every_positions
from duelcast.wire.decoding import CommandDecoder
from duelcast.wire.frames import encode_value, error_body, reply_frame, text_frame
from duelcast.wire.messages import Command, Event

_ANONYMOUS = Role.ANONYMOUS


class Caller(Local, Protocol):
    """The connection that sent a message."""

    last_message_s: float
    """The time at which the connection's last message was dispatched."""

    @property
    def is_open(self) -> bool: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def session(self) -> ConnectionSession: ...

    @property
    def subscriptions(self) -> ConnectionSubscriptions: ...

    @property
    def outbox(self) -> Outbox: ...

    def ask(self, command: Command) -> Ask:
        """The request to the desk about this connection."""

    def run_beside(self, rest: Coroutine[Any, Any, None]) -> bool:
        """Run `rest` without making later messages wait for it. Returns False, and runs nothing, if too many already
        run this way."""

    def close(self, disconnect: Disconnect) -> None:
        """End the connection."""


class Dispatcher:
    """The commands of one endpoint, ready to run."""

    def __init__(self, endpoint: Endpoint, limits: MessageLimits, desk: Desk, clock: Clock) -> None:
        self.endpoint = endpoint
        self._desk = desk
        self._time = clock.time
        self.limits = limits
        self.received = 0
        self.received_bytes = 0
        self.refused: dict[str, int] = {}
        """Error answers sent, by code."""
        self.maintenance: Callable[[], AppError | None] = lambda: None
        """Returns the error for commands that pause during maintenance, or None if there is no maintenance."""
        names = {name: spec.command for name, spec in endpoint.commands.items()}
        for spec in endpoint.commands.values():
            names |= dict.fromkeys(spec.old_names, spec.command)
        self._decode = CommandDecoder(names, endpoint.successors).decode
        self._specs = {spec.command: spec for spec in endpoint.commands.values()}

    def dispatch(self, connection: Caller, data: bytes, now: float) -> Coroutine[Any, Any, None] | None:
        """Run the command in `data` and answer it. If the handler has to wait, returns the rest of its work. `now` is
        the monotonic time.

        Raises `Disconnect` if the connection must end.
        """
        size = len(data)
        self.received += 1
        self.received_bytes += size
        connection.last_message_s = now
        decode = self._decode  # a local name is called faster
        try:
            command = decode(data)
        except AppError as error:
            self._refuse_undecoded(connection, error, size, now)
            return None
        spec = self._specs[type(command)]
        try:
            if spec.counted:
                self.limits.admit(connection.session, size, now)
            else:
                self.limits.admit_liveness(connection.session, size, now)
            if spec.least_role is not _ANONYMOUS:
                _demand_role(connection.session.role, spec.least_role)
            if spec.paused_by_maintenance:
                self._demand_no_maintenance(connection.session.role)
        except AppError as refusal:
            self._answer_error(connection, refusal, command.requestId)
            return None
        rest = self._answer_locally(connection, spec, command) if spec.is_local else self._ask(connection, command)
        return None if rest is None or (spec.detached and connection.run_beside(rest)) else rest

    def _ask(self, connection: Caller, command: Command) -> Coroutine[Any, Any, None] | None:
        ask = connection.ask(command)
        answer = self._desk.ask(ask)
        if isinstance(answer, Answer):
            self._carry_out(connection, ask.request_id, answer)
            return None
        return self._finish(connection, ask.request_id, answer)

    async def _finish(self, connection: Caller, request_id: str | None, answer: Awaitable[Answer]) -> None:
        try:
            self._carry_out(connection, request_id, await answer)
        except Disconnect as disconnect:
            connection.close(disconnect)

    def _answer_locally(
        self, connection: Caller, spec: CommandSpec, command: Command
    ) -> Coroutine[Any, Any, None] | None:
        time, handler = self._time, spec.handler
        now_s = time()
        context = LocalContext(connection, now_s)
        if spec.is_async:
            return self._finish_locally(connection, spec, context, command)
        reply: Any
        try:
            reply = handler(context, command)
        except Exception as error:
            reply = refusal_of(error)
        if isinstance(reply, Event):
            frames = [reply_frame(reply, now_s, command.requestId)]
        else:
            frames = self._frames(parts_of(reply), now_s, command.requestId)
        connection.outbox.answer(frames)
        if context.answered_rows:
            self._charge(connection, context.answered_rows)
        return None

    async def _finish_locally(
        self, connection: Caller, spec: CommandSpec, context: LocalContext, command: Command
    ) -> None:
        try:
            reply = await cast("Awaitable[Reply]", spec.handler(context, command))
        except Exception as error:
            reply = refusal_of(error)
        self._write(connection, command.requestId, parts_of(reply), context.answered_rows)

    def _refuse_undecoded(self, connection: Caller, error: AppError, size_bytes: int, now: float) -> None:
        """Answer a message that is not a command with `error`, or with the refusal of its limit."""
        request_id = error.request_id
        try:
            self.limits.admit(connection.session, size_bytes, now)
        except AppError as refusal:
            error = refusal
        self._answer_error(connection, error, request_id)

    def _demand_no_maintenance(self, role: Role) -> None:
        refusal = None if role >= Role.ADMIN else self.maintenance()
        if refusal is not None:
            raise refusal

    def _carry_out(self, connection: Caller, request_id: str | None, answer: Answer) -> None:
        """Write the frames of `answer`, and follow and leave the channels that it names."""
        if not (answer.joined or answer.left):
            self._write(connection, request_id, answer.parts, answer.rows)
            return
        subscriptions = connection.subscriptions
        if not connection.is_open:
            subscriptions.release(answer.joined)
            return
        joined = subscriptions.allowed(answer.joined)
        segments = self._segments(answer.parts, joined, self._time(), request_id)
        subscriptions.commit(segments, joined, answer.left, answer.unknown)
        if answer.rows:
            self._charge(connection, answer.rows)

    def _write(
        self, connection: Caller, request_id: str | None, parts: Sequence[Event | AppError | Join | Encoded], rows: int
    ) -> None:
        if connection.is_open:
            connection.outbox.answer(self._frames(parts, self._time(), request_id))
            if rows:
                self._charge(connection, rows)

    def _charge(self, connection: Caller, rows: int) -> None:
        self.limits.charge_rows(connection.session, rows, connection.clock.monotonic())

    def _segments(
        self,
        parts: Sequence[Event | AppError | Join | Encoded],
        joined: Sequence[Joined],
        now_s: float,
        request_id: str | None,
    ) -> list[Segment]:
        """The frames of an answer, and between them the joins whose snapshots belong there."""
        by_join = {one.join: one for one in joined}
        segments: list[Segment] = []
        for part in parts:
            if isinstance(part, Join) and part in by_join:
                segments += (self._frame(confirmation(by_join[part]), now_s, request_id), by_join[part])
                continue
            if isinstance(part, Event | Encoded) and part.names_positions:
                part = _with_positions(part, joined)
            segments.append(self._frame(part, now_s, request_id))
        return segments

    def _frames(
        self, parts: Sequence[Event | AppError | Join | Encoded], now_s: float, request_id: str | None
    ) -> list[bytes]:
        return [self._frame(part, now_s, request_id) for part in parts]

    def _frame(self, part: Event | AppError | Join | Encoded, now_s: float, request_id: str | None) -> bytes:
        if isinstance(part, Event):
            return reply_frame(part, now_s, request_id)
        if isinstance(part, Encoded):
            return text_frame(part.body)
        if isinstance(part, Join):
            part = SubscriptionDenied("Your role has just changed, and no longer allows this channel.")
        return self._error_frame(part, request_id, now_s)

    def _answer_error(self, connection: Caller, error: AppError, request_id: str | None) -> None:
        if connection.is_open:
            connection.outbox.answer([self._error_frame(error, request_id, self._time())])

    def _error_frame(self, error: AppError, request_id: str | None, now_s: float) -> bytes:
        self.refused[error.code] = self.refused.get(error.code, 0) + 1
        return self.error_frame(error, request_id, now_s)

    def error_frame(self, error: AppError, request_id: str | None, now_s: float) -> bytes:
        """The frame of an error, with this endpoint's type for errors."""
        return text_frame(error_body(error, self.endpoint.error_type, now_s, request_id))


def _with_positions(part: Event | Encoded, joined: Collection[Joined]) -> Event | Encoded:
    """Fill in the positions of the joined *every* channels, and whether everything requested with `since` was
    recovered."""
    positions = every_positions((), joined)
    recovered = [one.recovered for one in joined if one.join.since is not None]
    if isinstance(part, Encoded):
        fields = msgspec.json.decode(part.body) | {"positions": positions}
        return Encoded(encode_value(fields | {"recovered": all(recovered)} if recovered else fields))
    event: Any = part
    event.positions = positions
    if recovered:
        event.recovered = all(recovered)
    return part


def _demand_role(role: Role, least_role: Role) -> None:
    if role >= least_role:
        return
    if role is Role.ANONYMOUS:
        raise Unauthorized("This message needs a token: send `auth` with one, then try again.")
    raise PermissionDenied("This message needs the role of an admin.")

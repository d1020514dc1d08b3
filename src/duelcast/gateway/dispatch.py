"""From the bytes of a message to its handler, and from the handler's reply to the frames of the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from typing import Any, Protocol, cast

from duelcast.channels.names import Role
from duelcast.clock import Clock
from duelcast.endpoints.common import confirmation
from duelcast.endpoints.kit import CommandSpec, Context, Endpoint, Join, Reply
from duelcast.errors import AppError, Disconnect, PermissionDenied, SubscriptionDenied, Unauthorized
from duelcast.gateway.defect import defect
from duelcast.gateway.joining import JoinedTarget
from duelcast.gateway.limits import MessageLimits
from duelcast.gateway.outbox import Outbox
from duelcast.gateway.session import ConnectionSession
from duelcast.gateway.subscriptions import ConnectionSubscriptions
from duelcast.wire.decoding import CommandDecoder
from duelcast.wire.frames import error_body, reply_body, text_frame
from duelcast.wire.messages import Command, Event

_SINGLE = (Event, AppError, Join)


class Caller(Protocol):
    """The connection that sent a message."""

    last_message_s: float
    """When its last message arrived."""

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

    def context(self, request_id: str | None) -> Context:
        """The context that a handler is given."""

    def run_beside(self, rest: Coroutine[Any, Any, None]) -> bool:
        """Run `rest` without making later messages wait for it; False if too many already run this way."""

    def close(self, disconnect: Disconnect) -> None:
        """End the connection."""


class Dispatcher:
    """The commands of one endpoint, ready to run."""

    def __init__(self, endpoint: Endpoint, limits: MessageLimits) -> None:
        self.endpoint = endpoint
        self.limits = limits
        self.received = 0
        self.received_bytes = 0
        self.refused: dict[str, int] = {}
        """Error answers sent, by code."""
        self.maintenance: Callable[[], AppError | None] = lambda: None
        """The error for commands that pause during maintenance, or None outside of it."""
        names = {name: spec.command for name, spec in endpoint.commands.items()}
        for spec in endpoint.commands.values():
            names |= dict.fromkeys(spec.old_names, spec.command)
        self._decoder = CommandDecoder(names, endpoint.successors)
        self._specs = {spec.command: spec for spec in endpoint.commands.values()}

    def dispatch(self, connection: Caller, data: bytes) -> Coroutine[Any, Any, None] | None:
        """Run the command in `data` and answer it. If the handler has to wait, returns the rest of its work.

        Raises `Disconnect` if the connection must end.
        """
        self.received += 1
        self.received_bytes += len(data)
        connection.last_message_s = now = connection.clock.monotonic()
        try:
            command = self._decoder.decode(data)
        except AppError as error:
            refusal = self._admit(connection, None, len(data), now)
            self._answer_error(connection, refusal or error, error.request_id)
            return None
        spec = self._specs[type(command)]
        refusal = (
            self._admit(connection, spec, len(data), now)
            or _right_missing(connection, spec)
            or self._paused(connection, spec)
        )
        if refusal is not None:
            self._answer_error(connection, refusal, command.requestId)
            return None
        context = connection.context(command.requestId)
        if spec.is_async:
            rest = self._finish(connection, spec, context, command, joins=not spec.detached)
            return None if spec.detached and connection.run_beside(rest) else rest
        try:
            reply = cast("Reply", spec.handler(context, command))
        except AppError as error:
            self._fail(connection, context, error, joins=True)
        except Disconnect:
            raise
        except Exception as error:
            self._fail(connection, context, defect(error), joins=True)
        else:
            self._answer(connection, context, reply, joins=True)
        return None

    async def _finish(
        self, connection: Caller, spec: CommandSpec, context: Context, command: Command, *, joins: bool
    ) -> None:
        try:
            reply = await cast("Awaitable[Reply]", spec.handler(context, command))
        except AppError as error:
            self._fail(connection, context, error, joins=joins)
        except Disconnect as disconnect:
            connection.close(disconnect)
        except Exception as error:
            self._fail(connection, context, defect(error), joins=joins)
        else:
            self._answer(connection, context, reply, joins=joins)

    def _admit(self, connection: Caller, spec: CommandSpec | None, size_bytes: int, now: float) -> AppError | None:
        try:
            if spec is None or spec.counted:
                self.limits.admit(connection.session, size_bytes, now)
            else:
                self.limits.admit_liveness(connection.session, size_bytes, now)
        except AppError as refusal:
            return refusal
        return None

    def _paused(self, connection: Caller, spec: CommandSpec) -> AppError | None:
        if not spec.paused_by_maintenance or connection.session.role >= Role.ADMIN:
            return None
        return self.maintenance()

    def _answer(self, connection: Caller, context: Context, reply: Reply, *, joins: bool) -> None:
        """Write the frames of `reply`; `joins`: the command may have changed what is followed."""
        if not connection.is_open:
            return
        subscriptions = connection.subscriptions
        if not joins or not subscriptions.is_changing:
            connection.outbox.answer([self._frame(part, context) for part in _parts(reply)])
        else:
            subscriptions.withdraw_forbidden()
            joined = {one.join: one for one in subscriptions.joining()}
            context.answered_rows += sum(one.rows for join, one in joined.items() if join.counted)
            subscriptions.commit(self._segments(context, reply, joined, subscriptions.joining_positions()))
        self._charge(connection, context)

    def _charge(self, connection: Caller, context: Context) -> None:
        if context.answered_rows:
            self.limits.charge_rows(connection.session, context.answered_rows, context.clock.monotonic())

    def _segments(
        self, context: Context, reply: Reply, joined: Mapping[Join, JoinedTarget], positions: dict[str, int]
    ) -> list[bytes | JoinedTarget]:
        """The frames of an answer, and the joins whose snapshots stand between them."""
        segments: list[bytes | JoinedTarget] = []
        for part in _parts(reply):
            if isinstance(part, Join) and part in joined:
                segments += (self._frame(confirmation(joined[part]), context), joined[part])
                continue
            if isinstance(part, Event) and part.names_positions:
                _fill_positions(part, joined.values(), positions)
            segments.append(self._frame(part, context))
        return segments

    def _frame(self, part: Event | AppError | Join, context: Context) -> bytes:
        if isinstance(part, Event):
            return text_frame(reply_body(part, context.clock.time(), context.request_id))
        if isinstance(part, Join):
            part = SubscriptionDenied("Your role changed meanwhile, and does not allow this channel any more.")
        return self._error_frame(part, context.request_id, context.clock.time())

    def _fail(self, connection: Caller, context: Context, error: AppError, *, joins: bool) -> None:
        if joins:
            # Rows read in vain cost as much as an answer.
            context.answered_rows = max(
                context.answered_rows, sum(one.rows for one in connection.subscriptions.joining())
            )
            connection.subscriptions.abort()
        self._answer_error(connection, error, context.request_id)
        self._charge(connection, context)

    def _answer_error(self, connection: Caller, error: AppError, request_id: str | None) -> None:
        if connection.is_open:
            connection.outbox.answer([self._error_frame(error, request_id, connection.clock.time())])

    def _error_frame(self, error: AppError, request_id: str | None, now_s: float) -> bytes:
        self.refused[error.code] = self.refused.get(error.code, 0) + 1
        return self.error_frame(error, request_id, now_s)

    def error_frame(self, error: AppError, request_id: str | None, now_s: float) -> bytes:
        """The frame of an error, with this endpoint's type for errors."""
        return text_frame(error_body(error, self.endpoint.error_type, now_s, request_id))


def _fill_positions(event: Any, joined: Collection[JoinedTarget], positions: dict[str, int]) -> None:
    """Name in an answer where its joins begin, and whether what was asked for `since` a position follows."""
    event.positions = positions
    recovered = [one.recovered for one in joined if one.join.since is not None]
    if recovered:
        event.recovered = all(recovered)


def _parts(reply: Reply) -> Sequence[Event | AppError | Join]:
    if reply is None:
        return ()
    if isinstance(reply, _SINGLE):
        return (reply,)
    return reply


def _right_missing(connection: Caller, spec: CommandSpec) -> AppError | None:
    if spec.least_role is Role.ANONYMOUS or (role := connection.session.role) >= spec.least_role:
        return None
    if role is Role.ANONYMOUS:
        return Unauthorized("This message needs a token: send `auth` with one, then this again.")
    return PermissionDenied("This message needs the role of an admin.")

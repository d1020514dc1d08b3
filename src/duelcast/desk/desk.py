"""The desk of an endpoint, which runs its handlers: for commands, when a connection begins or ends, and when its
identity changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, cast

from duelcast.channels.broker import Position
from duelcast.channels.names import Group
from duelcast.clock import Clock
from duelcast.desk.defect import defect, refusal_of
from duelcast.desk.first_frames import JoinReader
from duelcast.desk.port import Desk
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.common import resolved
from duelcast.endpoints.context import Answer, Ask, Context, Greeting, Join, Named, Reply, Services, Target
from duelcast.endpoints.kit import CommandSpec, Endpoint
from duelcast.errors import AppError, Disconnect, TooManySubscriptions
from duelcast.wire.messages import Event

_SINGLE = (Event, AppError, Join)


class LocalDesk:
    """Runs the commands of one endpoint, for connections of any node."""

    def __init__(self, endpoint: Endpoint, services: Services, reader: JoinReader, clock: Clock) -> None:
        self._endpoint = endpoint
        self._services = services
        self._reader = reader
        self._clock = clock
        self._specs = {spec.command: spec for spec in endpoint.commands.values()}
        self._waiting: set[Context] = set()
        """Contexts of handlers that are still running; a change of identity is applied to them."""

    def ask(self, ask: Ask) -> Answer | Coroutine[Any, Any, Answer]:
        """See `Desk.ask`. Returns a coroutine if the handler is asynchronous."""
        assert ask.command is not None, "asks without a command go to the other methods"
        spec = self._specs[type(ask.command)]
        context = self._context(ask)
        if spec.is_async:
            return self._run_async(spec, context)
        try:
            reply = cast("Reply", spec.handler(context, ask.command))
        except Disconnect:
            raise
        except Exception as error:
            return self._failed(context, error)
        return self._answer(context, reply)

    async def greet(self, ask: Ask, named: Sequence[Named]) -> Greeting:
        """See `Desk.greet`."""
        context = self._context(ask, is_greeting=True)
        self._waiting.add(context)
        try:
            asked, refused = self._resolve(context, named)
            parts: Sequence[Event | Join] = ()
            if self._endpoint.connect_handler is not None:
                parts = await self._endpoint.connect_handler(context)
            own = {one.target for one in context.joined}
            parts = [*parts, *(one.join for one in context.joined if one.join not in parts)]
            try:
                await self._reader.join_asked(context, [target for target in asked if target not in own])
            except TooManySubscriptions as error:
                refused.append(error)
                asked = [target for target in asked if target in own]
        except BaseException:
            self._reader.release(context)
            raise
        finally:
            self._settle(context)
        return Greeting(
            parts=parts,
            joined=context.joined,
            rows=context.answered_rows,
            unknown=context.unknown,
            asked=asked,
            errors=refused,
        )

    async def read_again(self, ask: Ask, joins: Sequence[Join]) -> Answer:
        """See `Desk.read_again`."""
        context = self._context(ask)
        try:
            await self._reader.read_again(context, joins)
        except BaseException:
            self._reader.release(context)
            raise
        return Answer(joined=context.joined)

    def identity_changed(self, ask: Ask, before: Identity | None, *, greeted: bool) -> None:
        """See `Desk.identity_changed`."""
        for context in self._waiting:
            if context.connection_id == ask.connection_id:
                context.identity = ask.identity
        handler = self._endpoint.identity_handler
        if greeted and handler is not None:
            try:
                handler(self._context(ask), before)
            except Exception as error:
                defect(error)

    def disconnected(self, ask: Ask) -> None:
        """See `Desk.disconnected`."""
        handler = self._endpoint.disconnect_handler
        if handler is not None:
            try:
                handler(self._context(ask))
            except Exception as error:
                defect(error)

    def _context(self, ask: Ask, *, is_greeting: bool = False) -> Context:
        return Context(ask, self._services, self._clock, self._reader, is_greeting=is_greeting)

    async def _run_async(self, spec: CommandSpec, context: Context) -> Answer:
        self._waiting.add(context)
        try:
            reply = await cast("Awaitable[Reply]", spec.handler(context, context.ask.command))
        except (Disconnect, asyncio.CancelledError):
            self._reader.release(context)
            raise
        except Exception as error:
            return self._failed(context, error)
        else:
            return self._answer(context, reply)
        finally:
            self._settle(context)

    def _settle(self, context: Context) -> None:
        self._waiting.discard(context)
        self._reader.settle(context)

    def _answer(self, context: Context, reply: Reply) -> Answer:
        joined, rows = context.joined, context.answered_rows
        if joined:
            rows += sum(one.rows for one in joined if one.join.counted)
        return Answer(parts_of(reply), joined, context.left, rows, context.unknown)

    def _failed(self, context: Context, error: Exception) -> Answer:
        # A failed command is still charged for the rows it read.
        rows = max(context.answered_rows, sum(one.rows for one in context.joined))
        self._reader.release(context)
        return Answer((refusal_of(error),), rows=rows)

    def _resolve(self, context: Context, named: Sequence[Named]) -> tuple[list[Target], list[AppError]]:
        """The channels named in the URL, without duplicates, and the errors for those that cannot be followed. Stores
        the requested positions in `context.since`."""
        found: dict[str, Target | AppError] = {}
        since: dict[Target, Position] = {}
        for one in named:
            target = found.get(one.name)
            if target is None:
                target = found[one.name] = resolved(context, one.name, one.path)
            if one.since is not None and not isinstance(target, Group | AppError):
                since[target] = one.since
        context.since = since
        errors = [target for target in found.values() if isinstance(target, AppError)]
        return [target for target in found.values() if not isinstance(target, AppError)], errors


def parts_of(reply: Reply) -> Sequence[Event | AppError | Join]:
    """The parts of a handler's reply, in order."""
    if reply is None:
        return ()
    if isinstance(reply, _SINGLE):
        return (reply,)
    return reply


if TYPE_CHECKING:
    _conforms: type[Desk] = LocalDesk

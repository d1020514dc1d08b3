"""The building blocks of an endpoint.

An endpoint file declares an `Endpoint`, the channels it opens, and its commands: struct, right and handler in one
place. A handler returns events or raises `errors.AppError`; it never touches a socket. The parts of the connection
that it may use are declared here as protocols, which the gateway implements.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, TypeVar, get_args, get_type_hints

from duelcast.channels.broker import Origin, Position
from duelcast.channels.names import Channel, Family, Group, Role
from duelcast.clock import Clock
from duelcast.domain.accounts.identity import Identity
from duelcast.errors import AppError, SubscriptionDenied, UnknownChannel
from duelcast.wire.messages import Command, Event, message_type

KIB = 1024
MIB = 1024 * KIB

Target = Channel | Group
T = TypeVar("T")
C = TypeVar("C", bound=Command)


class Auth(enum.Enum):
    """Who may connect."""

    PUBLIC = "public"
    """Everybody; an invalid token makes the connection anonymous."""
    TOKEN = "token"  # noqa: S105  # not a secret
    """A valid token, or the endpoint's public name."""
    ADMIN = "admin"
    """A token of an admin."""


class Session(Protocol):
    """The identity of a connection."""

    @property
    def connection_id(self) -> str: ...

    @property
    def identity(self) -> Identity | None:
        """The identity; None if anonymous."""

    @property
    def role(self) -> Role: ...

    async def sign_in(self, token: str) -> Identity:
        """Use `token` for this connection from now on, to refresh or to sign in.

        Raises `errors.Unauthorized` for an invalid token or one of another wallet; then nothing changes.
        """


class Followed(Protocol):
    """What the connection of a caller follows, as the node of that connection knows it."""

    def holds(self, target: Target) -> bool:
        """Whether `target` is followed, by itself or through its group."""

    def holds_itself(self, target: Target) -> bool:
        """Whether `target` is followed by itself."""

    def held(self) -> Sequence[tuple[Target, int | None]]:
        """Everything followed with its position (None for a group), in the order of joining."""

    async def carry_out(self, joins: Sequence[Join], *, snapshot_only_if_new: bool) -> None:
        """Take the messages of these targets from now on, and read what goes out first, for the answer that will be
        written.

        Raises `errors.TooManySubscriptions` and `errors.Unavailable`; then none of them is followed.
        """

    def leave(self, targets: Sequence[Target]) -> None:
        """Stop following `targets`, behind their last messages and before the answer."""

    def leave_where(self, ends: Callable[[Target], bool]) -> None:
        """Stop following every channel and group for which `ends` is true."""


@dataclass(slots=True, eq=False)
class Join:
    """A channel or group that the caller follows from its answer on: data that the node of its connection carries out.

    `silent`: without a snapshot. `counted`: the rows of the snapshot or replay count as rows of the answer. `first`: if
    the join stands within the answer, only so many of its frames stand there, and the others at the end.
    """

    target: Target
    since: Position | None = None
    silent: bool = False
    counted: bool = False
    first: int | None = None


class Context:
    """What a handler has: who asks, what its connection follows, the domain services."""

    __slots__ = ("_endpoint", "_followed", "_services", "answered_rows", "clock", "request_id", "session")

    def __init__(
        self,
        endpoint: Endpoint,
        session: Session,
        followed: Followed,
        services: Mapping[type[Any], Any],
        clock: Clock,
        request_id: str | None = None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.request_id = request_id
        self.answered_rows = 0
        """Symbols or rows of the answer; each started hundred costs one message of the rate limit."""
        self._endpoint = endpoint
        self._followed = followed
        self._services = services

    async def join(
        self,
        targets: Sequence[Target],
        *,
        since: Mapping[Target, Position] | None = None,
        snapshot_only_if_new: bool = False,
        silent: bool = False,
        counted: bool = False,
    ) -> Sequence[Join]:
        """Follow `targets` from the answer on; their snapshots, or what was missed since, go out behind it, or where
        the joins stand in it.

        `snapshot_only_if_new` is for commands named `get_…`: no snapshot of what the connection followed already.
        `silent` is for commands whose answer has all that a snapshot would.
        What the handler reads behind this is not older than the pushes that follow its answer.
        Raises `errors.TooManySubscriptions` and `errors.Unavailable`; then none of them is followed.
        """
        since = since or {}
        joins = [Join(target, since.get(target), silent, counted) for target in targets]
        await self._followed.carry_out(joins, snapshot_only_if_new=snapshot_only_if_new)
        return joins

    def leave(self, targets: Sequence[Target]) -> None:
        """Stop following `targets`, behind their last messages and before the answer."""
        self._followed.leave(targets)

    def leave_where(self, ends: Callable[[Target], bool]) -> None:
        """Stop following every channel and group for which `ends` is true."""
        self._followed.leave_where(ends)

    def holds(self, target: Target) -> bool:
        """Whether the connection follows `target`, by itself or through its group."""
        return self._followed.holds(target)

    def held(self) -> Sequence[tuple[Target, int | None]]:
        """Everything that the connection follows with its position (None for a group), in the order of joining."""
        return self._followed.held()

    def resolve(self, name: str) -> Target:
        """The channel or group `name` of the endpoint.

        Raises `errors.SubscriptionDenied` if the caller has no right to it, before anything else;
        `errors.UnknownChannel` if there is none.
        """
        openings = self._endpoint.openings.values()
        for opening in openings:
            family = opening.family
            group = family.group_named(name)
            if group is not None:
                opening.demand_right(self.session.identity, name, Role.ANONYMOUS)
                return group
            parameter = family.match(name)
            if parameter is not None:
                opening.demand_right(self.session.identity, parameter, family.least_role(parameter))
                held = family.held(parameter)
                if held is not None and self._followed.holds_itself(held):
                    return held
                if opening.exists(self, parameter):
                    return family.channel(parameter)
        families = ", ".join(opening.family.form for opening in openings)
        raise UnknownChannel(f"This endpoint has no such channel. Names are case-sensitive: {families}.")

    def service(self, kind: type[T]) -> T:
        """The domain service of class `kind`."""
        found: T = self._services[kind]
        return found

    @property
    def origin(self) -> Origin:
        """For publishing on an *every* channel that the caller follows: its frame carries the `requestId`."""
        return Origin(self.session.connection_id, self.request_id)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The events that a new follower is sent first.

    `seq`: the position up to which the snapshot of an *every* channel is complete, read in the same transaction. The
    snapshot of a *latest* channel is followed by messages that arrived while it was made. `rows`: the number of
    symbols or rows in the events, which count towards the rate limit.
    """

    events: Sequence[Event]
    seq: int | None = None
    rows: int = 1


Right = Callable[[Identity | None, str], bool]
"""Whether somebody may follow the channel of a parameter (for a group: its name): pure, so that any node can tell."""

ChannelSnapshot = Callable[[Context, Channel], Awaitable[Snapshot]]
GroupSnapshot = Callable[[Context, Group], Awaitable[Snapshot]]
Reply = Event | AppError | Join | Sequence["Event | AppError | Join"] | None
"""An answer, in order. A `Join` stands for its `subscription_confirmed` and its snapshot or replay. The snapshots and
replays of joins that do not stand here come last."""
Handler = Callable[[Context, Any], Reply | Awaitable[Reply]]
"""A handler that was begun runs to its end, also where its client goes meanwhile; its answer is then dropped. One whose
answer is a push names that event in its return annotation and returns None: the documents are made from it."""
ConnectHandler = Callable[[Context], Awaitable[Sequence[Event | Join]]]


def role_of(identity: Identity | None) -> Role:
    """The role of somebody, None is nobody."""
    return Role.ANONYMOUS if identity is None else identity.role


def anyone(_identity: Identity | None, _parameter: str) -> bool:
    return True


def admins(identity: Identity | None, _parameter: str) -> bool:
    return identity is not None and identity.role >= Role.ADMIN


def _exists(_context: Context, _parameter: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Opening:
    """The access rule of an endpoint for a family of channels: who may follow them, and what their snapshots are.

    Without `snapshot`, a *latest* channel begins with the newest message per key, an *every* channel with nothing;
    without `group_snapshot`, a group begins with the newest message per key of its channels. `snapshot_events` are the
    events of the snapshots, if they are not the family's.

    `most` returns how many channels of the family a connection may follow, besides those joined on connect.
    `most_unknown` returns how many channels that are `unknown` to it a wallet may follow over all its connections,
    because names can be invented without end.
    `seen_from` returns the least role that currently sees a channel. Others may follow it too, but are sent nothing: a
    hidden channel looks like one that does not exist.
    """

    family: Family
    right: Right
    exists: Callable[[Context, str], bool]
    snapshot: ChannelSnapshot | None
    group_snapshot: GroupSnapshot | None
    snapshot_events: tuple[type[Event], ...]
    seen_from: Callable[[Context, str], Role] | None
    most: Callable[[Context], int] | None
    unknown: Callable[[Context, Target], bool]
    most_unknown: Callable[[Context], int] | None

    def may_follow(self, identity: Identity | None, parameter: str, least_role: Role) -> bool:
        """Whether somebody has the right to a channel that needs `least_role`."""
        return role_of(identity) >= least_role and self.right(identity, parameter)

    def demand_right(self, identity: Identity | None, parameter: str, least_role: Role) -> None:
        """Raises `errors.SubscriptionDenied`."""
        if not self.may_follow(identity, parameter, least_role):
            if identity is None:
                raise SubscriptionDenied("This channel needs a token: send `auth` with one, then this again.")
            raise SubscriptionDenied("Your role does not allow this channel.")

    def is_seen(self, context: Context, parameter: str) -> bool:
        """Whether the session of `context` may see the messages of the channel with `parameter`."""
        return self.seen_from is None or context.session.role >= self.seen_from(context, parameter)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command with its handler.

    `counted`: it counts towards the rate limit. `detached`: it may answer after later commands, and joins nothing.
    `paused_by_maintenance`: it is refused during maintenance, except to admins. `successor`: the command to use instead
    of one that exists only for clients of earlier versions.
    """

    command: type[Command]
    handler: Handler
    least_role: Role
    old_names: tuple[str, ...]
    replies: tuple[type[Event], ...]
    errors: tuple[str, ...]
    counted: bool
    detached: bool
    paused_by_maintenance: bool
    successor: str | None
    is_async: bool

    @property
    def name(self) -> str:
        return message_type(self.command)


@dataclass
class Endpoint:
    """One WebSocket endpoint under `/api/v69/ws/`.

    `public_name` lets a client in without a token (`?endpoint=`). `error_type` is the `type` of errors.
    `successors` maps old message names that are refused to the name to use instead (protocol 14).
    """

    name: str
    description: str
    auth: Auth
    max_message_bytes: int
    messages_per_minute: int
    public_name: str | None = None
    error_type: str = "error"
    successors: Mapping[str, str] = field(default_factory=dict)
    openings: dict[str, Opening] = field(default_factory=dict)
    commands: dict[str, CommandSpec] = field(default_factory=dict)
    connect_handler: ConnectHandler | None = None
    connect_events: tuple[type[Event], ...] = ()
    disconnect_handler: Callable[[Context], None] | None = None
    identity_handler: Callable[[Context, Identity | None], None] | None = None

    @property
    def path(self) -> str:
        return f"/api/v69/ws/{self.name}"

    def opens(
        self,
        family: Family,
        right: Right = anyone,
        *,
        exists: Callable[[Context, str], bool] = _exists,
        snapshot: ChannelSnapshot | None = None,
        group_snapshot: GroupSnapshot | None = None,
        snapshot_events: tuple[type[Event], ...] = (),
        seen_from: Callable[[Context, str], Role] | None = None,
        most: Callable[[Context], int] | None = None,
        unknown: Callable[[Context, Target], bool] = lambda _context, _target: False,
        most_unknown: Callable[[Context], int] | None = None,
    ) -> None:
        """Let clients follow the channels and groups of `family`; see `Opening`."""
        self.openings[family.prefix] = Opening(
            family, right, exists, snapshot, group_snapshot, snapshot_events, seen_from, most, unknown, most_unknown
        )

    def opening(self, target: Target) -> Opening:
        """The opening that `target` belongs to."""
        return self.openings[target.family.prefix]

    def command(
        self,
        command: type[C],
        *,
        least_role: Role = Role.ANONYMOUS,
        old_names: tuple[str, ...] = (),
        errors: tuple[str, ...] = (),
        counted: bool = True,
        detached: bool = False,
        paused_by_maintenance: bool = False,
        successor: str | None = None,
    ) -> Callable[[Callable[[Context, C], T]], Callable[[Context, C], T]]:
        """Declare a command with its handler. `errors` are codes beyond those of every command; a handler that awaits
        something adds `UNAVAILABLE`.

        A later declaration of the same name replaces an earlier one.
        """

        def declare(handler: Callable[[Context, C], T]) -> Callable[[Context, C], T]:
            is_async = inspect.iscoroutinefunction(handler)
            all_errors = list(errors)
            if paused_by_maintenance:
                all_errors.append("MAINTENANCE")
            if is_async:
                all_errors.append("UNAVAILABLE")
            self.commands[message_type(command)] = CommandSpec(
                command=command,
                handler=handler,  # type: ignore[arg-type]  # T is a Reply or an awaitable of one: _events_of checks
                least_role=least_role,
                old_names=old_names,
                replies=_events_of(handler),
                errors=tuple(all_errors),
                counted=counted,
                detached=detached,
                paused_by_maintenance=paused_by_maintenance,
                successor=successor,
                is_async=is_async,
            )
            return handler

        return declare

    def on_connect(self, *events: type[Event]) -> Callable[[ConnectHandler], ConnectHandler]:
        """Declare what is sent, and joined, before `connection_established`. A `Join` among the frames stands for its
        snapshot; the snapshots of the other joins follow."""

        def declare(handler: ConnectHandler) -> ConnectHandler:
            self.connect_handler = handler
            self.connect_events = events
            return handler

        return declare

    def on_disconnect(self, handler: Callable[[Context], None]) -> Callable[[Context], None]:
        """Declare the handler called once for each greeted connection, after it begins to close or is gone and its
        running command has ended."""
        self.disconnect_handler = handler
        return handler

    def on_identity_change(
        self, handler: Callable[[Context, Identity | None], None]
    ) -> Callable[[Context, Identity | None], None]:
        """Declare the handler called when the identity, role or nickname of a greeted connection changes: the context
        has the new identity, the second argument is the old one."""
        self.identity_handler = handler
        return handler


@cache
def _events_of(handler: Callable[..., Any]) -> tuple[type[Event], ...]:
    """The event classes in the return annotation of a handler, through unions and sequences."""
    found: list[type[Event]] = []

    def collect(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, Event):
            found.append(annotation)
        for part in get_args(annotation):
            collect(part)

    collect(get_type_hints(handler)["return"])
    return tuple(found)

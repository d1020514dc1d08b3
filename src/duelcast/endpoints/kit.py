"""The building blocks of an endpoint.

An endpoint file declares an `Endpoint`, the channels it opens, and its commands: struct, right and handler in one
place. A handler returns events or raises `errors.AppError`; it never touches a socket. The parts of the connection
that it may use are declared here as protocols, which the gateway implements.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, get_args, get_type_hints

from duelcast.channels.broker import Origin, Position
from duelcast.channels.names import Channel, Family, Group, Kind, Role
from duelcast.clock import Clock
from duelcast.domain.accounts.identity import Identity
from duelcast.errors import AppError
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


class Subscriptions(Protocol):
    """The subscriptions of a connection. Changes take effect with the reply of the command; none do if it fails."""

    async def join(
        self,
        targets: Sequence[Target],
        *,
        since: Mapping[Target, Position] | None = None,
        snapshot_only_if_new: bool = False,
        silent: bool = False,
    ) -> Sequence[Joined]:
        """Follow `targets` once the reply is sent; their snapshots, or the missed messages, follow it.

        `snapshot_only_if_new` is for commands named `get_…`: no snapshots of targets that are already followed.
        `silent` is for commands whose reply, made after this, has everything a snapshot would: no snapshots at all.
        Raises `errors.TooManySubscriptions`; then none of them is followed.
        """

    def leave(self, targets: Sequence[Target]) -> None:
        """Stop following `targets`, after their last messages and before the reply."""

    def leave_where(self, ends: Callable[[Target], bool]) -> None:
        """Stop following every channel and group for which `ends` returns True."""

    def holds(self, target: Target) -> bool:
        """Whether `target` is followed, directly or through its group."""

    def resolve(self, name: str) -> Target:
        """The channel or group `name` of this endpoint.

        Raises `errors.SubscriptionDenied` if the session has no right to it, before anything else;
        `errors.UnknownChannel` if it does not exist.
        """

    def held(self) -> Sequence[tuple[Target, int | None]]:
        """All followed targets with their positions (None for a group), in the order of joining."""


class Joined(Protocol):
    """How a channel or group was joined."""

    @property
    def target(self) -> Target: ...

    @property
    def epoch(self) -> str: ...

    @property
    def seq(self) -> int | None:
        """The position at the end of the snapshot or the missed messages; None for a group."""

    @property
    def recovered(self) -> bool | None:
        """Whether all messages since the given position follow; None if none was given."""

    @property
    def rows(self) -> int:
        """The number of channels, symbols or rows in the snapshot or replay."""

    def parted(self, frames: int) -> tuple[Joined, Joined]:
        """Split into the first `frames` of the snapshot and the rest: an endpoint may send other frames in between."""


def positions(joined: Iterable[Joined]) -> dict[str, int]:
    """`positions` of a reply: those of the *every* channels that a command joined (protocol 2)."""
    return {one.target.name: one.seq for one in joined if one.target.kind is Kind.EVERY and one.seq is not None}


class Context:
    """Everything a handler may use: its session, its subscriptions, the domain services."""

    __slots__ = ("_services", "answered_rows", "clock", "request_id", "session", "subscriptions")

    def __init__(
        self,
        session: Session,
        subscriptions: Subscriptions,
        services: Mapping[type[Any], Any],
        clock: Clock,
        request_id: str | None = None,
    ) -> None:
        self.session = session
        self.subscriptions = subscriptions
        self.clock = clock
        self.request_id = request_id
        self.answered_rows = 0
        """Symbols or rows of the answer; each hundred, rounded up, costs one message of the rate limit."""
        self._services = services

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


Right = Callable[[Context, str], bool]
"""Whether the session of a context may follow the channel with a parameter (for a group: its name)."""

ChannelSnapshot = Callable[[Context, Channel], Awaitable[Snapshot]]
GroupSnapshot = Callable[[Context, Group], Awaitable[Snapshot]]
Reply = Event | AppError | Joined | Sequence["Event | AppError | Joined"] | None
"""The frames of an answer, in order. A `Joined` stands for its `subscription_confirmed` and its snapshot or replay. The
snapshots and replays of joins that are not named here come last."""
Handler = Callable[[Context, Any], Reply | Awaitable[Reply]]
"""A running handler completes even if its client leaves; its answer is then dropped. A handler whose answer is a push
names that event in its return annotation, from which the documents are made, and returns None."""
ConnectHandler = Callable[[Context], Awaitable[Sequence[Event | Joined]]]


def anyone(_context: Context, _parameter: str) -> bool:
    return True


def admins(context: Context, _parameter: str) -> bool:
    return context.session.role >= Role.ADMIN


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
        """Declare the handler of a new connection, which sends frames and joins channels before
        `connection_established`. A `Joined` among the frames stands for its snapshot; the snapshots of other joined
        targets follow."""

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

"""The context of handlers, and the question and answer between a connection's node and the desk that runs them.

A node asks for one of its connections (`Ask`). The desk answers with data (`Answer`): events to write, channels to
follow from then on, channels to leave. Neither refers to a socket, so node and desk may be different machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from duelcast.channels.broker import Origin, Position
from duelcast.channels.names import Channel, Group, Role
from duelcast.channels.parts import Part
from duelcast.clock import Clock
from duelcast.domain.accounts.identity import Identity
from duelcast.errors import AppError
from duelcast.wire.messages import Command, Event

Target = Channel | Group
T = TypeVar("T")

NO_POSITIONS: Mapping[Target, Position] = {}
NO_TARGETS: Set[Target] = frozenset()


def role_of(identity: Identity | None) -> Role:
    """The role of somebody; None is nobody."""
    return Role.ANONYMOUS if identity is None else identity.role


class Services(dict[type[Any], Any]):
    """The domain services of a process, by class."""

    def of(self, kind: type[T]) -> T:
        """The service of class `kind`."""
        found: T = self[kind]
        return found


class Following(Protocol):
    """The channels and groups that a connection follows when it asks."""

    @property
    def limit(self) -> int:
        """The most channels and groups that the client may follow."""

    @property
    def unknown(self) -> Set[Target]:
        """Followed targets that did not exist for the caller when they were asked for."""

    def targets(self) -> Iterable[Target]:
        """Everything followed, in the order of joining."""

    def counted(self) -> Set[Target]:
        """The followed targets that count towards `limit`: those joined on connect do not."""

    def holds(self, target: Target) -> bool:
        """Whether `target` is followed, by itself or through its group."""

    def holds_itself(self, target: Target) -> bool:
        """Whether `target` is followed by itself."""


class Ask(Struct, frozen=True, eq=False):
    """A command of a connection, or without one its greeting or another event in its life."""

    connection_id: str
    identity: Identity | None
    following: Following
    command: Command | None = None
    request_id: str | None = None


@dataclass(slots=True, eq=False)
class Join:
    """A channel or group that the caller follows from its answer on.

    `silent`: without a snapshot. `counted`: the rows of the snapshot or replay count as rows of the answer. `first`: if
    the join stands within the answer, only so many of its frames stand there, and the others at the end.
    """

    target: Target
    since: Position | None = None
    silent: bool = False
    counted: bool = False
    first: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """A join that was read: its first frames, and where the log takes over.

    The log entries after `base` and above `floors` (`seq` per channel, 0 if it has none) come next. `seq` is None for a
    group, `recovered` if no position was given. `rows` is the number of channels, symbols or rows in `frames`.
    """

    join: Join
    epoch: str
    seq: int | None
    recovered: bool | None
    frames: Sequence[Part]
    base: int
    floors: Mapping[Channel, int] = field(default_factory=dict)
    rows: int = 1

    @property
    def target(self) -> Target:
        return self.join.target


Reply = Event | AppError | Join | Sequence["Event | AppError | Join"] | None
"""An answer, in order. A `Join` stands for its `subscription_confirmed` and its snapshot or replay. The snapshots and
replays of joins that do not stand here come last."""


@dataclass(slots=True, eq=False)
class Answer:
    """The answer to an `Ask`. The node that asked carries it out, or releases `joined` if the connection has ended.

    `left` are followed no more. `rows`: symbols or rows of the answer; each started hundred costs one message of the
    rate limit. `unknown`: those of `joined` that do not exist for the caller.
    """

    parts: Sequence[Event | AppError | Join] = ()
    joined: Sequence[Joined] = ()
    left: Sequence[Target] = ()
    rows: int = 0
    unknown: Set[Target] = NO_TARGETS


@dataclass(frozen=True, slots=True)
class Named:
    """A channel that the URL of a connection names, with the path of the field that names it."""

    path: str
    name: str
    since: Position | None = None


@dataclass(slots=True, eq=False)
class Greeting(Answer):
    """The greeting of an endpoint; all its own joins stand in `parts`. `asked`: what the URL names and may be followed;
    `errors`: why the rest may not."""

    asked: Sequence[Target] = ()
    errors: Sequence[AppError] = ()


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


class Joiner(Protocol):
    """The part of the desk that finds channels, and reads what their new followers are sent first."""

    def resolve(self, context: Context, name: str) -> Target:
        """The channel or group `name` of the endpoint. Raises as `Context.resolve`."""

    async def carry_out(self, context: Context, joins: Sequence[Join], *, snapshot_only_if_new: bool) -> None:
        """Read `joins` into `context.joined`.

        Raises `errors.TooManySubscriptions` and `errors.Unavailable`; then the command has failed.
        """


class Context:
    """Everything that a handler may use: the caller and what it follows, and the domain services.

    Joins and leaves are collected here, and take effect with the answer.
    """

    __slots__ = (
        "_joiner",
        "_services",
        "answered_rows",
        "ask",
        "clock",
        "identity",
        "is_greeting",
        "joined",
        "left",
        "since",
        "unknown",
    )

    def __init__(
        self, ask: Ask, services: Services, clock: Clock, joiner: Joiner, *, is_greeting: bool = False
    ) -> None:
        self.ask = ask
        self.clock = clock
        self.identity = ask.identity
        """The identity of the caller, None if anonymous. It may change while a handler waits."""
        self.answered_rows = 0
        """Symbols or rows of the answer; each started hundred costs one message of the rate limit."""
        self.joined: Sequence[Joined] = ()
        self.left: Sequence[Target] = ()
        self.unknown: Set[Target] = NO_TARGETS
        """Targets about to be followed that do not exist for the caller."""
        self.is_greeting = is_greeting
        """Joins of the greeting do not count towards the limit of channels."""
        self.since = NO_POSITIONS
        """Positions from the URL, for the channels that the endpoint joins on connect."""
        self._services = services
        self._joiner = joiner

    @property
    def connection_id(self) -> str:
        return self.ask.connection_id

    @property
    def role(self) -> Role:
        return role_of(self.identity)

    @property
    def following(self) -> Following:
        """The channels and groups that the connection followed when it asked."""
        return self.ask.following

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
        The pushes that follow the answer are newer than anything the handler reads after this.
        Raises `errors.TooManySubscriptions` and `errors.Unavailable`; then none of them is followed.
        """
        since = since or self.since
        joins = [Join(target, since.get(target), silent, counted) for target in targets]
        await self._joiner.carry_out(self, joins, snapshot_only_if_new=snapshot_only_if_new)
        return joins

    def leave(self, targets: Iterable[Target]) -> None:
        """Stop following `targets`, behind their last messages and before the answer."""
        self.left = (*self.left, *targets)

    def leave_where(self, ends: Callable[[Target], bool]) -> None:
        """Stop following every channel and group for which `ends` is true."""
        self.leave(filter(ends, self.following.targets()))

    def holds(self, target: Target) -> bool:
        """Whether the connection follows `target`, by itself or through its group."""
        return self.following.holds(target)

    def resolve(self, name: str) -> Target:
        """The channel or group `name` of the endpoint.

        Raises `errors.SubscriptionDenied` if the caller has no right to it, before anything else;
        `errors.UnknownChannel` if there is none.
        """
        return self._joiner.resolve(self, name)

    def service(self, kind: type[T]) -> T:
        """The domain service of class `kind`."""
        return self._services.of(kind)

    @property
    def origin(self) -> Origin:
        """For publishing on an *every* channel that the caller follows: its frame carries the `requestId`."""
        return Origin(self.ask.connection_id, self.ask.request_id)


class Local(Protocol):
    """The connection of a caller, for the commands that its own node answers."""

    async def sign_in(self, token: str) -> Identity:
        """Use `token` for this connection from now on, to refresh or to sign in.

        Raises `errors.Unauthorized` for an invalid token or one of another wallet; then nothing changes.
        """

    def positions(self) -> Sequence[tuple[Target, int | None]]:
        """Everything followed with its position (None for a group), in the order of joining."""


class LocalContext:
    """Everything that a handler may use if it runs on the node of the connection, without the desk."""

    __slots__ = ("answered_rows", "clock", "connection")

    def __init__(self, connection: Local, clock: Clock) -> None:
        self.connection = connection
        self.clock = clock
        self.answered_rows = 0
        """Rows of the answer, as in `Context`."""

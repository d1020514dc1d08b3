"""The context of handlers, and the requests and answers exchanged by a connection's node and the desk.

A node asks on behalf of one of its connections (`Ask`). The desk answers with data (`Answer`): events to write,
channels to follow from then on, channels to leave. Neither the request nor the answer refers to a socket, so the node
and the desk may run on different machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from msgspec import Struct

from duelcast.channels.broker import Message, Origin, Position
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
    """The role of `identity`; anonymous if it is None."""
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
        """The maximum number of channels and groups that the client may follow."""

    @property
    def unknown(self) -> Set[Target]:
        """Followed targets that did not exist for the caller when they were asked for."""

    def targets(self) -> Iterable[Target]:
        """Everything followed, in the order of joining."""

    def counted(self) -> Set[Target]:
        """The followed targets that count towards `limit`: all but those joined on connect."""

    def holds(self, target: Target) -> bool:
        """Whether `target` is followed, directly or through its group."""

    def holds_itself(self, target: Target) -> bool:
        """Whether `target` is followed directly, and not only through its group."""


class Ask(Struct, frozen=True, eq=False):
    """A request that concerns a connection: to run `command` or, if that is None, to handle the greeting or another
    event in the life of the connection."""

    connection_id: str
    identity: Identity | None
    following: Following
    command: Command | None = None
    request_id: str | None = None


@dataclass(slots=True, eq=False)
class Join:
    """A channel or group that the caller follows from the answer on.

    A `silent` join has no snapshot. If a join is `counted`, the rows of its snapshot or replay count as rows of the
    answer. `first` is for a join that stands within the answer: only that many of its frames stand there (None stands
    for all), and the others follow at the end.
    """

    target: Target
    since: Position | None = None
    silent: bool = False
    counted: bool = False
    first: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """A join whose snapshot or replay has been read (`frames`), and the point from which newer messages continue it.

    `base` is a position in the node's log of published messages. The messages after it come next, except those whose
    `seq` is not above the value of their channel in `floors` (by default 0). `news` come before them: messages that
    were published after `frames` were read on another node. `seq` is None for a group, and `recovered` is None if no
    position was given. `rows` is the number of channels, symbols or rows in `frames`.
    """

    join: Join
    epoch: str
    seq: int | None
    recovered: bool | None
    frames: Sequence[Part]
    base: int
    floors: Mapping[Channel, int] = field(default_factory=dict)
    rows: int = 1
    news: Sequence[Message] = ()

    @property
    def target(self) -> Target:
        return self.join.target


class Encoded(Struct, frozen=True, gc=False):
    """An event that another node has encoded, with its `timestamp` and `requestId`. If it `names_positions`, the node
    of the connection adds them."""

    body: bytes
    names_positions: bool = False


Reply = Event | AppError | Join | Sequence["Event | AppError | Join"] | None
"""The parts of an answer, in order. A `Join` stands for its `subscription_confirmed` and its snapshot or replay. The
snapshots and replays of all other joins come last."""


class Answer(Struct, eq=False):
    """The answer to an `Ask`. The node that asked carries it out, or releases `joined` if the connection has ended.

    `left` are no longer followed. `rows` is the number of symbols or rows in the answer; each hundred of them, rounded
    up, costs one message of the rate limit. `unknown` are those of `joined` that do not exist for the caller.
    """

    parts: Sequence[Event | AppError | Join | Encoded] = ()
    joined: Sequence[Joined] = ()
    left: Sequence[Target] = ()
    rows: int = 0
    unknown: Set[Target] = NO_TARGETS


@dataclass(frozen=True, slots=True)
class Named:
    """A channel named in the URL of a connection, with the path of the parameter that names it."""

    path: str
    name: str
    since: Position | None = None


class Greeting(Answer, eq=False):
    """The greeting of an endpoint; all joins of the endpoint itself stand in `parts`. `asked` are the channels named in
    the URL that may be followed, and `errors` are the reasons why the others may not be followed."""

    asked: Sequence[Target] = ()
    errors: Sequence[AppError] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The events that a new follower is sent first.

    `seq` is the position up to which the snapshot of an *every* channel is complete, and is read in the same
    transaction as the snapshot. The snapshot of a *latest* channel is followed by the messages published while it was
    made. `rows` is the number of symbols or rows in the events, which count towards the rate limit.
    """

    events: Sequence[Event]
    seq: int | None = None
    rows: int = 1


class Joiner(Protocol):
    """The part of the desk that finds channels, and reads what their new followers are sent first."""

    def resolve(self, context: Context, name: str) -> Target:
        """The channel or group `name` of the endpoint. Raises the errors of `Context.resolve`."""

    async def carry_out(self, context: Context, joins: Sequence[Join], *, snapshot_only_if_new: bool) -> None:
        """Read `joins` into `context.joined`.

        If this raises `errors.TooManySubscriptions` or `errors.Unavailable`, the command has failed.
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
        """The identity of the caller; None if the caller is anonymous. It may change while a handler waits."""
        self.answered_rows = 0
        """The number of symbols or rows in the answer; each hundred of them, rounded up, costs one message of the rate
        limit."""
        self.joined: Sequence[Joined] = ()
        self.left: Sequence[Target] = ()
        self.unknown: Set[Target] = NO_TARGETS
        """Targets about to be followed that do not exist for the caller."""
        self.is_greeting = is_greeting
        """Whether this is the greeting, whose joins do not count towards the limit of channels."""
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
        """Follow `targets` from the answer on. Their snapshots, or the messages missed after `since`, are sent after
        the answer, or within it where the joins stand.

        With `snapshot_only_if_new`, for commands named `get_…`, channels that the connection already follows get no
        snapshot. `silent` is for commands whose answer has everything that a snapshot would have. No message published
        after this call is missed, so the pushes include every later change to data that the handler reads afterwards.
        If this raises `errors.TooManySubscriptions` or `errors.Unavailable`, none of `targets` is followed.
        """
        since = since or self.since
        joins = [Join(target, since.get(target), silent, counted) for target in targets]
        await self._joiner.carry_out(self, joins, snapshot_only_if_new=snapshot_only_if_new)
        return joins

    def leave(self, targets: Iterable[Target]) -> None:
        """Stop following `targets`: their last messages are sent before the answer, and none after it."""
        self.left = (*self.left, *targets)

    def leave_where(self, ends: Callable[[Target], bool]) -> None:
        """Stop following every channel and group for which `ends` is true."""
        self.leave(filter(ends, self.following.targets()))

    def holds(self, target: Target) -> bool:
        """Whether the connection follows `target`, directly or through its group."""
        return self.following.holds(target)

    def resolve(self, name: str) -> Target:
        """The channel or group `name` of the endpoint.

        Raises `errors.SubscriptionDenied` if the caller has no right to it, whether or not it exists, or
        `errors.UnknownChannel` if it does not exist.
        """
        return self._joiner.resolve(self, name)

    def service(self, kind: type[T]) -> T:
        """The domain service of class `kind`."""
        return self._services.of(kind)

    @property
    def origin(self) -> Origin:
        """The origin of messages that the handler publishes on an *every* channel. With it, the push to the caller
        carries the `requestId`."""
        return Origin(self.ask.connection_id, self.ask.request_id)


class Local(Protocol):
    """The connection of a caller, for the commands that its own node answers."""

    async def sign_in(self, token: str) -> Identity:
        """Use `token` for this connection from now on, to refresh its token or to sign in.

        Raises `errors.Unauthorized` and changes nothing if the token is invalid or belongs to another wallet.
        """

    def positions(self) -> Sequence[tuple[Target, int | None]]:
        """Each followed target and its position (None for a group), in the order of joining."""


class LocalContext(Struct, eq=False):
    """Everything that a handler may use if it runs on the node of the connection, without the desk."""

    connection: Local
    now_s: float
    """The time at which the command began, in epoch seconds."""
    answered_rows: int = 0
    """The number of rows in the answer, as in `Context`."""

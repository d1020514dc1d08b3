"""The building blocks of an endpoint.

An endpoint file declares an `Endpoint`, the channels it opens, and its commands: struct, right and handler in one
place. A handler takes a `Context` and its command, and returns events or raises `errors.AppError`; it never touches a
socket.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_type_hints

from duelcast.channels.names import Channel, Family, Group, Role
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.settings.current import CurrentSettings
from duelcast.endpoints.context import Context, Join, LocalContext, Reply, Snapshot, Target, role_of
from duelcast.errors import SubscriptionDenied, UnknownChannel
from duelcast.wire.messages import Command, Event, message_type

KIB = 1024
MIB = 1024 * KIB

T = TypeVar("T")
C = TypeVar("C", bound=Command)
X = TypeVar("X", Context, LocalContext)


class Auth(enum.Enum):
    """The clients that may connect."""

    PUBLIC = "public"
    """Anybody; an invalid token makes the connection anonymous."""
    TOKEN = "token"  # noqa: S105  # not a secret
    """Clients with a valid token, or with the endpoint's public name."""
    ADMIN = "admin"
    """Clients with the token of an admin."""


Right = Callable[[Identity | None, str], bool]
"""Says whether an identity may follow the channel with the given parameter, or the group with the given name. The
function is pure, so that any node can decide."""

ChannelSnapshot = Callable[[Context, Channel], Awaitable[Snapshot]]
GroupSnapshot = Callable[[Context, Group], Awaitable[Snapshot]]
Handler = Callable[[Any, Any], Reply | Awaitable[Reply]]
"""Called with the context (a `LocalContext` if the command is local) and the command.

A handler that has begun runs to its end even if its client leaves; its answer is then dropped. A handler whose answer
is a push returns None, and names the pushed event in its return annotation, from which the documents are made."""
ConnectHandler = Callable[[Context], Awaitable[Sequence[Event | Join]]]


def anyone(_identity: Identity | None, _parameter: str) -> bool:
    return True


def admins(identity: Identity | None, _parameter: str) -> bool:
    return identity is not None and identity.role >= Role.ADMIN


def _exists(_context: Context, _parameter: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class AccessRule:
    """The access rule of an endpoint for a family of channels: who may follow them, and what their snapshots are.

    Without `snapshot`, a *latest* channel begins with the newest message per key, and an *every* channel with nothing;
    without `group_snapshot`, a group begins with the newest message per key of its channels. `snapshot_events` and
    `group_snapshot_events` are the events of these two, if they differ from the events of the family.

    `most` returns how many channels of the family a connection may follow, besides those joined on connect. `unknown`
    says whether a channel or group stands for something that does not exist. `most_unknown` returns how many of those a
    wallet may follow over all its connections, because clients could invent names without end. `seen_from` returns the
    least role that currently sees a channel. Clients with a lower role may follow it too, but are sent nothing, so that
    a hidden channel looks like one that does not exist.
    """

    family: Family
    right: Right
    exists: Callable[[Context, str], bool]
    snapshot: ChannelSnapshot | None
    group_snapshot: GroupSnapshot | None
    snapshot_events: tuple[type[Event], ...]
    group_snapshot_events: tuple[type[Event], ...]
    seen_from: Callable[[CurrentSettings, str], Role] | None
    most: Callable[[Context], int] | None
    unknown: Callable[[Context, Target], bool]
    most_unknown: Callable[[Context], int] | None

    def may_follow(self, identity: Identity | None, parameter: str, least_role: Role) -> bool:
        """Whether `identity` has the right to a channel that needs `least_role`."""
        return role_of(identity) >= least_role and self.right(identity, parameter)

    def demand_right(self, identity: Identity | None, parameter: str, least_role: Role) -> None:
        """Raise `errors.SubscriptionDenied` unless `may_follow` is true."""
        if not self.may_follow(identity, parameter, least_role):
            if identity is None:
                raise SubscriptionDenied("This channel needs a token: send `auth` with one, then try again.")
            raise SubscriptionDenied("Your role does not allow this channel.")

    def is_seen(self, settings: CurrentSettings, role: Role, parameter: str) -> bool:
        """Whether `role` may see the messages of the channel with `parameter`."""
        return self.seen_from is None or role >= self.seen_from(settings, parameter)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command with its handler.

    If `is_local`, the node of the connection answers it, without the desk. If `counted`, it counts towards the rate
    limit. If `detached`, later commands do not wait for its answer, and it joins nothing. If `paused_by_maintenance`,
    it is refused during maintenance, except for admins. `successor` is the command to use instead, if this one exists
    only for clients of earlier versions.

    `joins` and `leaves` are the channels and groups that the command joins and leaves, as templates over its fields:
    `chat.{contestId}`. A field that is a list stands for each of its members. A missing field stands for nothing,
    except that `wallet` is the caller's by default. A `*` in `leaves` stands for any parameter. If `is_safe`, the
    command changes nothing but the channels and rooms of the connection, so that a client may repeat it.
    `idempotency_key` is the field with an id under which the command takes effect only once.
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
    is_local: bool
    joins: tuple[str, ...]
    leaves: tuple[str, ...]
    is_safe: bool
    idempotency_key: str | None

    @property
    def name(self) -> str:
        return message_type(self.command)


@dataclass
class Endpoint:
    """One WebSocket endpoint under `/api/v69/ws/`.

    `public_name` lets a client in without a token (`?endpoint=`). `error_type` is the `type` of errors. `successors`
    maps old message names, which are refused, to the names to use instead (protocol §14).
    """

    name: str
    description: str
    auth: Auth
    max_message_bytes: int
    messages_per_minute: int
    public_name: str | None = None
    error_type: str = "error"
    successors: Mapping[str, str] = field(default_factory=dict)
    access_rules: dict[str, AccessRule] = field(default_factory=dict)
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
        group_snapshot_events: tuple[type[Event], ...] = (),
        seen_from: Callable[[CurrentSettings, str], Role] | None = None,
        most: Callable[[Context], int] | None = None,
        unknown: Callable[[Context, Target], bool] = lambda _context, _target: False,
        most_unknown: Callable[[Context], int] | None = None,
    ) -> None:
        """Let clients follow the channels and groups of `family`; see `AccessRule`."""
        self.access_rules[family.prefix] = AccessRule(
            family,
            right,
            exists,
            snapshot,
            group_snapshot,
            snapshot_events,
            group_snapshot_events,
            seen_from,
            most,
            unknown,
            most_unknown,
        )

    def access_rule(self, target: Target) -> AccessRule:
        """The access rule for `target`."""
        return self.access_rules[target.family.prefix]

    def is_public(self, target: Target) -> bool:
        """Whether everybody may follow `target`, even without a token, and gets all of it."""
        if self.auth is Auth.ADMIN or (self.auth is Auth.TOKEN and self.public_name is None):
            return False
        rule = self.access_rule(target)
        if isinstance(target, Group):
            return rule.seen_from is None and rule.may_follow(None, target.name, Role.ANONYMOUS)
        return rule.seen_from is None and rule.may_follow(None, target.parameter, target.least_role)

    def resolve(self, context: Context, name: str) -> Target:
        """The channel or group `name`. Raises `errors.SubscriptionDenied` or `errors.UnknownChannel`."""
        for rule in self.access_rules.values():
            family = rule.family
            group = family.group_named(name)
            if group is not None:
                rule.demand_right(context.identity, name, Role.ANONYMOUS)
                return group
            parameter = family.match(name)
            if parameter is not None:
                rule.demand_right(context.identity, parameter, family.least_role(parameter))
                held = family.held(parameter)
                if held is not None and context.following.holds_itself(held):
                    return held
                if rule.exists(context, parameter):
                    return family.channel(parameter)
        families = ", ".join(rule.family.template for rule in self.access_rules.values())
        raise UnknownChannel(
            f"This endpoint has no such channel. Its channels are {families}; names are case-sensitive."
        )

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
        joins: tuple[str, ...] = (),
        leaves: tuple[str, ...] = (),
        safe: bool = False,
        idempotency_key: str | None = None,
    ) -> Callable[[Callable[[X, C], T]], Callable[[X, C], T]]:
        """Declare a command with its handler; see `CommandSpec`. `errors` are the codes beyond those of every command.
        `MAINTENANCE` is added if `paused_by_maintenance`, and `UNAVAILABLE` if the handler is asynchronous. A command
        that joins or leaves channels is safe.

        A later declaration of the same name replaces an earlier one.
        """

        def declare(handler: Callable[[X, C], T]) -> Callable[[X, C], T]:
            is_async = inspect.iscoroutinefunction(handler)
            all_errors = list(errors)
            if paused_by_maintenance:
                all_errors.append("MAINTENANCE")
            if is_async:
                all_errors.append("UNAVAILABLE")
            self.commands[message_type(command)] = CommandSpec(
                command=command,
                handler=cast("Handler", handler),  # T is a Reply, or an awaitable of one: `_events_of` checks
                least_role=least_role,
                old_names=old_names,
                replies=_events_of(handler),
                errors=tuple(all_errors),
                counted=counted,
                detached=detached,
                paused_by_maintenance=paused_by_maintenance,
                successor=successor,
                is_async=is_async,
                is_local=_is_local(handler),
                joins=joins,
                leaves=leaves,
                is_safe=safe or bool(joins or leaves),
                idempotency_key=idempotency_key,
            )
            return handler

        return declare

    def on_connect(self, *events: type[Event]) -> Callable[[ConnectHandler], ConnectHandler]:
        """Declare the handler called on connect. The events that it returns (of the classes `events`) are sent, and its
        joins take effect, before `connection_established`. A `Join` among the returned events stands for its snapshot;
        the snapshots of its other joins come after the events."""

        def declare(handler: ConnectHandler) -> ConnectHandler:
            self.connect_handler = handler
            self.connect_events = events
            return handler

        return declare

    def on_disconnect(self, handler: Callable[[Context], None]) -> Callable[[Context], None]:
        """Declare the handler called once for each greeted connection that has sent a command, when the connection is
        closing or gone and its running command has ended. It may be called for other connections, too: a leader does
        not know those that have asked nothing."""
        self.disconnect_handler = handler
        return handler

    def on_identity_change(
        self, handler: Callable[[Context, Identity | None], None]
    ) -> Callable[[Context, Identity | None], None]:
        """Declare the handler called when the identity, role or nickname of a greeted connection changes: the context
        has the new identity, and the second argument is the old one."""
        self.identity_handler = handler
        return handler


def _is_local(handler: Callable[..., Any]) -> bool:
    """Whether the node of the connection runs `handler`, which then takes a `LocalContext`."""
    return LocalContext in get_type_hints(handler).values()


@cache
def _events_of(handler: Callable[..., Any]) -> tuple[type[Event], ...]:
    """The event classes in the return annotation of a handler, including those within unions and sequences."""
    found: list[type[Event]] = []

    def collect(annotation: Any) -> None:
        if isinstance(annotation, type) and issubclass(annotation, Event):
            found.append(annotation)
        for part in get_args(annotation):
            collect(part)

    collect(get_type_hints(handler)["return"])
    return tuple(found)

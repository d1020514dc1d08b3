"""Every message of an endpoint, with the shape of its frame (protocol 1.1)."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from msgspec import Struct

from duelcast.channels.names import Kind
from duelcast.endpoints.common import (
    AuthSuccess,
    ConnectionEstablished,
    SessionUpdated,
    SubscriptionConfirmed,
    UnsubscriptionConfirmed,
)
from duelcast.endpoints.kit import Auth, CommandSpec, Endpoint, Opening
from duelcast.wire.messages import ErrorEvent, Event, message_type

UNASKED = (SubscriptionConfirmed, UnsubscriptionConfirmed, SessionUpdated)
"""What any endpoint may send without a command, besides errors and pushes."""


class Form(enum.Enum):
    """The shape of a frame: what stands beside the members of the struct. The value ends a schema's name."""

    COMMAND = ""
    """From the client; `requestId` and `timestamp` where it likes."""
    REPLY = "Reply"
    """`timestamp`, and the `requestId` that was sent; no `channel`."""
    NOTICE = "Notice"
    """`timestamp` alone: what nobody asked for and belongs to no channel."""
    LATEST_PUSH = "Push"
    """`timestamp`, `channel`, `seq`."""
    EVERY_PUSH = "NumberedPush"
    """The same, and for the one whose command caused it its `requestId`."""
    SNAPSHOT = "Snapshot"
    """`timestamp` and `channel`: where the endpoint makes a snapshot that has no position of its own."""


@dataclass(frozen=True, slots=True)
class Message:
    """`type` is that of the struct, but for old names and for errors of endpoints that spell it their way.

    `successor`: the name to send today, where `type` is an old one.
    """

    struct: type[Struct]
    form: Form
    type: str
    successor: str | None = None

    @property
    def key(self) -> str:
        """Tells apart the messages of an endpoint; a command's is its `type`."""
        return f"{self.type}.{self.form.value.lower()}" if self.form.value else self.type


def commands(spec: CommandSpec) -> list[Message]:
    """A command under its name and its old ones."""
    old = (Message(spec.command, Form.COMMAND, name, successor=spec.name) for name in spec.old_names)
    return [Message(spec.command, Form.COMMAND, spec.name, successor=spec.successor), *old]


def replies(spec: CommandSpec) -> list[Message]:
    """What answers a command, but for errors."""
    return [_message(event, Form.REPLY) for event in dict.fromkeys(spec.replies)]


def error(endpoint: Endpoint) -> Message:
    """The refusal of a command, and the last word before a refused connection ends."""
    return Message(ErrorEvent, Form.REPLY, endpoint.error_type)


def greeting(endpoint: Endpoint) -> list[Message]:
    """What comes by itself up to `connection_established`, but for pushes of the channels that connecting joins."""
    pushed = {event for opening in endpoint.openings.values() for event in opening.family.events}
    own = [event for event in endpoint.connect_events if event not in pushed]
    by_message = [] if endpoint.auth is Auth.PUBLIC else [AuthSuccess]
    return _unasked(endpoint, [*by_message, *own, ConnectionEstablished])


def notices(endpoint: Endpoint) -> list[Message]:
    """What comes later without a command and belongs to no channel."""
    return [*_unasked(endpoint, UNASKED), error(endpoint)]


def pushes(opening: Opening) -> list[Message]:
    """What the channels of a family bring."""
    family = opening.family
    is_latest = family.kind is Kind.LATEST
    found = [_message(event, Form.LATEST_PUSH if is_latest else Form.EVERY_PUSH) for event in family.events]
    in_snapshots = opening.snapshot_events or family.events
    if opening.snapshot is not None:
        found += [_message(event, Form.LATEST_PUSH if is_latest else Form.SNAPSHOT) for event in in_snapshots]
    if opening.group_snapshot is not None:
        found += [_message(event, Form.SNAPSHOT) for event in in_snapshots]
    return list(dict.fromkeys(found))


def all_messages(endpoint: Endpoint) -> list[Message]:
    """Every message of an endpoint, each once: the client's, the answers, what comes unasked."""
    found: list[Message] = []
    for spec in endpoint.commands.values():
        found += commands(spec)
    for spec in endpoint.commands.values():
        found += replies(spec)
    found += [*greeting(endpoint), *notices(endpoint)]
    for opening in endpoint.openings.values():
        found += pushes(opening)
    return list(dict.fromkeys(found))


def _message(event: type[Event], form: Form) -> Message:
    return Message(event, form, message_type(event))


def _unasked(endpoint: Endpoint, events: Iterable[type[Event]]) -> list[Message]:
    """A reply without a `requestId` has the form of a notice, and is not written down twice."""
    answered = {event for spec in endpoint.commands.values() for event in spec.replies}
    return [_message(event, Form.REPLY if event in answered else Form.NOTICE) for event in events]

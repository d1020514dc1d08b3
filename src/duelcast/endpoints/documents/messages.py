"""Every message of an endpoint, with the shape of its frame (protocol §1.1)."""

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
from duelcast.endpoints.kit import AccessRule, Auth, CommandSpec, Endpoint
from duelcast.wire.messages import ErrorEvent, Event, message_type

UNASKED = (SubscriptionConfirmed, UnsubscriptionConfirmed, SessionUpdated)
"""Messages that any endpoint may send without a command, besides errors and pushes."""


class Form(enum.Enum):
    """The shape of a frame: which members are added to those of the struct. The value of a form is the suffix of its
    schemas' names."""

    COMMAND = ""
    """From the client; `requestId` and `timestamp` are optional."""
    REPLY = "Reply"
    """Adds `timestamp`, and the `requestId` of the command if it had one; never has a `channel`."""
    NOTICE = "Notice"
    """Adds only `timestamp`: an unsolicited message that belongs to no channel."""
    LATEST_PUSH = "Push"
    """Adds `timestamp`, `channel` and `seq`."""
    EVERY_PUSH = "NumberedPush"
    """Adds the same as `LATEST_PUSH`, and for the client whose command caused the push also its `requestId`."""
    SNAPSHOT = "Snapshot"
    """Adds `timestamp` and `channel`: a snapshot of an *every* channel or of a group, which has no `seq` of its own."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message of an endpoint. `type` is the type of the struct, except for old names, and for the errors of endpoints
    that spell `error` differently. `successor` is the name to send today, if `type` is an old one.
    """

    struct: type[Struct]
    form: Form
    type: str
    successor: str | None = None

    @property
    def key(self) -> str:
        """A key that is unique among the messages of an endpoint; the key of a command is its `type`."""
        return f"{self.type}.{self.form.value.lower()}" if self.form.value else self.type


def commands(spec: CommandSpec) -> list[Message]:
    """A command under its current and old names."""
    old = (Message(spec.command, Form.COMMAND, name, successor=spec.name) for name in spec.old_names)
    return [Message(spec.command, Form.COMMAND, spec.name, successor=spec.successor), *old]


def replies(spec: CommandSpec) -> list[Message]:
    """The answers to a command, without errors."""
    return [_message(event, Form.REPLY) for event in dict.fromkeys(spec.replies)]


def error(endpoint: Endpoint) -> Message:
    """The error message of an endpoint. It refuses a command, or is the last message of a refused connection."""
    return Message(ErrorEvent, Form.REPLY, endpoint.error_type)


def greeting(endpoint: Endpoint) -> list[Message]:
    """Messages sent unasked up to `connection_established`, except the pushes of channels joined on connect."""
    pushed = {event for rule in endpoint.access_rules.values() for event in rule.family.events}
    own = [event for event in endpoint.connect_events if event not in pushed]
    by_message = [] if endpoint.auth is Auth.PUBLIC else [AuthSuccess]
    return _unasked(endpoint, [*by_message, *own, ConnectionEstablished])


def notices(endpoint: Endpoint) -> list[Message]:
    """Messages that are sent later, without a command, and belong to no channel."""
    return [*_unasked(endpoint, UNASKED), error(endpoint)]


def pushes(rule: AccessRule) -> list[Message]:
    """The pushes of the channels of a family."""
    family = rule.family
    is_latest = family.kind is Kind.LATEST
    found = [_message(event, Form.LATEST_PUSH if is_latest else Form.EVERY_PUSH) for event in family.events]
    if rule.snapshot is not None:
        form = Form.LATEST_PUSH if is_latest else Form.SNAPSHOT
        found += [_message(event, form) for event in rule.snapshot_events or family.events]
    if rule.group_snapshot is not None:
        found += [_message(event, Form.SNAPSHOT) for event in rule.group_snapshot_events or family.events]
    return list(dict.fromkeys(found))


def all_messages(endpoint: Endpoint) -> list[Message]:
    """Every message of an endpoint, each once: commands, answers and unsolicited messages."""
    found: list[Message] = []
    for spec in endpoint.commands.values():
        found += commands(spec)
    for spec in endpoint.commands.values():
        found += replies(spec)
    found += [*greeting(endpoint), *notices(endpoint)]
    for rule in endpoint.access_rules.values():
        found += pushes(rule)
    return list(dict.fromkeys(found))


def _message(event: type[Event], form: Form) -> Message:
    return Message(event, form, message_type(event))


def _unasked(endpoint: Endpoint, events: Iterable[type[Event]]) -> list[Message]:
    """`events` as notices. An event that also answers a command gets the form of a reply instead, because a reply
    without a `requestId` looks like a notice."""
    answered = {event for spec in endpoint.commands.values() for event in spec.replies}
    return [_message(event, Form.REPLY if event in answered else Form.NOTICE) for event in events]

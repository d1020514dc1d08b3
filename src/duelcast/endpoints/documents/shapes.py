"""Reads the types that clients need from an AsyncAPI document, and gives each a name that no other has.

Only the document is read, never the declarations behind it: what a client needs must be in the document.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from duelcast.endpoints.documents.members import (
    Field,
    Schema,
    Shape,
    bare,
    fields_of,
    is_record,
    pascal,
    reachable,
    resolved,
    signature,
    target,
)
from duelcast.endpoints.documents.messages import Form

_FORM = re.compile(rf"(?P<raw>.+?)(?:{'|'.join(form.value for form in Form if form.value)})(?P<type>\.\w+)?")
"""The name of the schema of a server message, such as `ErrorEventReply.ERROR`."""


@dataclass(frozen=True, slots=True)
class Command:
    """A message of a client, whose shape lacks `requestId`. `reply` is the name of the first message that answers it.

    A `safe` command may be repeated after a lost connection, and so may one whose field `idempotency_key` is set.
    `joins` and `leaves` are templates of channels, with names of fields in braces.
    """

    type: str
    shape: Shape
    reply: str
    errors: Sequence[str]
    safe: bool
    idempotency_key: str | None
    joins: Sequence[str]
    leaves: Sequence[str]


@dataclass(frozen=True, slots=True)
class Message:
    """Everything that the server sends with one `type`. A member that only some of the frames have is optional."""

    type: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class ChannelFamily:
    """Channels such as `chat.{contestId}`, the group that joins all of them, and the names of the messages that a
    follower of a channel or group gets, snapshots included. `who` says who may follow."""

    name: str
    group: str | None
    parameters: Mapping[str, Schema]
    pushes: Sequence[str]
    group_pushes: Sequence[str]
    who: str
    description: str


@dataclass(frozen=True, slots=True)
class EndpointShapes:
    """The messages that a client may send to an endpoint, and those that it may receive.

    `auth` is `public`, `token` or `admin`; with `public_name` a client may connect without a token. `error` is the name
    of the error message.
    """

    name: str
    path: str
    auth: str
    public_name: str | None
    commands: Sequence[Command]
    messages: Sequence[Message]
    channels: Sequence[ChannelFamily]
    error: str

    def shapes(self) -> Iterator[Shape]:
        """The shapes of all messages."""
        yield from (message.shape for message in self.messages)
        yield from (command.shape for command in self.commands)


@dataclass(frozen=True, slots=True)
class Shapes:
    """All endpoints, the records in their messages, and the codes of errors and closures."""

    endpoints: Sequence[EndpointShapes]
    records: Sequence[Shape]
    error_codes: Sequence[Mapping[str, Any]]
    close_codes: Sequence[Mapping[str, Any]]


def read_shapes(document: Mapping[str, Any]) -> Shapes:
    """The shapes in an AsyncAPI document, without deprecated commands and members.

    Raises `ValueError` if two different shapes would have one name, or two messages of an endpoint one type.
    """
    reader = _Reader(document)
    return Shapes(
        endpoints=[reader.endpoint(name) for name in document["channels"]],
        records=reader.records(),
        error_codes=document["x-error-codes"],
        close_codes=document["x-close-codes"],
    )


@dataclass(slots=True)
class _Use:
    """How the document uses a record or message: its schemas, its `type` if it is a message, its endpoints, and whether
    clients send it."""

    type: str | None
    forms: dict[str, Schema] = field(default_factory=dict)
    endpoints: set[str] = field(default_factory=set)
    asked: bool = False

    def fields(self) -> list[Field]:
        """The members, without `type`, and without those that any command may have."""
        fields = fields_of(list(self.forms.values()))
        if self.type is None:
            return fields
        head = {"type"} | ({"requestId"} if self.asked else set())
        return [each for each in fields if each.name not in head and not self._ignores(each)]

    def _ignores(self, member: Field) -> bool:
        return self.asked and member.name == "timestamp" and not bare(member.schema)


class _Reader:
    """A *raw* name is that of a schema, without the suffix for the form of a message."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._schemas: Mapping[str, Schema] = document["components"]["schemas"]
        self._uses: dict[str, _Use] = {}
        for endpoint in document["channels"]:
            for message, _ in self._commands(endpoint):
                self._use(endpoint, message, asked=True)
            for message in self._sent(endpoint):
                self._use(endpoint, message, asked=False)
        self._names = self._chosen_names()
        self._shapes = self._named_shapes()

    def endpoint(self, name: str) -> EndpointShapes:
        """The shapes of an endpoint."""
        channel = self._document["channels"][name]
        messages = self._messages(name)
        return EndpointShapes(
            name=name,
            path=channel["address"],
            auth=channel["x-auth"],
            public_name=channel["bindings"]["ws"]["query"]["properties"].get("endpoint", {}).get("const"),
            commands=[self._command(name, message, operation) for message, operation in self._commands(name)],
            messages=list(messages.values()),
            channels=[_family(family, messages) for family in channel["x-channels"]],
            error=next(message.shape.name for message in messages.values() if message.type.lower() == "error"),
        )

    def records(self) -> list[Shape]:
        """The records in messages, by name."""
        raws = (raw for raw, use in self._uses.items() if use.type is None)
        return sorted({self._names[raw]: self._shape(raw) for raw in raws}.values(), key=lambda shape: shape.name)

    # ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _commands(self, endpoint: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        """The message and the operation of each command that is not deprecated."""
        for operation in self._received(endpoint):
            message = self._message(endpoint, target(operation["messages"][0]))
            if not message.get("deprecated"):
                yield message, operation

    def _received(self, endpoint: str) -> Iterator[Mapping[str, Any]]:
        for operation in self._document["operations"].values():
            if operation["action"] == "receive" and target(operation["channel"]) == endpoint:
                yield operation

    def _sent(self, endpoint: str) -> Iterator[Mapping[str, Any]]:
        """All messages of the server."""
        received = {target(message) for operation in self._received(endpoint) for message in operation["messages"]}
        for key in self._document["channels"][endpoint]["messages"]:
            if key not in received:
                yield self._message(endpoint, key)

    def _message(self, endpoint: str, key: str) -> Mapping[str, Any]:
        reference = self._document["channels"][endpoint]["messages"][key]
        message: Mapping[str, Any] = self._document["components"]["messages"][target(reference)]
        return message

    def _messages(self, endpoint: str) -> dict[str, Message]:
        """The server's messages by type."""
        found: dict[str, Message] = {}
        for sent in self._sent(endpoint):
            message = Message(sent["name"], self._shape(self._raw(sent)))
            if found.setdefault(message.type, message).shape is not message.shape:
                raise ValueError(f"{endpoint}: two messages have the type `{message.type}`")
        return found

    def _use(self, endpoint: str, message: Mapping[str, Any], *, asked: bool) -> None:
        name = target(message["payload"])
        uses = {self._raw(message): (name, message["name"])}
        for record in reachable(self._schemas, [self._schemas[name]]):
            if is_record(self._schemas[record]):
                uses[record] = (record, None)
        for raw, (schema, type_) in uses.items():
            use = self._uses.setdefault(raw, _Use(type_))
            use.forms[schema] = self._schemas[schema]
            use.endpoints.add(endpoint)
            use.asked |= asked

    def _raw(self, message: Mapping[str, Any]) -> str:
        name = target(message["payload"])
        form = _FORM.fullmatch(name)
        return name if form is None else form["raw"] + (form["type"] or "")

    # ── naming ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _chosen_names(self) -> dict[str, str]:
        """A name for each raw one. Equal shapes share a name; of different ones with the same name, those that a single
        endpoint uses get its name as a prefix."""
        alike: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for raw, use in self._uses.items():
            alike[_plain(raw)][f"{use.type} {signature(use.fields())}"].append(raw)
        names: dict[str, str] = {}
        for plain, shapes in alike.items():
            for raws in shapes.values():
                endpoints = {endpoint for raw in raws for endpoint in self._uses[raw].endpoints}
                is_own = len(shapes) > 1 and len(endpoints) == 1
                name = pascal(*endpoints) + plain if is_own else plain
                if name in names.values():
                    raise ValueError(f"two shapes are called {name}")
                names |= dict.fromkeys(raws, name)
        return names

    def _named_shapes(self) -> dict[str, Shape]:
        """The shapes by name. If several schemas are equal, the one that most endpoints use describes the shape."""
        shapes: dict[str, Shape] = {}
        for raw, use in sorted(self._uses.items(), key=lambda each: len(each[1].endpoints)):
            described = next(iter(use.forms.values()))
            shapes[self._names[raw]] = Shape(
                name=self._names[raw],
                description=described.get("description", ""),
                fields=[
                    Field(each.name, resolved(each.schema, self._schemas, self._names), each.always)
                    for each in use.fields()
                ],
                asked=use.asked,
            )
        return shapes

    def _shape(self, raw: str) -> Shape:
        return self._shapes[self._names[raw]]

    def _command(self, endpoint: str, message: Mapping[str, Any], operation: Mapping[str, Any]) -> Command:
        shape = self._shape(self._raw(message))
        return Command(
            type=message["name"],
            shape=shape,
            reply=self._shape(self._raw(self._message(endpoint, target(operation["reply"]["messages"][0])))).name,
            errors=operation["x-error-codes"],
            safe=operation["x-safe"],
            idempotency_key=operation.get("x-idempotency-key"),
            joins=operation["x-joins"],
            leaves=operation["x-leaves"],
        )


def _family(family: Mapping[str, Any], messages: Mapping[str, Message]) -> ChannelFamily:
    def names(*lists: str) -> list[str]:
        return [messages[type_].shape.name for each in lists for type_ in family[each]]

    return ChannelFamily(
        name=family["name"],
        group=family["group"],
        parameters=family["parameters"],
        pushes=names("events", "snapshotEvents"),
        group_pushes=names("events", "groupSnapshotEvents"),
        who=family["who"],
        description=family["description"],
    )


def _plain(raw: str) -> str:
    """`duelcast.endpoints.contest.Welcome` → `Welcome`, `ErrorEvent.ERROR` → `ErrorEvent`"""
    return next(part for part in raw.split(".") if part[0].isupper())

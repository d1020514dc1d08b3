"""Reads the types that clients need from an AsyncAPI document, and gives each a name that no other has.

Only the document is read, never the declarations behind it: what a client needs must be in the document.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from duelcast.endpoints.documents.messages import Form

Schema = Mapping[str, Any]

_FORM = re.compile(rf"(?P<raw>.+?)(?:{'|'.join(form.value for form in Form if form.value)})(?P<type>\.\w+)?")
"""The name of the schema of a server message, such as `ErrorEventReply.ERROR`."""
_ANNOTATIONS = frozenset({"description", "title", "examples", "default"})
"""Members of a schema that say nothing about the shape of values."""


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a shape, which is never missing if `always`. A `$ref` in `schema` is the name of a shape."""

    name: str
    schema: Schema
    always: bool

    @property
    def description(self) -> str:
        """The document's description of this member, or an empty string."""
        return str(self.schema.get("description", ""))


@dataclass(frozen=True, slots=True)
class Shape:
    """A record, or a message without its `type`. If `asked`, clients send it, and its enumerations are complete; to
    what it sends itself, the server may add values and members."""

    name: str
    description: str
    fields: Sequence[Field]
    asked: bool


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
    """Channels such as `chat.<id>`, the group that joins all of them, and the names of their messages."""

    name: str
    group: str | None
    pushes: Sequence[str]


@dataclass(frozen=True, slots=True)
class EndpointShapes:
    """The messages that a client may send to an endpoint, and those that it may receive.

    `auth` is `public`, `token` or `admin`; with `public_name` a client may connect without a token. `error` is the name
    of the error message.
    """

    name: str
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


# ── schemas ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def target(reference: Mapping[str, Any]) -> str:
    """The last part of a reference."""
    return str(reference["$ref"]).rpartition("/")[2]


def references(schema: Any) -> Iterator[str]:
    """The names that a schema refers to."""
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield target(schema)
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from references(part)


def reachable(schemas: Mapping[str, Schema], roots: Iterable[Schema]) -> set[str]:
    """The names of all schemas that `roots` refer to, directly or indirectly."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        new = set(references(waiting.pop())) - found
        found |= new
        waiting += [schemas[name] for name in new]
    return found


def is_record(schema: Schema) -> bool:
    """Whether a schema describes an object with declared members."""
    return "properties" in schema


def resolved(schema: Any, schemas: Mapping[str, Schema], names: Mapping[str, str]) -> Any:
    """`schema` with the `names` of records in place of references, and with the schemas of other values in it, whose
    descriptions are those of types and not of members."""
    if isinstance(schema, list):
        return [resolved(part, schemas, names) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    inside = {name: resolved(part, schemas, names) for name, part in schema.items() if name != "$ref"}
    if "$ref" not in schema:
        return inside
    name = target(schema)
    if is_record(schemas[name]):
        return {"$ref": names[name]} | inside
    return bare(resolved(schemas[name], schemas, names)) | inside


def fields_of(forms: Sequence[Schema]) -> list[Field]:
    """The members of an object that has one of several forms, without deprecated ones. A member that not every form
    requires is optional."""
    found: dict[str, Schema] = {}
    for form in forms:
        for name, schema in form["properties"].items():
            if schema.get("deprecated"):
                continue
            if bare(found.setdefault(name, schema)) != bare(schema):
                raise ValueError(f"{form.get('title')}: the forms differ in `{name}`")
    return [
        Field(name, schema, all(name in form.get("required", ()) for form in forms)) for name, schema in found.items()
    ]


def bare(schema: Any) -> Any:
    """`schema` without what says nothing about the shape of values, for comparisons."""
    if isinstance(schema, Mapping):
        return {name: bare(part) for name, part in schema.items() if name not in _ANNOTATIONS}
    return [bare(part) for part in schema] if isinstance(schema, list) else schema


def signature(fields: Iterable[Field]) -> str:
    """A text that is equal for equal members."""
    return json.dumps([(each.name, each.always, bare(each.schema)) for each in fields], sort_keys=True)


def pascal(name: str) -> str:
    """`market-data` → `MarketData`"""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", name))


# ── endpoints ─────────────────────────────────────────────────────────────────────────────────────────────────────────


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
            auth=channel["x-auth"],
            public_name=channel["bindings"]["ws"]["query"]["properties"].get("endpoint", {}).get("const"),
            commands=[self._command(name, message, operation) for message, operation in self._commands(name)],
            messages=list(messages.values()),
            channels=[
                ChannelFamily(
                    family["name"], family["group"], [messages[type_].shape.name for type_ in family["events"]]
                )
                for family in channel["x-channels"]
            ],
            error=next(message.shape.name for message in messages.values() if _is_error({"name": message.type})),
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
            safe=operation.get("x-safe", False),
            idempotency_key=operation.get("x-idempotency-key"),
            joins=operation.get("x-joins", ()),
            leaves=operation.get("x-leaves", ()),
        )


def _is_error(message: Mapping[str, Any]) -> bool:
    return str(message["name"]).lower() == "error"


def _plain(raw: str) -> str:
    """`duelcast.endpoints.contest.Welcome` → `Welcome`, `ErrorEvent.ERROR` → `ErrorEvent`"""
    return next(part for part in raw.split(".") if part[0].isupper())

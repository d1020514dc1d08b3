"""JSON schemas of frames: the schemas of structs, with `type`, `requestId`, `timestamp`, `channel` and `seq`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from duelcast.endpoints.documents.fields import PREFIX, Schema, opened, schema_components, with_private_members
from duelcast.endpoints.documents.members import reachable
from duelcast.endpoints.documents.messages import Form, Message
from duelcast.wire.messages import MAX_SAFE_INTEGER, Command, Event, message_type

_SHARED: dict[str, Schema] = {
    "RequestId": {
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "description": "Chosen by the client; returned in every direct answer.",
    },
    "Timestamp": {
        "type": "string",
        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        "format": "date-time",
        "description": "ISO-8601 in UTC with milliseconds.",
    },
    "Channel": {"type": "string", "description": "The channel of a push, or the group of a group's snapshot."},
    "Seq": {
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_SAFE_INTEGER,
        "description": "The number of a push in its channel; it grows within an epoch.",
    },
}

_ADDRESSING: dict[Form, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Form.REPLY: ((), ("requestId",)),
    Form.NOTICE: ((), ()),
    Form.LATEST_PUSH: (("channel", "seq"), ()),
    Form.EVERY_PUSH: (("channel", "seq"), ("requestId",)),
    Form.SNAPSHOT: (("channel",), ()),
}
"""By form, the members that are always added to an event besides `timestamp`, and those that are added sometimes."""

_HEAD = frozenset({"type", "requestId", "timestamp"})
"""Members that every message may have, and that the documents therefore do not list for each message."""

_NEVER = {Form.REPLY: "channel", Form.NOTICE: "channel", Form.SNAPSHOT: "seq"}
"""The member whose absence distinguishes a frame from other frames of the same `type`."""


class Schemas:
    """The schemas of `messages` and of every record in them, by name in `components`.

    Messages of clients may have only the declared members; messages of the server may get new ones (protocol §1.1).
    """

    def __init__(self, messages: Iterable[Message]) -> None:
        distinct = list(dict.fromkeys(messages))
        structs = list(dict.fromkeys(message.struct for message in distinct))
        references, named = schema_components(structs)
        names = {struct: _name(reference["$ref"]) for struct, reference in zip(structs, references, strict=True)}
        bare = {struct: named.pop(name) for struct, name in names.items()}
        self._names = {message: _payload_name(message, names[message.struct]) for message in distinct}
        payloads = {name: _payload(message, bare[message.struct]) for message, name in self._names.items()}
        commands = [payloads[name] for message, name in self._names.items() if _is_command(message)]
        asked = reachable(_SHARED | named, commands)
        records = {name: schema if name in asked else opened(schema) for name, schema in named.items()}
        self.components = dict(sorted((_SHARED | records | payloads).items()))
        assert len(self.components) == len(_SHARED) + len(records) + len(payloads), "two schemas have one name"

    def name(self, message: Message) -> str:
        """The name of a message's schema."""
        return self._names[message]

    def description(self, message: Message) -> str:
        """The description of a message, in sentences."""
        return str(self.components[self._names[message]].get("description", ""))

    def members(self, message: Message) -> Schema:
        """The message's own fields, each with its schema."""
        properties = self.components[self._names[message]]["properties"]
        return {name: properties[name] for name in message.struct.__struct_encode_fields__ if name not in _HEAD}

    def required(self, message: Message) -> Sequence[str]:
        """The fields that a message always has."""
        required: list[str] = self.components[self._names[message]]["required"]
        return required


def _is_command(message: Message) -> bool:
    return message.form is Form.COMMAND


def reference(name: str) -> Schema:
    """A reference to the schema `name`."""
    return {"$ref": f"{PREFIX}{name}"}


def _name(reference: str) -> str:
    return reference.removeprefix(PREFIX)


def _payload_name(message: Message, struct_name: str) -> str:
    """A name made of the struct and the form, and of the `type` if it is not the struct's own."""
    name = f"{struct_name}{message.form.value}"
    return name if message.type == message_type(message.struct) else f"{name}.{message.type}"


def _payload(message: Message, bare: Schema) -> Schema:
    return _command_payload(message, bare) if _is_command(message) else _event_payload(message, bare)


def _command_payload(message: Message, bare: Schema) -> Schema:
    properties = {"type": {"const": message.type}, **_without(bare["properties"], "type")}
    properties["requestId"] = {
        "anyOf": [reference("RequestId"), {"type": "null"}],
        "default": None,
        "description": _SHARED["RequestId"]["description"],
    }
    assert issubclass(message.struct, Command)
    if not message.struct.uses_timestamp:
        properties["timestamp"] = {"description": "Ignored."}
    properties |= {name: {"description": "Ignored.", "deprecated": True} for name in message.struct.ignored_fields}
    schema = {
        **with_private_members(bare),
        "title": message.type,
        "properties": properties,
    }
    if message.successor is not None:
        schema["deprecated"] = True
        if message.type != message_type(message.struct):
            schema["description"] = f"Old name of `{message.successor}`; the answer is the same."
    return schema


def _event_payload(message: Message, bare: Schema) -> Schema:
    assert issubclass(message.struct, Event)
    always, sometimes = _ADDRESSING[message.form]
    if not message.struct.has_own_timestamp:
        always = (*always, "timestamp")
    own = bare["properties"]
    added = {name: reference(name[0].upper() + name[1:]) for name in (*always, *sometimes) if name not in own}
    schema = {
        **opened(bare),
        "title": message.type,
        "properties": {"type": {"const": message.type}, **_without(own, "type"), **added},
        "required": [*bare["required"], *(name for name in always if name in added)],
    }
    never = _NEVER.get(message.form)
    if never is not None and never not in own:
        schema["not"] = {"required": [never]}
    return schema


def _without(members: Schema, name: str) -> Schema:
    return {key: value for key, value in members.items() if key != name}

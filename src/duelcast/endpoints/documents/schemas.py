"""JSON schemas of frames: those of the structs, with `type`, `requestId`, `timestamp`, `channel` and `seq`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from duelcast.endpoints.documents.messages import Form, Message
from duelcast.wire.messages import MAX_SAFE_INTEGER, Command, Event, message_type

Schema = dict[str, Any]

_PREFIX = "#/components/schemas/"

_SHARED: dict[str, Schema] = {
    "RequestId": {
        "type": "string",
        "minLength": 1,
        "maxLength": 64,
        "description": "Chosen by the client; carried back by every direct answer.",
    },
    "Timestamp": {
        "type": "string",
        "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        "description": "ISO-8601 in UTC with milliseconds.",
    },
    "Channel": {"type": "string", "description": "The channel of a push; of the snapshot of a group, the group."},
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
"""What is always, and what is sometimes beside the members of an event."""

_NEVER = {Form.REPLY: "channel", Form.NOTICE: "channel", Form.SNAPSHOT: "seq"}
"""What tells a frame from others of its `type`."""


class Schemas:
    """The schemas of `messages`, and of every record in them."""

    def __init__(self, messages: Iterable[Message]) -> None:
        distinct = list(dict.fromkeys(messages))
        structs = list(dict.fromkeys(message.struct for message in distinct))
        references, named = msgspec.json.schema_components(structs, ref_template=f"{_PREFIX}{{name}}")
        names = {struct: _name(reference) for struct, reference in zip(structs, references, strict=True)}
        bare = {struct: named.pop(name) for struct, name in names.items()}
        self._names = {message: _payload_name(message, names[message.struct]) for message in distinct}
        payloads = {self._names[message]: _payload(message, bare[message.struct]) for message in distinct}
        records = {name: _open(schema) if name not in _asked_for(payloads) else schema for name, schema in named.items()}
        self.components = dict(sorted({**_SHARED, **records, **payloads}.items()))

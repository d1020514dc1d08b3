"""Frames that servers sent, taken apart into records, to compare examples with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from duelcast.endpoints.documents.messages import Form, Message, all_messages
from duelcast.endpoints.documents.schemas import Schemas
from duelcast.endpoints.kit import Endpoint
from tests.e2e.transcript import GOLDEN
from tests.serving import Frame

Json = Any


class RealFrames:
    """What servers sent. `messages` are the messages that occurred."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self.messages: set[Message] = set()
        self._values: dict[str, list[Any]] = {}

    def take_golden(self, endpoint: Endpoint) -> None:
        """Take the recorded conversation of an endpoint."""
        lines = json.loads((GOLDEN / f"{endpoint.name.replace('-', '_')}.json").read_text())
        self.take(endpoint, [line["server"] for line in lines if "server" in line])

    def take(self, endpoint: Endpoint, frames: Sequence[Frame]) -> None:
        """Take frames that a server sent on an endpoint."""
        messages = {
            (message.type, kind_of(message.form)): message
            for message in all_messages(endpoint)
            if message.form is not Form.COMMAND
        }
        for frame in frames:
            message = messages[frame["type"], kind_of_frame(frame)]
            self.messages.add(message)
            for kind, part in self._parts(message, frame):
                self._values.setdefault(kind, []).append(part)

    def differences(self, message: Message, example: Frame) -> Iterator[str]:
        """The records and members of `example` that differ in their members or type from all that were sent."""
        for kind, part in self._parts(message, example):
            recorded = self._values.get(kind, [])
            sent = [value for value in recorded if not is_placeholder(value)]
            if recorded and not sent:
                continue  # each recording has a placeholder
            alike = [value for value in sent if type_of(value) == type_of(part)]
            if not alike:
                yield f"{kind} was never {type_of(part)}"
            elif isinstance(part, dict):
                yield from (f"{kind}.{name} was never sent" for name in part.keys() - set().union(*alike))
                yield from (
                    f"{kind}.{name} was always sent" for name in set.intersection(*map(set, alike)) - part.keys()
                )

    def _parts(self, message: Message, frame: Frame) -> Iterator[tuple[str, Json]]:
        """The records in `frame` and their members, with the names under which they are compared. A record has the same
        name wherever it occurs, and so has a frame in each of its forms."""
        schema = self._schemas.components[self._schemas.name(message)]
        own = {name: value for name, value in frame.items() if name not in ADDRESSING}
        yield from self._inner(own, schema, f"{message.struct.__module__}.{message.struct.__name__}")

    def _inner(self, value: Json, schema: Json, kind: str) -> Iterator[tuple[str, Json]]:
        if "$ref" in schema:
            kind = schema["$ref"].rpartition("/")[2]
            schema = self._schemas.components[kind]
        if "anyOf" in schema:
            for part in schema["anyOf"]:
                if part != {"type": "null"}:
                    yield from self._inner(value, part, kind)
        elif value is None or not schema.keys() & {"type", "enum", "const", "properties"}:
            return  # the schemas say where null is, and leave some values to operators
        elif isinstance(value, dict):
            members = schema.get("properties", {})
            if members:
                yield kind, value
            for name, member in value.items():
                inner = members.get(name, schema.get("additionalProperties"))
                if isinstance(inner, dict):
                    yield from self._inner(member, inner, f"{kind}.{name if members else '*'}")
        elif isinstance(value, list):
            for item in value:
                yield from self._inner(item, schema.get("items", {}), f"{kind}[]")
        else:
            yield kind, value


ADDRESSING = ("type", "timestamp", "requestId", "channel", "seq")


def kind_of(form: Form) -> str:
    match form:
        case Form.LATEST_PUSH | Form.EVERY_PUSH:
            return "push"
        case Form.SNAPSHOT:
            return "snapshot"
    return "answer"


def kind_of_frame(frame: Frame) -> str:
    if "channel" not in frame or frame["type"] in ("subscription_confirmed", "unsubscription_confirmed"):
        return "answer"
    return "push" if "seq" in frame else "snapshot"


def is_placeholder(value: Json) -> bool:
    """Whether a recording has this in place of what differs from run to run."""
    return isinstance(value, str) and re.fullmatch(r"<\w+>", value) is not None


def type_of(value: Json) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
    return "object"

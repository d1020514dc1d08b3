"""An AsyncAPI document as a reader of it sees it: messages by endpoint, and whether frames are as described."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import jsonschema
import msgspec

from duelcast.endpoints.documents.asyncapi import asyncapi
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.kit import Endpoint
from tests.serving import Frame


class Document:
    """The document of `endpoints`, after a journey as JSON."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self.root: dict[str, Any] = json.loads(msgspec.json.encode(asyncapi(describe(endpoints))))
        self._closed = self.root["components"] | {"schemas": _without_growth(self.root["components"]["schemas"])}

    def resolve(self, reference: str) -> Any:
        """What a reference within the document leads to. Raises `KeyError` where it leads nowhere."""
        found: Any = self.root
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found

    def references(self) -> Iterator[str]:
        """Every reference in the document."""
        waiting: list[Any] = [self.root]
        while waiting:
            part = waiting.pop()
            if isinstance(part, dict):
                if isinstance(part.get("$ref"), str):
                    yield part["$ref"]
                waiting += part.values()
            elif isinstance(part, list):
                waiting += part

    def messages(self, endpoint: str) -> dict[str, dict[str, Any]]:
        """The messages of an endpoint by key."""
        listed = self.root["channels"][endpoint]["messages"]
        return {key: self.resolve(reference["$ref"]) for key, reference in listed.items()}

    def operation_messages(self, endpoint: str, action: str) -> set[str]:
        """The keys of the messages that are sent, or received, by the server."""
        keys = set()
        for operation in self.root["operations"].values():
            if operation["channel"]["$ref"] == f"#/channels/{endpoint}":
                answers = operation.get("reply", {}).get("messages", []) if action == "send" else []
                own = operation["messages"] if operation["action"] == action else []
                keys |= {reference["$ref"].rpartition("/")[2] for reference in [*own, *answers]}
        return keys

    def keys_of(self, endpoint: str, frame: Frame, *, growing: bool = False) -> list[str]:
        """The messages of `endpoint` that `frame` is; unless `growing`, with no member that the document lacks."""
        components = self.root["components"] if growing else self._closed
        return [
            key
            for key, message in self.messages(endpoint).items()
            if message["name"] == frame["type"]
            and jsonschema.Draft7Validator({**message["payload"], "components": components}).is_valid(frame)
        ]


def _without_growth(schemas: Any) -> Any:
    """`schemas` that refuse what they do not name: a reader ignores it, a test must not."""
    if isinstance(schemas, list):
        return [_without_growth(part) for part in schemas]
    if not isinstance(schemas, dict):
        return schemas
    closed = {name: _without_growth(part) for name, part in schemas.items()}
    if isinstance(schemas.get("properties"), dict) and schemas.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed

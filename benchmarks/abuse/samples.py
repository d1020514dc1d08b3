"""Values for a JSON schema: the smallest valid one, and a large one."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]

CANDIDATES = ("SOL", "scorer", "market", "2027-01-15T08:00:00.000Z", "https://example.org/", "1", "health_check")
"""Texts that may match the pattern of a schema; some of them name something on the measured server."""
KNOWN = {
    "contestId": 1,
    "contest_id": 1,
    "id": 1,
    "wallet": "trader-1",
    "serviceName": "scorer",
    "service": "scorer",
    "layer": "data",
    "key": "market.price_interval_ms",
    "category": "market",
    "metric": "connections",
    "channel": "market.SOL",
    "symbol": "SOL",
}
MAX_TEXT = 20_000


class Samples:
    """Makes values for the schemas of one document, in which it also looks up every `$ref`."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def least(self, schema: Schema) -> Any:
        """A value with only the required fields, and with the shortest lists and texts."""
        return self._make(schema, "", is_most=False, number=0)

    def most(self, schema: Schema) -> Any:
        """A value with all fields, except a few general ones. Its lists and texts are the longest that the schema
        allows, up to a limit, and the entries of a list differ."""
        return self._make(schema, "", is_most=True, number=0)

    def _make(self, schema: Schema, name: str, *, is_most: bool, number: int) -> Any:
        if "$ref" in schema:
            return self._make(self._resolve(schema["$ref"]), name, is_most=is_most, number=number)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][0]
        for choice in ("anyOf", "oneOf", "allOf"):
            if choice in schema:
                options = [one for one in schema[choice] if one.get("type") != "null"]
                return self._make(options[0], name, is_most=is_most, number=number)
        kind = schema.get("type")
        kind = next((one for one in kind if one != "null"), None) if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(schema, is_most=is_most, number=number)
        if kind == "array":
            return self._array(schema, name, is_most=is_most)
        if kind == "string":
            return _text(schema, name, is_most=is_most, number=number)
        if kind in ("integer", "number"):
            return KNOWN.get(name, min(schema.get("maximum", 100), 100) if is_most else schema.get("minimum", 1))
        return kind == "boolean" or 1

    def _resolve(self, reference: str) -> Schema:
        found: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        schema: Schema = found
        return schema

    def _object(self, schema: Schema, *, is_most: bool, number: int) -> dict[str, Any]:
        properties: Mapping[str, Schema] = schema.get("properties", {})
        names = properties if is_most else schema.get("required", ())
        return {
            name: self._make(properties[name], name, is_most=is_most, number=number)
            for name in names
            if name in properties and name not in ("timestamp", "expectedVersion", "requestId", "cursor")
        }

    def _array(self, schema: Schema, name: str, *, is_most: bool) -> list[Any]:
        count = min(schema.get("maxItems", 1_000), 1_000) if is_most else schema.get("minItems", 1)
        items = schema.get("items", {})
        return [self._make(items, name.removesuffix("s"), is_most=is_most, number=number) for number in range(count)]


def _text(schema: Schema, name: str, *, is_most: bool, number: int) -> str:
    if name in ("channel", "channels"):
        return f"market.COIN{number}" if number else "market.SOL"
    if name in KNOWN and number == 0:
        return str(KNOWN[name])
    pattern = schema.get("pattern")
    if pattern is None:
        size: int = min(schema.get("maxLength", MAX_TEXT), MAX_TEXT) if is_most else max(1, schema.get("minLength", 1))
        return ("a" * size)[: max(1, size - len(str(number)))] + (str(number) if number else "")
    numbered = [f"COIN{number}", f"coin{number}", str(number), str(uuid.UUID(int=number))]
    for candidate in (*CANDIDATES, *numbered) if number == 0 else (*numbered, *CANDIDATES):
        if re.search(pattern, candidate):
            return candidate
    return "a"

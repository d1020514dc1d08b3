"""Schemas in a few words, for tables that people read."""

from __future__ import annotations

import json
from collections.abc import Iterable

from duelcast.endpoints.documents.model import FieldDescription
from duelcast.endpoints.documents.schemas import Schema
from duelcast.wire.messages import MAX_SAFE_INTEGER


def field_list(fields: Iterable[FieldDescription]) -> str:
    """`fields` as text, one after the other; those that may be missing are marked with a question mark."""
    return "; ".join(f"`{field.name}`{'' if field.always else '?'}: {type_text(field.schema)}" for field in fields)


def type_text(schema: Schema) -> str:
    """What a value may be. A record is named, as a link to its heading."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return _alternatives(schema)
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " ".join(f"`{_choice(choice)}`" for choice in schema["enum"])
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list{_among(_range(schema, 'minItems', 'maxItems'))} of {type_text(schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_text(schema['additionalProperties'])}"
    return kind + _among(_limit(schema))


def _choice(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _alternatives(schema: Schema) -> str:
    """A default of null tells an optional field, whose question mark says it already."""
    optional = "default" in schema and schema["default"] is None
    parts = [part for part in schema["anyOf"] if not (optional and part == {"type": "null"})]
    return " or ".join(type_text(part) for part in parts)


def _limit(schema: Schema) -> str:
    """What a string or number must be: in words where the declaration has some, else its bounds."""
    if "description" in schema:
        return str(schema["description"]).rstrip(".")
    if "pattern" in schema:
        return f"`{schema['pattern']}`"
    length = _range(schema, "minLength", "maxLength")
    return f"{length} characters" if length else _range(schema, "minimum", "maximum")


def _range(schema: Schema, least: str, most: str) -> str:
    """`1–500`, `≥ 1` or `≤ 500`; the bounds that every integer has are none."""
    low, high = (schema.get(name) for name in (least, most))
    low = None if low == -MAX_SAFE_INTEGER else low
    high = None if high == MAX_SAFE_INTEGER else high
    if low is not None and high is not None:
        return f"{low}–{high}"
    if low is not None:
        return f"≥ {low}"
    return "" if high is None else f"≤ {high}"


def _among(text: str) -> str:
    return f" ({text})" if text else ""

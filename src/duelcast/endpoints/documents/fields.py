"""Short descriptions of schemas, for tables."""

from __future__ import annotations

import json
from collections.abc import Iterable

from duelcast.endpoints.documents.model import FieldDescription
from duelcast.endpoints.documents.schemas import Schema
from duelcast.wire.messages import MAX_SAFE_INTEGER


def field_list(fields: Iterable[FieldDescription]) -> str:
    """`fields` as a list in text; a question mark means that a field may be missing."""
    return "; ".join(f"`{field.name}`{'' if field.always else '?'}: {type_text(field.schema)}" for field in fields)


def type_text(schema: Schema) -> str:
    """The type of a value. A record is named, as a link to its heading."""
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
    """The alternatives of a union, without the null of an optional field, which its question mark already shows."""
    optional = "default" in schema and schema["default"] is None
    parts = [part for part in schema["anyOf"] if not (optional and part == {"type": "null"})]
    return " or ".join(type_text(part) for part in parts)


def _limit(schema: Schema) -> str:
    """The limits of a string or number: the description, if it has one, or else its bounds."""
    if "description" in schema:
        return str(schema["description"]).rstrip(".")
    if "pattern" in schema:
        return f"`{schema['pattern']}`"
    length = _range(schema, "minLength", "maxLength")
    return f"{length} characters" if length else _range(schema, "minimum", "maximum")


def _range(schema: Schema, least: str, most: str) -> str:
    """`1–500`, `≥ 1` or `≤ 500`; the bounds of every integer are left out."""
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

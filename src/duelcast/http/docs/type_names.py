"""A schema in one line: types, choices and limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from duelcast.http.docs.html import Html, el, html
from duelcast.http.docs.prose import codes
from duelcast.http.docs.resolving import Described, name_of, resolved

_GREATEST = 2**53 - 1
"""Every integer has this limit, so it is left out."""
_MAX_DEPTH = 8


def type_name(document: Described, schema: Any, depth: int = 0) -> Html:
    """The type of a value. Objects with fields of their own have their names."""
    if not isinstance(schema, dict) or depth > _MAX_DEPTH:
        return html("anything")
    if "$ref" in schema:
        target = resolved(document, schema)
        return html(name_of(schema)) if "properties" in target else type_name(document, target, depth + 1)
    parts = schema.get("allOf") or schema.get("anyOf") or schema.get("oneOf")
    if parts:
        return _either(document, schema, parts, depth)
    if "const" in schema:
        return el("code", json.dumps(schema["const"], ensure_ascii=False))
    if "enum" in schema:
        return codes(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    return _simple(document, schema, depth)


def _either(document: Described, schema: Described, parts: list[Any], depth: int) -> Html:
    # With a default of null, the field may be absent, and is not marked as required.
    shown = [part for part in parts if not ("default" in schema and schema["default"] is None and _is_null(part))]
    names = list(dict.fromkeys(type_name(document, _described(schema, part), depth + 1) for part in shown))
    return html((" or " if index else None, name) for index, name in enumerate(names))


def _described(schema: Described, part: Any) -> Any:
    """A part of a schema, which is described as a whole."""
    return (
        {"description": schema["description"], **part} if "description" in schema and isinstance(part, dict) else part
    )


def _is_null(part: Any) -> bool:
    return isinstance(part, dict) and part.get("type") == "null"


def _simple(document: Described, schema: Described, depth: int) -> Html:
    declared = schema.get("type", "anything")
    name = " or ".join(map(str, declared)) if isinstance(declared, list) else str(declared)
    limits = _limits(schema)
    if name == "array":
        return html("array", limits, " of ", type_name(document, schema.get("items"), depth + 1))
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        return html("object", limits, " of ", type_name(document, values, depth + 1))
    return html(name, limits)


def _limits(schema: Described) -> str:
    found = [limit for limit in _each_limit(schema) if limit]
    return f" ({', '.join(found)})" if found else ""


def _each_limit(schema: Described) -> Iterator[str]:
    get = schema.get
    yield _range(get("minItems", get("minProperties")), get("maxItems", get("maxProperties")), " members")
    yield _range(get("minLength"), get("maxLength"), " characters")
    yield _range(get("minimum"), get("maximum"), "")
    yield f"> {_number(get('exclusiveMinimum'))}" if "exclusiveMinimum" in schema else ""
    yield f"< {_number(get('exclusiveMaximum'))}" if "exclusiveMaximum" in schema else ""
    # A pattern is for programs, so it is left out if there is a description.
    yield f"matches {get('pattern')}" if "pattern" in schema and "description" not in schema else ""
    yield str(get("format", ""))


def _range(least: Any, most: Any, unit: str) -> str:
    low = None if least == -_GREATEST else least
    high = None if most == _GREATEST else most
    if low is None and high is None:
        return ""
    if low is None:
        return f"≤ {_number(high)}{unit}"
    return f"≥ {_number(low)}{unit}" if high is None else f"{_number(low)}–{_number(high)}{unit}"


def _number(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return f"{value:,}" if isinstance(value, int) else str(value)

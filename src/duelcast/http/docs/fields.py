"""The fields of a message, a record or a body, each with its type and its meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from duelcast.http.docs.html import Html, el, html
from duelcast.http.docs.prose import plain, prose
from duelcast.http.docs.resolving import Described, name_of, resolved
from duelcast.http.docs.type_names import type_name

_MAX_DEPTH = 6
"""The most records within one another that are shown."""
_PARTS = ("allOf", "anyOf", "oneOf")


def fields(document: Described, schema: Any, within: tuple[str, ...] = ()) -> Html:
    """All fields of a schema; its type if it has none. `within` are the records around it, not to be shown again."""
    target = resolved(document, schema)
    properties = target.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        records = list(_records(document, schema))
        inner = [_record(document, name, record, within) for name, record in records]
        return html(el("p", type_name(document, schema), class_="type"), inner)
    required = target.get("required", ())
    return el(
        "dl",
        (_field(document, name, field, name in required, within) for name, field in properties.items()),
        class_="fields",
    )


def field_names(document: Described, schema: Any) -> str:
    """The names and meanings of the fields, for the search."""
    properties = resolved(document, schema).get("properties", {})
    return " ".join(f"{name} {plain(meaning(document, field))}" for name, field in properties.items())


def meaning(document: Described, schema: Any, depth: int = 0) -> str:
    """The description of a schema, and of the values in it."""
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return ""
    target = resolved(document, schema)
    parts = [target.get("items"), target.get("additionalProperties"), *_alternatives(target)]
    inner = next(filter(None, (meaning(document, part, depth + 1) for part in parts)), "")
    # The description of a record says what the record is, and belongs to its fields.
    own = schema.get("description", "" if "properties" in target else target.get("description", ""))
    return " ".join(filter(None, [own, inner if inner not in own else ""]))


def _field(document: Described, name: str, field: Any, required: bool, within: tuple[str, ...]) -> Html:
    described = meaning(document, field)
    is_old = isinstance(field, Mapping) and field.get("deprecated") is True
    records = [_record(document, named, record, within) for named, record in _records(document, field)]
    term = html(
        el("code", name),
        " ",
        el("span", type_name(document, field), class_="type"),
        el("span", " required", class_="need") if required else None,
        el("span", " deprecated", class_="need") if is_old else None,
        _default(field),
    )
    return el("div", el("dt", term), el("dd", el("p", prose(described)) if described else None, records))


def _default(field: Any) -> Html | None:
    value = field.get("default") if isinstance(field, Mapping) else None
    if value is None or value == [] or value == {}:
        return None
    return html(" ", el("span", "default ", el("code", str(value).lower() if isinstance(value, bool) else str(value))))


def _record(document: Described, name: str, record: Described, within: tuple[str, ...]) -> Html | None:
    if name in within or len(within) >= _MAX_DEPTH:
        return None
    about = record.get("description", "")
    return el(
        "details",
        el("summary", "Fields of ", el("code", name)),
        el("p", prose(" ".join(about.split("\n")))) if about else None,
        fields(document, record, (*within, name)),
    )


def _records(document: Described, schema: Any, depth: int = 0) -> Iterator[tuple[str, Described]]:
    """The records that a value may be or contain, each with its name."""
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return
    target = resolved(document, schema)
    if target.get("properties"):
        yield name_of(schema) or str(target.get("title", "the object")), target
        return
    for part in (target.get("items"), target.get("additionalProperties"), *_alternatives(target)):
        yield from _records(document, part, depth + 1)


def _alternatives(schema: Described) -> list[Any]:
    return [part for kind in _PARTS for part in schema.get(kind, ())]

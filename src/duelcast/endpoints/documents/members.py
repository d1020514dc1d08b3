"""Finds records and their members in the JSON schemas of a document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

PARAMETER = re.compile(r"\{\w+\}")
"""A parameter in the name of a channel."""

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


def alternatives(schema: Schema) -> Iterator[Schema]:
    """The alternatives of a type, none of which is a union."""
    if "$ref" in schema:
        yield schema
        return
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            for part in schema[union]:
                yield from alternatives(part)
            return
    kinds = schema.get("type")
    if isinstance(kinds, list) and "enum" not in schema and "const" not in schema:
        yield from ({**schema, "type": kind} for kind in kinds)
    else:
        yield schema


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

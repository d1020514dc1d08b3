"""Reads the types that clients need from an OpenAPI document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from duelcast.endpoints.documents.members import (
    Field,
    Schema,
    Shape,
    fields_of,
    reachable,
    references,
    resolved,
    signature,
)

_API = "/api/"
"""The paths of the API begin with it; the others are pages and checks for operators."""
_REFUSAL = "Problem"
"""The record with which the server refuses a request."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the HTTP API. `name` is in camelCase, `method` in upper case, and `path` has the names of some
    `parameters` in braces. Without a `body` none is sent; `response` is None if the answer has no content."""

    name: str
    method: str
    path: str
    description: str
    parameters: Sequence[Field]
    body: Schema | None
    body_is_optional: bool
    response: Schema | None


@dataclass(frozen=True, slots=True)
class Operations:
    """All operations, and the records in them. `shared` are the names of further records in them,
    which messages have too."""

    operations: Sequence[Operation]
    records: Sequence[Shape]
    shared: frozenset[str]


def read_operations(document: Mapping[str, Any], known: Iterable[Shape]) -> Operations:
    """The operations of an OpenAPI document. `known` are the shapes of the messages.

    Raises `ValueError` if two operations have one name, or a record is called like a different message or record.
    """
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    operations = [
        _operation(method, path, described, schemas)
        for path, item in document["paths"].items()
        if path.startswith(_API)
        for method, described in item.items()
    ]
    repeated = [name for name, count in Counter(operation.name for operation in operations).items() if count > 1]
    if repeated:
        raise ValueError(f"several operations are called {', '.join(repeated)}")
    bodies = [operation.body for operation in operations if operation.body is not None]
    responses = [operation.response for operation in operations if operation.response is not None]
    asked = reachable(schemas, bodies)
    shapes = {shape.name: shape for shape in known}
    records = []
    for name in sorted({*asked, *reachable(schemas, responses), _REFUSAL}):
        record = _record(name, schemas, asked=name in asked)
        same = shapes.get(name)
        if same is None:
            records.append(record)
        elif (signature(same.fields), same.asked) != (signature(record.fields), record.asked):
            raise ValueError(f"the record {name} of the HTTP API differs from what messages call {name}")
    used = {
        *references([field.schema for record in records for field in record.fields]),
        *references(bodies + responses),
    }
    return Operations(
        operations=sorted(operations, key=lambda operation: operation.name),
        records=records,
        shared=frozenset(used & shapes.keys()),
    )


def _record(name: str, schemas: Mapping[str, Schema], *, asked: bool) -> Shape:
    """A record. If it comes from the server, it always has the members that have a default."""
    schema = schemas[name]
    fields = [
        Field(each.name, _resolved(each.schema, schemas), each.always or (not asked and "default" in each.schema))
        for each in fields_of([schema])
    ]
    return Shape(name, schema.get("description", ""), fields, asked)


def _operation(method: str, path: str, described: Mapping[str, Any], schemas: Mapping[str, Schema]) -> Operation:
    request = described.get("requestBody", {})
    body, permits_null = _without_null(_content(request))
    success = next(answer for status, answer in described["responses"].items() if status.startswith("2"))
    return Operation(
        name=described["operationId"],
        method=method.upper(),
        path=path,
        description="\n\n".join(filter(None, [_sentence(described["summary"]), described.get("description")])),
        parameters=[_parameter(parameter) for parameter in described.get("parameters", ())],
        body=_resolved(body, schemas),
        body_is_optional=permits_null or not request.get("required", False),
        response=_resolved(_content(success), schemas),
    )


def _resolved(schema: Schema | None, schemas: Mapping[str, Schema]) -> Any:
    return resolved(schema, schemas, {name: name for name in schemas})


def _content(described: Mapping[str, Any]) -> Schema | None:
    """The schema of a JSON body."""
    schema: Schema | None = described.get("content", {}).get("application/json", {}).get("schema")
    return schema


def _parameter(parameter: Mapping[str, Any]) -> Field:
    schema, _ = _without_null(parameter["schema"])
    return Field(
        parameter["name"], {**(schema or {}), "description": parameter.get("description", "")}, parameter["required"]
    )


def _without_null(schema: Schema | None) -> tuple[Schema | None, bool]:
    """`schema` without null, which in a body or parameter stands for none, and whether it permitted null."""
    if schema is None:
        return None, False
    for union in ("oneOf", "anyOf"):
        if {"type": "null"} in schema.get(union, ()):
            return {**schema, union: [part for part in schema[union] if part != {"type": "null"}]}, True
    if isinstance(schema.get("type"), list) and "null" in schema["type"]:
        choices = {"enum": [choice for choice in schema["enum"] if choice is not None]} if "enum" in schema else {}
        return {**schema, "type": [kind for kind in schema["type"] if kind != "null"]} | choices, True
    return schema, False


def _sentence(summary: str) -> str:
    return summary if summary.endswith(".") else f"{summary}."

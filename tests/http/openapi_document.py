"""How tests read an OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Described = dict[str, Any]

SMALL_SENTENCE = re.compile(r'"description": "(?:[a-z]|[^"]*[.] [a-z])[^"]*"')
"""A description in JSON with a sentence that begins with a small letter."""


def operations(openapi: Described) -> Iterator[tuple[str, Described]]:
    """The operations of the document, each with its method and path."""
    for path, item in openapi["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


def json_bodies(operation: Described) -> Iterator[tuple[str, Described]]:
    """The media types of the JSON bodies of `operation`, each with the status of its response or `request`."""
    described = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for name, body in described.items():
        for media_type, content in body.get("content", {}).items():
            if media_type.endswith("json"):
                yield name, content


def example_of(operation: Described, name: str) -> Any:
    """The example of the JSON body `name`, see `json_bodies`."""
    (example,) = dict(json_bodies(operation))[name]["examples"].values()
    return example["value"]


def fields_in(openapi: Described) -> Iterator[tuple[str, str, Described]]:
    """Each field of each named schema: the name of the schema, that of the field, and the field's schema."""
    for name, schema in openapi["components"]["schemas"].items():
        for field, described in schema.get("properties", {}).items():
            yield name, field, described


def is_of_any_form(schema: Described) -> bool:
    """Whether the schema, or an alternative in it, accepts any JSON or any object."""
    if schema.keys() & {"$ref", "enum", "const"}:
        return False
    if "anyOf" in schema:
        return any(map(is_of_any_form, schema["anyOf"]))
    if schema.get("type") == "object":
        return not isinstance(schema.get("additionalProperties"), dict)
    return "type" not in schema

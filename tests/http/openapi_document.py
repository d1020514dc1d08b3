"""How tests read an OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Described = dict[str, Any]


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

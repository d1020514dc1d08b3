"""References within a document (RFC 6901)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

Described = Mapping[str, Any]
"""A document, or an object in one."""

_MAX_STEPS = 20


def resolved(document: Described, node: Any) -> Described:
    """The object for which `node` stands. It is empty if a reference leads nowhere, or in a circle."""
    for _ in range(_MAX_STEPS):
        if not isinstance(node, Mapping):
            return {}
        if "$ref" not in node:
            return node
        node = _found(document, str(node["$ref"]))
    return {}


def name_of(reference: Described) -> str:
    """The last part of a reference; empty if it is none."""
    return _parts(str(reference.get("$ref", "")))[-1]


def _found(document: Described, reference: str) -> Any:
    node: Any = document
    for part in _parts(reference.removeprefix("#/")):
        node = node.get(part) if isinstance(node, Mapping) else None
    return node


def _parts(reference: str) -> list[str]:
    return [unquote(part).replace("~1", "/").replace("~0", "~") for part in reference.split("/")]

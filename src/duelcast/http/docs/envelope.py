"""The fields that messages have in common, which readers need to see once, not with each message."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from duelcast.http.docs.resolving import Described, resolved

_COMMON = 20
"""A field is common if at least so many messages have it in the same form."""


def common_fields(asyncapi: Described) -> frozenset[tuple[str, str]]:
    """The common fields of the messages in the document, see `properties_of`."""
    found: Counter[tuple[str, str]] = Counter()
    for message in asyncapi.get("components", {}).get("messages", {}).values():
        found.update(properties_of(asyncapi, resolved(asyncapi, message).get("payload")).keys())
    return frozenset(field for field, count in found.items() if count >= _COMMON)


def properties_of(document: Described, schema: Any) -> Mapping[tuple[str, str], Any]:
    """The fields of an object, by their names and forms. The form of a field whose value is fixed is that alone,
    because the `type` of each message differs."""
    properties = resolved(document, schema).get("properties", {})
    return {(name, _form_of(field)): field for name, field in properties.items()}


def _form_of(field: Any) -> str:
    return "const" if isinstance(field, Mapping) and "const" in field else json.dumps(field, sort_keys=True)

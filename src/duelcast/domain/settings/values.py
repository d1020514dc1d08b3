"""Values of settings, and their bounds."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from duelcast.domain.settings.errors import ValidationFailed
from duelcast.store.settings import ValueType

MAX_VALUE_BYTES = 64 * 1024
MAX_VALUE_DEPTH = 24
"""Answers nest a value deeper than the request did, and must keep to the 32 levels of a message."""
MAX_AUDITED_BYTES = 4 * 1024


def value_type_of(value: Any) -> ValueType:
    """The type of a JSON value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "json"


def check_value(value: Any) -> None:
    """Raises `ValidationFailed` for a value that is too big or too deep."""
    if _depth(value) > MAX_VALUE_DEPTH:
        raise ValidationFailed(f"Nest a value at most {MAX_VALUE_DEPTH} levels deep.", field="value")
    if len(msgspec.json.encode(value)) > MAX_VALUE_BYTES:
        raise ValidationFailed(f"A value takes at most {MAX_VALUE_BYTES} bytes as JSON.", field="value")


def audited(value: Any, *, secret: bool) -> Any:
    """The audit details of a value."""
    if secret:
        return "[secret]"
    size = len(msgspec.json.encode(value))
    return value if size <= MAX_AUDITED_BYTES else f"[{size} bytes]"


def stored_characters(value: Any) -> int:
    """The size of a value in the store."""
    return len(json.dumps(value))


def _depth(value: Any) -> int:
    """Levels of objects and arrays; values come from messages, which are not deep enough to exhaust the stack."""
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0

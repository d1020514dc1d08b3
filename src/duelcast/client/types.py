"""Turns JSON into the generated types. JSON that does not fit them is ignored, like everything unknown."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec

from .core.frames import DecodeFailed, Frame
from .generated import (
    analytics,
    circuit_breaker,
    contest,
    market_data,
    monitor,
    notifications,
    skyduel,
    system_settings,
    token_data,
)
from .messages import Message

T = TypeVar("T")

MESSAGES: Mapping[str, Mapping[str, type[Message]]] = {
    "analytics": analytics.MESSAGES,
    "circuit-breaker": circuit_breaker.MESSAGES,
    "contest": contest.MESSAGES,
    "market-data": market_data.MESSAGES,
    "monitor": monitor.MESSAGES,
    "notifications": notifications.MESSAGES,
    "skyduel": skyduel.MESSAGES,
    "system-settings": system_settings.MESSAGES,
    "token-data": token_data.MESSAGES,
}
"""The messages of each endpoint, by `type`."""

_logger = logging.getLogger("duelcast.client")


def message_of(endpoint: str, frame: Frame) -> Message | None:
    """The typed message of a frame; None if its type is unknown, or its shape is not that of the type."""
    kind = MESSAGES[endpoint].get(frame.head.type)
    if kind is None:
        return None
    try:
        return _decoder(kind).decode(frame.text)
    except DecodeFailed:
        _logger.debug("a message of type %s has another shape than expected", frame.head.type)
        return None


def record_of(data: Mapping[str, Any] | None, kind: type[T]) -> T | None:
    """`data` as a record; None if it has another shape, or is absent itself."""
    if data is None:
        return None
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError:
        _logger.debug("a %s has another shape than expected", kind.__name__)
        return None


@cache
def _decoder(kind: type[Message]) -> msgspec.json.Decoder[Message]:
    return msgspec.json.Decoder(kind)

"""Turns events that clients send into events to store."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
from msgspec import Struct

from duelcast.domain.analytics.events import EventName
from duelcast.errors import InvalidRequest
from duelcast.store.analytics import NewEvent
from duelcast.wire.messages import UuidText
from duelcast.wire.timestamps import parse_time

MAX_DATA_BYTES = 16 * 1024
MAX_AGE_S = 24 * 3600.0
MAX_AHEAD_S = 5 * 60.0


class GivenEvent(Struct, forbid_unknown_fields=True):
    """An event to track."""

    event: EventName
    """The name of the event."""
    data: dict[str, Any] | None = None
    """Facts about the event, at most 16 KiB of JSON."""
    eventId: UuidText | None = None
    """The id of the event; each is stored only once per wallet. Without it, the server makes one."""
    occurredAt: str | None = None
    """When the event happened: ISO-8601 with an offset, at most 24 h ago and at most 5 min ahead; for clients that were
    offline."""


def new_event(given: GivenEvent, wallet: str, now_s: float, path: str = "") -> NewEvent:
    """The event to store for `given`, which is at `path` in the message (such as `events[3].`) and was received at
    `now_s` (epoch seconds).

    Raises `InvalidRequest`.
    """
    data = None
    if given.data is not None:
        encoded = msgspec.json.encode(given.data)
        if len(encoded) > MAX_DATA_BYTES:
            raise InvalidRequest("`data` must be at most 16 KiB of JSON.", field=f"{path}data")
        data = encoded.decode()
    return NewEvent(
        wallet=wallet,
        event_id=uuid.uuid4().bytes if given.eventId is None else bytes.fromhex(given.eventId.replace("-", "")),
        event=given.event,
        data=data,
        occurred_ms=None if given.occurredAt is None else _occurred_ms(given.occurredAt, now_s, f"{path}occurredAt"),
        received_ms=int(now_s * 1000),
    )


def event_id_text(event: NewEvent) -> str:
    """The id as it is on the wire: a UUID in lower case."""
    digits = event.event_id.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _occurred_ms(text: str, now_s: float, field: str) -> int:
    try:
        at_s = parse_time(text)
    except ValueError:
        raise InvalidRequest("`occurredAt` must be an ISO-8601 time with an offset.", field=field) from None
    if not now_s - MAX_AGE_S <= at_s <= now_s + MAX_AHEAD_S:
        raise InvalidRequest("`occurredAt` must be at most 24 h in the past and 5 min in the future.", field=field)
    return int(at_s * 1000)

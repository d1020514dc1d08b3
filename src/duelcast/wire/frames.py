"""Bytes of messages and of frames (RFC 6455, 5.2).

A message is encoded once, without its addressing: `channel`, `seq` and `requestId` are appended to the bytes. Server
frames are not masked, so all clients share the same bytes.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

import msgspec

from duelcast.errors import AppError
from duelcast.wire.messages import Event
from duelcast.wire.timestamps import format_time

_encode = msgspec.json.Encoder(decimal_format="string").encode


def encode_value(value: Any) -> bytes:
    """The JSON of any value that msgspec can encode."""
    return _encode(value)


def encode_body(event: Event, now_s: float) -> bytes:
    """The JSON object of `event` with its `timestamp`, but without addressing.

    `now_s` is in epoch seconds.
    """
    encoded = _encode(event)
    if event.has_own_timestamp:
        return encoded
    return b"".join((encoded[:-1], b',"timestamp":', _encode(format_time(now_s)), b"}"))


def reply_body(event: Event, now_s: float, request_id: str | None) -> bytes:
    """The body of a reply, without `channel`, and with the `requestId` if one was sent."""
    if request_id is None:
        return encode_body(event, now_s)
    encoded = _encode(event)
    if event.has_own_timestamp:
        return b"".join((encoded[:-1], b',"requestId":', _encode(request_id), b"}"))
    time = _encode(format_time(now_s))
    return b"".join((encoded[:-1], b',"timestamp":', time, b',"requestId":', _encode(request_id), b"}"))


def error_body(error: AppError, error_type: str, now_s: float, request_id: str | None) -> bytes:
    """The body of an error (protocol §1.4); `error_type` is `error` or, on market-data, `ERROR`."""
    answer = {"type": error_type, "code": error.code, "message": error.message, **error.extra}
    if error.field is not None:
        answer["field"] = error.field
    if error.retry_after_ms is not None:
        answer["retryAfterMs"] = error.retry_after_ms
    if request_id is not None:
        answer["requestId"] = request_id
    answer["timestamp"] = format_time(now_s)
    return _encode(answer)


def with_request_id(body: bytes, request_id: str) -> bytes:
    """`body` with a `requestId`."""
    return b'%b,"requestId":%b}' % (body[:-1], _encode(request_id))


def channel_suffix(channel: str) -> bytes:
    """The bytes that `push_body` appends before the `seq`; they are made once per channel."""
    return b',"channel":%b' % _encode(channel)


def push_body(body: bytes, suffix: bytes, seq: int | None) -> bytes:
    """The body of a push: `body` with `channel` and, unless it is None, `seq`."""
    if seq is None:
        return b"%b%b}" % (body[:-1], suffix)
    return b'%b%b,"seq":%d}' % (body[:-1], suffix, seq)


_SHORT_HEADS = [bytes((0x81, size)) for size in range(126)]
_medium_head = Struct("!BBH").pack
_long_head = Struct("!BBQ").pack


def text_frame(payload: bytes) -> bytes:
    """One unmasked, final text frame (RFC 6455, 5.2: FIN, opcode 1; length in 7, 7+16 or 7+64 bits)."""
    size = len(payload)
    return _SHORT_HEADS[size] + payload if size < 126 else _long_frame(0x81, payload)


def _long_frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 65536:
        return _medium_head(first, 126, size) + payload
    return _long_head(first, 127, size) + payload


def reply_frame(event: Event, now_s: float, request_id: str | None) -> bytes:
    """The frame of `reply_body`."""
    return text_frame(reply_body(event, now_s, request_id))


def compressed_frame(payload: bytes) -> bytes:
    """One unmasked, final text frame whose message is compressed (RFC 7692, 6: RSV1 is set)."""
    size = len(payload)
    return bytes((0xC1, size)) + payload if size < 126 else _long_frame(0xC1, payload)


def payload_of(frame: bytes) -> memoryview:
    """The payload of a frame that `text_frame` has made."""
    size = frame[1]
    return memoryview(frame)[2 if size < 126 else 4 if size == 126 else 10 :]

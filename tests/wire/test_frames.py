"""Bytes of messages and frames (RFC 6455, 5.2)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame
from websockets.streams import StreamReader

from duelcast.errors import InvalidRequest, RateLimitExceeded
from duelcast.wire import frames
from duelcast.wire.messages import Event

NOW_S = 1_800_000_000.0
STAMP = b'"timestamp":"2027-01-15T08:00:00.000Z"'


class Price(Event, tag="price"):
    """A message with a field."""

    price: float | None


class Pong(Event, tag="pong"):
    """A message that answers with a time of its own."""

    has_own_timestamp = True
    timestamp: str


def test_a_body_carries_type_fields_and_time() -> None:
    assert frames.encode_body(Price(price=1.5), NOW_S) == b'{"type":"price","price":1.5,%b}' % STAMP


def test_an_unknown_value_is_null() -> None:
    assert frames.encode_body(Price(price=None), NOW_S) == b'{"type":"price","price":null,%b}' % STAMP


def test_an_event_with_a_time_of_its_own_keeps_it() -> None:
    assert frames.encode_body(Pong(timestamp="mine"), NOW_S) == b'{"type":"pong","timestamp":"mine"}'


def test_a_reply_carries_the_request_id_where_one_was_sent() -> None:
    body = b'{"type":"price","price":1.0,%b' % STAMP
    assert frames.reply_body(Price(price=1.0), NOW_S, None) == body + b"}"
    assert frames.reply_body(Price(price=1.0), NOW_S, "7") == body + b',"requestId":"7"}'


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=64))
def test_a_request_id_comes_back_as_it_was_sent(request_id: str) -> None:
    assert json.loads(frames.with_request_id(b'{"type":"x"}', request_id))["requestId"] == request_id


def test_a_push_carries_its_channel_and_number() -> None:
    suffix = frames.channel_suffix("market.SOL")
    assert frames.push_body(b'{"type":"x"}', suffix, 7) == b'{"type":"x","channel":"market.SOL","seq":7}'


def test_a_snapshot_frame_may_have_no_number() -> None:
    assert frames.push_body(b'{"type":"x"}', frames.channel_suffix("a"), None) == b'{"type":"x","channel":"a"}'


def test_a_decimal_is_a_string() -> None:
    assert frames.encode_value({"fee": Decimal("0.050")}) == b'{"fee":"0.050"}'


def test_an_error_says_what_it_knows() -> None:
    error = InvalidRequest("`limit` must be an integer.", field="limit")
    assert json.loads(frames.error_body(error, "error", NOW_S, "7")) == {
        "type": "error",
        "code": "INVALID_REQUEST",
        "message": "`limit` must be an integer.",
        "field": "limit",
        "requestId": "7",
        "timestamp": "2027-01-15T08:00:00.000Z",
    }


def test_an_error_leaves_out_what_it_does_not_know() -> None:
    error = RateLimitExceeded("Wait.", retry_after_ms=50, scope="ip")
    assert json.loads(frames.error_body(error, "ERROR", NOW_S, None)) == {
        "type": "ERROR",
        "code": "RATE_LIMIT_EXCEEDED",
        "message": "Wait.",
        "scope": "ip",
        "retryAfterMs": 50,
        "timestamp": "2027-01-15T08:00:00.000Z",
    }


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
def test_a_frame_is_one_final_unmasked_text_frame_of_any_size(size: int) -> None:
    payload = b"x" * size
    reader = StreamReader()
    reader.feed_data(frames.text_frame(payload))
    reader.feed_eof()
    parser = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as parsed:
        next(parser)
    frame = parsed.value.value
    assert (frame.fin, frame.rsv1, frame.opcode, bytes(frame.data)) == (True, False, 1, payload)
    assert list(reader.read_to_eof(1)) == []


@pytest.mark.parametrize(("size", "header_bytes"), [(125, 2), (126, 4), (65535, 4), (65536, 10)])
def test_the_length_takes_the_least_bytes(size: int, header_bytes: int) -> None:
    assert len(frames.text_frame(b"x" * size)) == header_bytes + size

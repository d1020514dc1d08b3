from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from duelcast.errors import AppError, InvalidMessage, InvalidRequest
from duelcast.http.bodies import decode_body


class Row(Struct, forbid_unknown_fields=True):
    name: str
    size: float
    at: datetime | None = None


def test_what_is_right_is_read() -> None:
    rows = decode_body(
        b'[{"name":"a","size":1.5,"at":"2027-01-15T08:00:00Z"},{"name":"b","size":2,"at":null}]', list[Row]
    )
    assert rows == [Row("a", 1.5, datetime(2027, 1, 15, 8, tzinfo=UTC)), Row("b", 2.0)]


def test_of_equal_keys_the_last_counts() -> None:
    assert decode_body(b'{"name":"a","size":1,"size":2}', Row) == Row("a", 2.0)


def test_private_fields_are_ignored_in_objects_and_rows() -> None:
    assert decode_body(b'{"name":"a","size":1,"_x":{"y":[1]}}', Row) == Row("a", 1.0)
    assert decode_body(b'[{"name":"a","size":1,"_x":1}]', list[Row]) == [Row("a", 1.0)]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"name":"a","size":"1"}', "size"),
        (b'{"name":"a","size":9007199254740993}', "size"),
        (b'{"name":"a","size":1e999}', "size"),
        (b'{"name":"\\u0000","size":1}', "name"),
        (b'{"name":"\\ud800","size":1}', "name"),
        (b'{"name":"a"}', "size"),
        (b'{"name":"a","size":1,"sizes":1}', "sizes"),
    ],
)
def test_a_field_that_is_not_right_is_named(body: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_body(body, Row)
    assert caught.value.field == field


def test_a_long_fraction_is_not_a_big_integer() -> None:
    assert decode_body(b'{"name":"a","size":0.12345678901234567890}', Row) == Row("a", 0.12345678901234568)


@pytest.mark.parametrize("number", ["9007199254740993", "-9007199254740993", "1000000000000000000000000"])
def test_an_integer_of_more_than_53_bits_is_refused_in_every_place(number: str) -> None:
    for body in (
        f'{{"name":"a","size":{number}}}',
        f'{{"size":{number},"name":"a"}}',
        f'{{"name":"a","size": {number} }}',
    ):
        with pytest.raises(InvalidRequest):
            decode_body(body.encode(), Row)


@pytest.mark.parametrize("body", [b"", b"{", b'{"name":"a","size":NaN}', b"\xff\xfe"])
def test_what_is_not_json_is_an_invalid_message(body: bytes) -> None:
    with pytest.raises(InvalidMessage):
        decode_body(body, Row)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        rows = decode_body(body, list[Row])
    except AppError:
        return
    assert all(isinstance(row, Row) for row in rows)


@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.floats(-1e15, 1e15))
    )
)
def test_what_a_client_writes_is_what_is_read(rows: list[tuple[str, float]]) -> None:
    body = json.dumps([{"name": name, "size": size} for name, size in rows]).encode()
    assert decode_body(body, list[Row]) == [Row(name, size) for name, size in rows]

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from duelcast.errors import AppError, InvalidMessage, InvalidRequest
from duelcast.http.bodies import ROWS_PER_TURN, decode_body, decode_rows


class Row(Struct, forbid_unknown_fields=True):
    name: str
    size: float
    at: datetime | None = None


async def test_what_is_right_is_read() -> None:
    rows = await decode_rows(
        b'[{"name":"a","size":1.5,"at":"2027-01-15T08:00:00Z"},{"name":"b","size":2,"at":null}]', Row
    )
    assert rows == [Row("a", 1.5, datetime(2027, 1, 15, 8, tzinfo=UTC)), Row("b", 2.0)]


def test_of_equal_keys_the_last_counts() -> None:
    assert decode_body(b'{"name":"a","size":1,"size":2}', Row) == Row("a", 2.0)


MINE = ["1", '{"y":[1]}', "9007199254740993", '"\\u0000"', "[" * 40 + "]" * 40]


@pytest.mark.parametrize("mine", MINE)
async def test_private_fields_are_not_looked_at_in_objects_and_rows(mine: str) -> None:
    body = f'{{"name":"a","size":1,"_x":{mine}}}'.encode()
    assert decode_body(body, Row) == Row("a", 1.0)
    assert await decode_rows(b"[" + body + b"]", Row) == [Row("a", 1.0)]


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
async def test_a_field_that_is_not_right_is_named(body: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        decode_body(body, Row)
    assert caught.value.field == field
    with pytest.raises(InvalidRequest) as caught:
        await decode_rows(b'[{"name":"a","size":1},' + body + b"]", Row)
    assert caught.value.field == f"[1].{field}"
    assert f"`[1].{field}`" in caught.value.message


@pytest.mark.parametrize("row", [b"1", b"null", b"[]", b'"x"'])
async def test_a_row_that_is_none_is_named(row: bytes) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await decode_rows(b'[{"name":"a","size":1},' + row + b"]", Row)
    assert caught.value.field == "[1]"


@pytest.mark.parametrize("body", [b"{}", b"1", b"null"])
async def test_rows_come_in_a_list(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        await decode_rows(body, Row)


async def test_ten_thousand_rows_are_read_and_no_more() -> None:
    rows = [{"name": '{"', "size": 1} for _ in range(10_000)]
    assert len(await decode_rows(json.dumps(rows).encode(), Row)) == 10_000
    with pytest.raises(InvalidMessage, match="10,000 rows"):
        await decode_rows(json.dumps([*rows, rows[0]]).encode(), Row)


async def test_others_have_their_turn_while_many_rows_are_read() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    await decode_rows(json.dumps([{"name": "a", "size": 1}] * 10_000).encode(), Row)
    beside.cancel()
    assert turns >= 10_000 // ROWS_PER_TURN - 1


def test_a_body_has_at_most_ten_thousand_values_or_what_its_route_says() -> None:
    class Bag(Struct, forbid_unknown_fields=True):
        anything: Any

    def body(values: int) -> bytes:
        return json.dumps({"anything": [0] * (values - 2)}).encode()

    assert decode_body(body(10_000), Bag) == Bag([0] * 9_998)
    assert decode_body(body(20_000), Bag, 20_000) == Bag([0] * 19_998)
    for values, most in ((10_001, 10_000), (20_001, 20_000)):
        with pytest.raises(InvalidMessage, match=f"{most:,} values"):
            decode_body(body(values), Bag, most)


def test_many_values_are_refused_also_where_they_are_private_or_in_vain() -> None:
    for body in (b'{"name":"a","size":1,"_x":[' + b"{}," * 10_000 + b"{}]}", b"[" + b"{}," * 10_000 + b"{}]"):
        with pytest.raises(InvalidMessage, match="10,000 values"):
            decode_body(body, Row)


def test_a_long_fraction_is_not_a_big_integer() -> None:
    assert decode_body(b'{"name":"a","size":0.12345678901234567890}', Row) == Row("a", 0.12345678901234568)


@given(st.text("0123456789-:, x.", max_size=40), st.floats(-1e15, 1e15))
def test_texts_may_look_like_numbers(name: str, size: float) -> None:
    assert decode_body(json.dumps({"name": name, "size": size}).encode(), Row) == Row(name, size)


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
async def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        rows = await decode_rows(body, Row)
    except AppError:
        return
    assert all(isinstance(row, Row) for row in rows)


@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), st.floats(-1e15, 1e15))
    )
)
async def test_what_a_client_writes_is_what_is_read(rows: list[tuple[str, float]]) -> None:
    body = json.dumps([{"name": name, "size": size} for name, size in rows]).encode()
    assert await decode_rows(body, Row) == [Row(name, size) for name, size in rows]

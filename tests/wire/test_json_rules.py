"""JSON as the contract has it (protocol §1.1)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.errors import AppError, InvalidMessage, InvalidRequest
from duelcast.wire.json_rules import (
    MAX_DEPTH,
    MAX_VALUES,
    check_values,
    demand_few_values,
    field_path,
    has_more_values,
    is_shallow_and_small,
    parse_object,
    printable,
    read_json,
)

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


def nested(levels: int) -> dict[str, Any]:
    value: Any = []
    for _ in range(levels - 2):
        value = [value]
    return {"a": value}


@given(st.dictionaries(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5), values, max_size=3))
def test_every_object_within_the_rules_is_read_as_it_is(message: dict[str, Any]) -> None:
    parsed = parse_object(json.dumps(message).encode())
    check_values(parsed)
    assert parsed == message


bracketed = st.text(alphabet='[]{}"\\1', max_size=8)
structures = st.recursive(
    bracketed | st.sampled_from([0, 2**53 - 1, 2**53, -(2**53), 10**25, 0.1234567890123456789]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(bracketed, inner, max_size=3),
    max_leaves=6,
)


@given(structures, st.integers(1, MAX_DEPTH + 2))
def test_what_is_found_shallow_and_small_is_within_the_rules(value: object, levels: int) -> None:
    for _ in range(levels):
        value = {"a": value}
    assert isinstance(value, dict)
    if is_shallow_and_small(json.dumps(value).encode()):
        check_values(value)


@pytest.mark.parametrize(
    "value",
    [
        {"a": 10**15 - 1, "b": -(10**15 - 1), "c": 0.1234567890123456789, "d": 1e300, "e": "9007199254740992"},
        {"a": "[" * 100 + '"\\' + "{" * 100},
        {"a": [[{}, [1]]] * 100},
        nested(MAX_DEPTH),
    ],
)
def test_small_numbers_wide_objects_and_what_stands_in_strings_is_found_shallow_and_small(value: object) -> None:
    assert is_shallow_and_small(json.dumps(value).encode())


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":9007199254740992}',
        b'{"a":[-9007199254740992]}',
        b'{"a":123456789012345678901234567890}',
        json.dumps(nested(MAX_DEPTH + 1)).encode(),
        # The brackets in the strings would close each other and the real ones.
        b'{"a":' + b"[" * 40 + b'"' + b"]" * 40 + b'","' + b"[" * 40 + b'"' + b"]" * 40 + b"}",
        b'{"a\\\\":9007199254740992,"b\\"":1}',
    ],
)
def test_what_may_be_too_deep_or_too_large_is_not(data: bytes) -> None:
    assert not is_shallow_and_small(data)


def test_of_equal_keys_the_last_counts() -> None:
    assert parse_object(b'{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"{",
        b'{"a":1}x',
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":"\n"}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b'\xef\xbb\xbf{"a":1}',
        b"[1]",
        b'"a"',
        b"1",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_not_a_json_object_is_an_invalid_message(data: bytes) -> None:
    with pytest.raises(InvalidMessage):
        parse_object(data)


def test_32_levels_pass_and_33_do_not() -> None:
    check_values(nested(32))
    with pytest.raises(InvalidMessage, match="32 levels"):
        check_values(nested(33))
    check_values(nested(30), level=3)
    with pytest.raises(InvalidMessage, match="32 levels"):
        check_values(nested(31), level=3)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b'{"a":1e400}', "a"),
        (b'{"a":[0,-1e400]}', "a[1]"),
        (b'{"a":9007199254740992}', "a"),
        (b'{"a":-9007199254740992}', "a"),
        (b'{"a":{"b":[{"c":100000000000000000000}]}}', "a.b[0].c"),
        (b'{"a":"x\\u0000"}', "a"),
        (b'{"a":"\\ud800"}', "a"),
        (b'{"a":"\\udc00\\ud800"}', "a"),
        (b'{"a":{"b\\u0000":1}}', "a.b\ufffd"),
        (b'{"\\ud800":1}', "\ufffd"),
    ],
)
def test_a_value_outside_the_rules_is_named_by_its_path(data: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_values(parse_object(data))
    assert refused.value.field == field
    assert f"`{field}`" in refused.value.message


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":9007199254740991}',
        b'{"a":-9007199254740991}',
        b'{"a":1e308}',
        b'{"a":"\\ud83d\\ude00"}',
        b'{"a":"\\\\u0000"}',
    ],
)
def test_a_value_at_the_edge_of_the_rules_passes(data: bytes) -> None:
    check_values(parse_object(data))


def test_an_answer_never_repeats_a_name_at_length_or_unprintable() -> None:
    assert printable("x" * 100) == "x" * 64
    assert printable("a\n`\x1b\u202eb") == "a\ufffd\ufffd\ufffd\ufffdb"


def test_a_path_is_written_as_javascript_would() -> None:
    assert field_path((((None, "a"), 3), "b")) == "a[3].b"


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u0d8e1- ', max_size=60).map(str.encode))
def test_whatever_comes_only_errors_of_the_contract_come_out(data: bytes) -> None:
    try:
        check_values(parse_object(data))
    except AppError as refusal:
        assert isinstance(refusal, InvalidMessage | InvalidRequest)  # noqa: PT017  # no error is as good as one of these


# ── how many values ─────────────────────────────────────────────────────────────────────────────────────────────────

awkward_texts = st.text(st.sampled_from('ab ,[]{}:"\\'), max_size=6)
awkward_values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 99) | awkward_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(awkward_texts, inner, max_size=4),
    max_leaves=30,
)


def count(value: Any) -> int:
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count, held))


@given(awkward_values, st.sampled_from([None, 0, 3]))
def test_values_are_counted_as_they_are_written(value: Any, indent: int | None) -> None:
    data, values_in_it = json.dumps(value, indent=indent).encode(), count(value)
    assert has_more_values(data, values_in_it - 1)
    assert not has_more_values(data, values_in_it)


@pytest.mark.parametrize("value", [{}, [], "", ",", 1, {"a": 1}])
def test_ten_thousand_values_are_few_enough_and_no_more(value: Any) -> None:
    rows = [value] * ((MAX_VALUES - 2) // count(value))
    message = {"rows": rows + [0] * (MAX_VALUES - 2 - len(rows) * count(value))}
    demand_few_values(json.dumps(message).encode())
    message["rows"].append(0)
    with pytest.raises(InvalidMessage, match="10,000 values"):
        demand_few_values(json.dumps(message).encode())


def test_a_text_may_have_as_many_commas_and_brackets_as_it_likes() -> None:
    demand_few_values(json.dumps({"text": ',[{"' * MAX_VALUES}).encode())


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_nested_too_deep_to_be_read_is_no_json(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\A\Z"):
        read_json(data)

"""Why a message was refused, in sentences of ours."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from duelcast.errors import InvalidRequest
from duelcast.wire.messages import Command, Record, Symbol
from duelcast.wire.refusals import invalid_request, nearest


class Colour(enum.Enum):
    """A choice by enumeration."""

    RED = "red"


class Row(Record):
    """A part of a message."""

    name: str
    size: Annotated[int, Meta(gt=0, lt=10)] = 1


class Everything(Command, tag="everything"):
    """A message with a field of each sort."""

    text: Annotated[str, Meta(min_length=1, max_length=3)] = "x"
    symbols: Annotated[list[Symbol], Meta(min_length=1, max_length=2)] | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] | None = None
    ratio: float | int = 0
    flag: bool = False
    status: Literal["open", "closed"] | None = None
    colour: Colour | None = None
    rows: list[Row] | None = None
    by_name: dict[str, Row] | None = None
    id: int | Annotated[str, Meta(pattern="^[1-9]$")] | None = None
    event_id: UUID | None = None


def refusal(fields: dict[str, Any]) -> InvalidRequest:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({"type": "everything", **fields}, Everything)
    return invalid_request(Everything, refused.value)


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"text": ""}, "text", "`text` must be a string of at least 1 character."),
        ({"text": "xxxx"}, "text", "`text` must be a string of at most 3 characters."),
        ({"text": None}, "text", "`text` must be a string."),
        ({"symbols": []}, "symbols", "`symbols` must be an array of at least 1 member."),
        ({"symbols": ["a"] * 3}, "symbols", "`symbols` must be an array of at most 2 members."),
        ({"symbols": "a"}, "symbols", "`symbols` must be an array."),
        ({"symbols": ["a", 1]}, "symbols[1]", "`symbols[1]` must be a string."),
        ({"limit": 0}, "limit", "`limit` must be an integer of at least 1."),
        ({"limit": 101}, "limit", "`limit` must be an integer of at most 100."),
        ({"limit": 1.5}, "limit", "`limit` must be an integer."),
        ({"limit": True}, "limit", "`limit` must be an integer."),
        ({"ratio": "x"}, "ratio", "`ratio` must be a number."),
        ({"flag": 1}, "flag", "`flag` must be true or false."),
        ({"status": "ajar"}, "status", "`status` must be one of `closed`, `open`."),
        ({"status": 1}, "status", "`status` must be a string."),
        ({"colour": "blue"}, "colour", "`colour` must be one of `red`."),
        ({"rows": [{}]}, "rows[0].name", "`rows[0].name` is missing."),
        ({"rows": [{"name": "x", "size": 0}]}, "rows[0].size", "`rows[0].size` must be an integer of at least 1."),
        ({"rows": [{"name": "x", "size": 10}]}, "rows[0].size", "`rows[0].size` must be an integer of at most 9."),
        ({"rows": [1]}, "rows[0]", "`rows[0]` must be an object."),
        ({"by_name": {"a": {"name": 1}}}, "by_name.name", "`by_name.name` must be a string."),
        ({"id": 1.5}, "id", "`id` must be an integer or a string."),
        ({"id": "0"}, "id", "`id` must be an integer or a string that matches ^[1-9]$."),
        ({"event_id": "x"}, "event_id", "`event_id` must be a UUID."),
        ({"event_id": 1}, "event_id", "`event_id` must be a UUID."),
    ],
)
def test_a_refusal_names_the_field_and_what_it_must_be(fields: dict[str, Any], field: str, message: str) -> None:
    refused = refusal(fields)
    assert (refused.field, refused.message) == (field, message)


def test_a_pattern_is_told_in_the_words_of_its_declaration() -> None:
    assert refusal({"symbols": ["€"]}).message == "`symbols[0]` must be a string: 1 to 32 of A-Z a-z 0-9 _ $ . -."


@pytest.mark.parametrize(
    ("fields", "field", "hint"),
    [
        ({"symbol": ["a"]}, "symbol", " Did you mean `symbols`?"),
        ({"LIMIT": 5}, "LIMIT", " Did you mean `limit`?"),
        ({"rows": [{"name": "x", "siez": 2}]}, "rows[0].siez", " Did you mean `size`?"),
        ({"by_name": {"a": {"nam": "x"}}}, "by_name.nam", " Did you mean `name`?"),
        ({"zzzzzz": 1}, "zzzzzz", ""),
    ],
)
def test_an_unknown_field_is_named_with_the_nearest_known_one(fields: dict[str, Any], field: str, hint: str) -> None:
    refused = refusal(fields)
    assert (refused.field, refused.message) == (field, f"`{field}` is not a field of this message.{hint}")


@pytest.mark.parametrize("name", ["a` - at `$.rows[0", "` - at `$", "x" * 1000, "\n\x1b[31m", "[...]", "$"])
def test_no_name_of_a_field_can_break_the_answer(name: str) -> None:
    refused = refusal({name: 1})
    assert refused.field is not None
    assert len(refused.field) <= 128
    assert refused.message.isprintable()


@pytest.mark.parametrize(
    "field", ["text", "symbols", "limit", "ratio", "flag", "status", "colour", "rows", "id", "event_id"]
)
def test_no_value_of_a_client_is_in_the_answer(field: str) -> None:
    assert "secret" not in refusal({field: "secret"}).message


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("subscribe_symbol", ["UNSUBSCRIBE_SYMBOLS", "SUBSCRIBE_SYMBOLS"]) == "SUBSCRIBE_SYMBOLS"
    assert nearest("qqq", ["SUBSCRIBE_SYMBOLS"]) is None

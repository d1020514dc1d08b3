"""Schemas as readers see them."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from duelcast.http.docs.code import json_text
from duelcast.http.docs.fields import fields
from duelcast.http.docs.html import el
from duelcast.http.docs.type_names import type_name
from duelcast.wire.messages import SymbolOrAll
from tests.http.docs.parsing import parsed
from tests.http.docs.real_site import real_pages

DOCUMENT = {
    "schemas": {
        "Row": {
            "description": "A row.",
            "properties": {"wallet": {"type": "string"}, "next": {"$ref": "#/schemas/Row"}},
        },
        "Id": {"type": "string", "maxLength": 64, "description": "An id."},
        "Loop": {"$ref": "#/schemas/Loop"},
    }
}


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "integer", "minimum": -(2**53 - 1), "maximum": 2**53 - 1}, "integer"),
        ({"type": "integer", "minimum": 0, "maximum": 255}, "integer (0–255)"),
        ({"type": "number", "minimum": 1e-30, "maximum": 1e30}, "number (1e-30–1e+30)"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1000.0}, "number (≤ 1,000, > 0)"),
        ({"type": "string", "minLength": 1, "format": "date-time"}, "string (≥ 1 characters, date-time)"),
        ({"type": "string", "pattern": "^x$"}, "string (matches ^x$)"),
        ({"type": "string", "pattern": "^x$", "description": "An x."}, "string"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, "string"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"anyOf": [{"type": "string", "pattern": "^x$"}, {"type": "null"}], "description": "An x."}, "string or null"),
        ({"type": "array", "items": {"$ref": "#/schemas/Row"}, "maxItems": 1000}, "array (≤ 1,000 members) of Row"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "object of number"),
        ({"$ref": "#/schemas/Id"}, "string (≤ 64 characters)"),
        ({"allOf": [{"$ref": "#/schemas/Row"}]}, "Row"),
        ({"const": "a"}, '"a"'),
        ({"enum": ["a", 1, None]}, '"a" 1 null'),
        ({"$ref": "#/schemas/Loop"}, "anything"),
        ({"$ref": "#/schemas/Nothing"}, "anything"),
        ({}, "anything"),
        (True, "anything"),
    ],
)
def test_a_type_has_its_choices_and_limits(schema: Any, text: str) -> None:
    assert parsed(el("p", type_name(DOCUMENT, schema))).text == text


def test_a_record_is_shown_within_the_field_that_has_it_and_once() -> None:
    schema = {"properties": {"rows": {"type": "array", "items": {"$ref": "#/schemas/Row"}, "description": "All."}}}
    page = parsed(fields(DOCUMENT, schema))
    assert page.text == "rows array of RowAll.Fields of RowA row.wallet stringnext Row"
    assert page.tags.count("details") == 1


def test_a_field_says_whether_it_is_required_and_its_default() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "integer", "default": 100}}, "required": ["a"]}
    assert parsed(fields({}, schema)).text == "a string requiredb integer default 100"


def test_the_description_of_a_named_value_is_that_of_its_field() -> None:
    assert "An id." in parsed(fields(DOCUMENT, {"properties": {"id": {"$ref": "#/schemas/Id"}}})).text


def test_bounds_and_descriptions_of_the_real_documents_are_shown() -> None:
    market, tokens = real_pages()["docs/endpoints/market-data"].text, real_pages()["docs/http/tokens"].text
    assert "array (1–1,000 members) of string" in market
    assert "array (1–500 members) of" in market
    assert "number (1e-30–1e+30)" in tokens
    (declared,) = get_args(SymbolOrAll)[1:]
    assert declared.description.replace("`", "") in market
    assert not [path for path, page in real_pages().items() if "9007199254740991" in page.text.replace(",", "")]


def test_json_is_in_one_line_if_it_is_short() -> None:
    assert json_text({"type": "ping", "é": [1, None, True]}) == '{"type": "ping", "é": [1, null, true]}'
    long = {"symbols": ["SOL", "BTC"], "text": "x" * 60}
    assert json_text(long) == '{\n  "symbols": ["SOL", "BTC"],\n  "text": "' + "x" * 60 + '"\n}'
    assert json_text([]) == "[]"

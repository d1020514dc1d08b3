"""The reference for people, and the README's table of endpoints."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from duelcast.endpoints.documents.fields import type_text
from duelcast.endpoints.documents.page import protocol_page
from duelcast.endpoints.documents.readme import BEGIN, END, with_endpoints
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.arena import make_arena

PROJECT = Path(__file__).resolve().parents[3]
ENDPOINTS = find_endpoints()


def test_the_reference_of_the_protocol_is_current() -> None:
    page = (PROJECT / "docs" / "protocol.md").read_text(encoding="utf-8")
    assert page == protocol_page(ENDPOINTS.values()), "run `make docs`"


def test_the_table_of_the_readme_is_current_and_has_the_nine_endpoints() -> None:
    page = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert page == with_endpoints(page, ENDPOINTS.values()), "run `make docs`"
    assert len(re.findall(r"^\| \[`[a-z-]+`\]\(docs/protocol\.md#", page, re.MULTILINE)) == 9


def test_a_page_keeps_what_is_around_the_table() -> None:
    page = f"before\n{BEGIN}old\n{END}behind\n"
    written = with_endpoints(page, [make_arena()])
    assert re.fullmatch(r"before\n.*\| \[`arena`\]\(.*\| For tests\. \| anyone \|\n.*behind\n", written, re.DOTALL)
    assert "old" not in written
    assert with_endpoints(written, [make_arena()]) == written


@pytest.mark.parametrize("page", ["", BEGIN, END, END + BEGIN])
def test_a_page_without_marks_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="no marks"):
        with_endpoints(page, [])


def test_the_page_has_every_command_channel_and_code() -> None:
    arena = make_arena()
    page = protocol_page([*ENDPOINTS.values(), arena])
    for name in ("`OLD_WRITE` → `write`", "old: `proclaim`", "`note.<room>`", "`board.*`", "`PERMISSION_DENIED`"):
        assert name in page
    for endpoint in (*ENDPOINTS.values(), arena):
        assert f"## {endpoint.name}\n" in page
        assert all(f"| `{name}`" in page for name in endpoint.commands)


def test_every_link_within_the_page_leads_to_a_heading() -> None:
    page = protocol_page(ENDPOINTS.values())
    headings = {text.lower() for text in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    links = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert links
    assert links <= headings


def test_every_row_of_a_table_has_as_many_cells_as_its_title() -> None:
    for table in re.findall(r"(?:^\|.*\|\n)+", protocol_page(ENDPOINTS.values()), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({}, "anything"),
        ({"type": "string", "minLength": 1, "maxLength": 64}, "string (1–64 characters)"),
        ({"type": "string", "pattern": "^a$"}, "string (`^a$`)"),
        ({"type": "string", "pattern": "^a$", "description": "An a."}, "string (An a)"),
        ({"type": "integer", "minimum": 0, "maximum": 2**53 - 1}, "integer (≥ 0)"),
        ({"type": "number", "maximum": 1}, "number (≤ 1)"),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 5}, "list (1–5) of string"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
        ({"enum": ["a", "b"]}, "`a` `b`"),
        ({"const": True}, "`true`"),
        ({"$ref": "#/components/schemas/Token"}, "[Token](#token)"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}, "integer"),
    ],
)
def test_a_type_is_told_in_a_few_words(schema: dict[str, object], text: str) -> None:
    assert type_text(schema) == text

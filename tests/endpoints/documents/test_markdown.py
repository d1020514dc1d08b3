"""The tables of the pages for people, and how they get into the pages."""

from __future__ import annotations

import re

import pytest

from duelcast.endpoints.documents.markdown import (
    begin_mark,
    end_mark,
    protocol_blocks,
    readme_blocks,
    refreshed,
    type_text,
)
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.kit import Endpoint
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.arena import make_arena

ENDPOINTS = list(find_endpoints().values())
ARENA = make_arena()
BLOCKS = protocol_blocks(describe([*ENDPOINTS, ARENA]))

# ── tables ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, ARENA], ids=lambda endpoint: endpoint.name)
def test_every_command_of_an_endpoint_is_in_its_tables_or_in_those_of_all(endpoint: Endpoint) -> None:
    text = BLOCKS[endpoint.name] + BLOCKS["common messages"]
    assert endpoint.commands
    assert not [command for command in endpoint.commands if f"\n| `{command}`" not in text]


def test_the_tables_of_an_endpoint_have_its_old_names_channels_and_codes() -> None:
    for text in ("`OLD_WRITE` → `write`", "old: `proclaim`", "`note.{room}`", "`board.*`", "`PERMISSION_DENIED`"):
        assert text in BLOCKS["arena"]


def test_a_command_that_every_endpoint_has_is_described_once() -> None:
    everywhere = [name for name, block in BLOCKS.items() if "\n| `get_subscriptions`" in block]
    assert everywhere == ["common messages"]


def test_a_command_that_an_endpoint_declares_anew_is_described_there_too() -> None:
    assert "\n| `heartbeat`" in BLOCKS["analytics"]
    assert "\n| `heartbeat`" not in BLOCKS["contest"]


def test_the_order_of_the_endpoints_changes_nothing() -> None:
    assert protocol_blocks(describe(reversed([*ENDPOINTS, ARENA]))) == BLOCKS


def test_every_record_that_a_table_names_has_a_heading() -> None:
    text = "\n".join(BLOCKS.values())
    headings = {re.sub(r"[^\w-]", "", heading.lower()) for heading in re.findall(r"^### (.+)$", text, re.MULTILINE)}
    linked = set(re.findall(r"\]\(#([^)]+)\)", text)) - BLOCKS.keys()
    assert len(linked) > 50
    assert linked <= headings


def test_every_row_of_a_table_has_as_many_cells_as_its_title() -> None:
    tables = [table for block in BLOCKS.values() for table in re.findall(r"(?:^\|.*\|\n)+", block, re.MULTILINE)]
    assert len(tables) > len(BLOCKS)
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


def test_the_table_of_the_readme_has_the_endpoints_with_links_to_their_sections() -> None:
    assert (
        "| [`arena`](docs/protocol.md#arena) | For tests. | anyone |\n" in readme_blocks(describe([ARENA]))["endpoints"]
    )


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({}, "anything"),
        ({"type": "string", "minLength": 1, "maxLength": 64}, "string (1–64 characters)"),
        ({"type": "string", "pattern": "^a$"}, "string"),
        ({"type": "string", "pattern": "^a$", "description": "An a."}, "string (An a)"),
        ({"type": "integer", "minimum": 0, "maximum": 2**53 - 1}, "integer (≥ 0)"),
        ({"type": "number", "maximum": 1}, "number (≤ 1)"),
        ({"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 5}, "list (1–5) of string"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "object of integer"),
        ({"enum": ["a", "b"]}, "`a` `b`"),
        ({"enum": [True]}, "`true`"),
        ({"const": True}, "`true`"),
        ({"$ref": "#/components/schemas/Token"}, "[Token](#token)"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}, "integer"),
    ],
)
def test_a_type_is_told_in_a_few_words(schema: dict[str, object], text: str) -> None:
    assert type_text(schema) == text


# ── pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def marked(name: str, text: str) -> str:
    return f"{begin_mark(name)}\n{text}{end_mark(name)}\n"


def test_a_page_keeps_what_is_around_its_blocks() -> None:
    blocks = {"one": "new\n", "two words": "too\n"}
    page = "before\n" + marked("one", "old\n") + "between\n" + marked("two words", "") + "behind\n"
    written = refreshed(page, blocks)
    assert written == page.replace("old\n", "new\n").replace(marked("two words", ""), marked("two words", "too\n"))
    assert refreshed(written, blocks) == written


@pytest.mark.parametrize(
    "page",
    [
        "",
        f"{begin_mark('one')}\n",
        f"{end_mark('one')}\n",
        f"{end_mark('one')}\n{begin_mark('one')}\n",
        marked("one", "") * 2,
    ],
    ids=["none", "no end", "no beginning", "the wrong way round", "twice"],
)
def test_a_page_without_exactly_one_pair_of_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="marks of `one` once"):
        refreshed(page, {"one": ""})


def test_marks_of_a_block_that_is_gone_are_found() -> None:
    with pytest.raises(ValueError, match="no block is called `gone`"):
        refreshed(marked("gone", ""), {})

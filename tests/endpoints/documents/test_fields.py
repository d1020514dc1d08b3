"""Fields are described by the strings below them and by their types."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from duelcast.endpoints.documents.fields import schema_components

Fruit = Annotated[str, Meta(description="A fruit.")]


class Part(Struct):
    """A part."""

    length: float
    """In metres (protocol §1.1)."""
    plain: int


class Base(Struct):
    """A base."""

    inherited: int
    """Counts the
    apples."""
    replaced: int
    """Of the base."""


class Whole(Base, rename="camel"):
    """A whole."""

    replaced: int
    """Of the whole."""
    long_name: str
    """Renamed on the wire."""
    fruit: Fruit
    """To eat."""
    maybe_fruit: Fruit | None
    same_fruit: Fruit | None = None
    """Null if there is none."""
    part: Part | None = None
    """The biggest."""
    parts: list[Part] = []


def test_each_description_is_at_its_property() -> None:
    _, named = schema_components([list[Whole]])
    assert {name: schema.get("description") for name, schema in named["Whole"]["properties"].items()} == {
        "inherited": "Counts the\napples.",
        "replaced": "Of the whole.",
        "longName": "Renamed on the wire.",
        "fruit": "To eat. A fruit.",
        "maybeFruit": "A fruit.",
        "sameFruit": "Null if there is none. A fruit.",
        "part": "The biggest.",
        "parts": None,
    }


def test_a_description_is_said_once() -> None:
    _, named = schema_components([Whole])
    properties = named["Whole"]["properties"]
    assert properties["maybeFruit"] == {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "A fruit."}
    assert properties["part"]["anyOf"] == [{"$ref": "#/components/schemas/Part"}, {"type": "null"}]


def test_records_within_records_are_described_without_citations() -> None:
    references, named = schema_components([Whole, Part])
    assert references == [{"$ref": "#/components/schemas/Whole"}, {"$ref": "#/components/schemas/Part"}]
    assert named["Part"] == {
        "title": "Part",
        "description": "A part.",
        "type": "object",
        "properties": {
            "length": {"type": "number", "description": "In metres."},
            "plain": {"type": "integer"},
        },
        "required": ["length", "plain"],
    }

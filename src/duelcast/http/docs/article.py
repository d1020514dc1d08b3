"""A page's content, with all that its surroundings show of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from duelcast.http.docs.html import Html, Node, el


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page to which the navigation leads. `is_code` if its title is a name from the protocol."""

    anchor: str
    title: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that the search finds: its title, where it belongs, a text about it, its place on the page, and `more`
    words that lead to it."""

    title: str
    context: str
    text: str
    anchor: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """The content of a page. `scripts` are the page's own, by name, in their order."""

    title: str
    content: Html
    sections: Sequence[Section] = ()
    entries: Sequence[Entry] = ()
    scripts: Mapping[str, str] = field(default_factory=dict)


def anchor_of(kind: str, name: str) -> str:
    """The id of an element that is about something with a name."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9_.-]', '-', name)}"


def heading(level: int, anchor: str, *title: Node) -> Html:
    """A heading to which links can lead; it links to itself."""
    return el(f"h{level}", el("a", *title, href=f"#{anchor}"), id=anchor)

"""The prose of the documents: code between back-ticks, *emphasis* between stars, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from duelcast.http.docs.html import Html, Node, el, html


def prose(text: str) -> Html:
    """The markup of a text in one paragraph."""
    return html(
        el("code", part) if index % 2 else map(_words, enumerate(re.split(r"\*(\w+)\*", part)))
        for index, part in enumerate(text.split("`"))
    )


def paragraphs(text: str) -> Html:
    """The markup of a text whose paragraphs are separated by empty lines."""
    return html(el("p", prose(" ".join(part.split("\n")))) for part in re.split(r"\n\n+", text) if part)


def codes(names: Iterable[str], *, between: str = " ") -> Html:
    """Names as code, side by side."""
    return html(_joined([el("code", name) for name in names], between))


def plain(text: str) -> str:
    """A text without its marks, in one line; code stays as it is."""
    parts = (part if index % 2 else re.sub(r"\*(\w+)\*", r"\1", part) for index, part in enumerate(text.split("`")))
    return " ".join("".join(parts).split())


def _words(part: tuple[int, str]) -> Node:
    index, text = part
    return el("em", text) if index % 2 else text


def _joined(parts: Iterable[Node], between: str) -> Iterator[Node]:
    for index, part in enumerate(parts):
        yield from (between if index else None, part)

"""Markdown as HTML. Raw HTML in it is shown as text, and images by their descriptions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from duelcast.http.docs.article import Entry, Section
from duelcast.http.docs.code import code_block
from duelcast.http.docs.html import Html, el

Target = Callable[[str], str | None]
"""The address for a link as it is in the Markdown; None if it leads to nothing on the site."""

_OUTSIDE = ("https:", "http:", "mailto:")
_EXPLICIT_ANCHOR = re.compile(r'^<a id="[\w-]+"></a>\n', re.MULTILINE)
_COMMENT = re.compile(r"^<!-- .* -->\n", re.MULTILINE)
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as HTML, with its title (that of its first heading) and its parts."""

    title: str
    content: Html
    sections: Sequence[Section]
    entries: Sequence[Entry]


def rendered(markdown: str, target: Target) -> Rendered:
    """Render a text. Headings get the anchors that GitHub gives them."""
    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}, renderer_cls=_Renderer).enable("table")
    tokens = parser.parse(_EXPLICIT_ANCHOR.sub("", _COMMENT.sub("", markdown)))
    headings = _mark_headings(tokens)
    _demote_empty_headers(tokens)
    for token in tokens:
        _mark_links(token.children or [], target)
    title = headings[0][1].title if headings else ""
    content = Html(parser.renderer.render(tokens, parser.options, {}))
    entries = _entries(tokens, title)
    return Rendered(title, content, [section for tag, section in headings if tag == "h2"], entries)


def anchors_in(markdown: str) -> set[str]:
    """The anchors of the headings in a text."""
    headings = re.findall(r"^#+ (.+)$", _FENCED.sub("", markdown), re.MULTILINE)
    return {anchor for _, anchor in _anchored(headings)}


class _Renderer(RendererHTML):
    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return code_block(tokens[idx].content.removesuffix("\n"))

    def code_block(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return self.fence(tokens, idx)

    def image(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return el("em", tokens[idx].content)

    def table_open(self, *_: Any) -> str:
        return '<div class="wide" tabindex="0"><table>'

    def table_close(self, *_: Any) -> str:
        return "</table></div>"


def _mark_headings(tokens: Sequence[Token]) -> list[tuple[str, Section]]:
    """Give each heading its anchor. Returns the headings, each with its tag."""
    opened = [(token, inline) for token, inline in pairwise(tokens) if token.type == "heading_open"]
    titles = _anchored(_text_of(inline) for _, inline in opened)
    found = []
    for (token, _), (title, anchor) in zip(opened, titles, strict=True):
        token.attrSet("id", anchor)
        found.append((token.tag, Section(anchor, title)))
    return found


def _anchored(titles: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each title with its anchor; a repeated title gets a number."""
    counts: dict[str, int] = {}
    for title in titles:
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        count = counts[slug] = counts.get(slug, -1) + 1
        yield title, f"{slug}-{count}" if count else slug


def _demote_empty_headers(tokens: Sequence[Token]) -> None:
    """Make a column without a title begin with an empty cell, since an empty header names nothing."""
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before.type == "th_open" and not token.content:
            before.tag = after.tag = "td"


def _mark_links(tokens: Sequence[Token], target: Target) -> None:
    """Set the addresses of links. A link that leads to nothing on the site becomes its text."""
    is_text = False
    for token in tokens:
        if token.type == "link_open":
            written = str(token.attrGet("href"))
            address = written if written.startswith(_OUTSIDE) else target(written)
            is_text = address is None
            token.attrs = {} if address is None else {"href": address}
            if written.startswith(_OUTSIDE):
                token.attrSet("rel", "noopener noreferrer")
        if token.type in ("link_open", "link_close") and is_text:
            token.tag = "span"


def _entries(tokens: Sequence[Token], title: str) -> list[Entry]:
    """The entries of the search: each heading with the text below it, up to the next one."""
    found: list[tuple[str, str, list[str]]] = []
    for before, token in zip((None, *tokens), tokens, strict=False):
        if before is not None and before.type == "heading_open":
            found.append((_text_of(token), str(before.attrGet("id")), []))
        elif found and token.type in ("inline", "fence"):
            found[-1][2].append(_text_of(token))
    return [Entry(heading, title, " ".join(" ".join(texts).split()), anchor) for heading, anchor, texts in found]


def _text_of(token: Token) -> str:
    if not token.children:
        return token.content
    breaks = {"softbreak": " ", "hardbreak": " "}
    return "".join(breaks.get(child.type, child.content) for child in token.children)

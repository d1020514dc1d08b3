"""The index of the search: everything that a page may be looked for by, as JSON that a script filters."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from duelcast.http.docs.article import Article

_SHOWN_CHARACTERS = 140


def search_index(pages: Iterable[tuple[str, Article]]) -> bytes:
    """A list of `[title, context, address, text, words]`: the text is shown, and `words` are those of the rest, each
    once. Addresses are relative to the root of the server."""
    rows = [
        [entry.title, entry.context, f"{path}#{entry.anchor}" if entry.anchor else path, *_divided(entry.text)]
        for path, article in pages
        for entry in article.entries
    ]
    return msgspec.json.encode(rows)


def _divided(text: str) -> tuple[str, str]:
    shown = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS].rpartition(" ")[0] + "…"
    words = dict.fromkeys(re.findall(r"[\w-]+", text[len(shown) - 1 :].lower())) if len(text) > len(shown) else {}
    return shown, " ".join(words)

"""The index of the search: everything that a page may be looked for by, as JSON that a script filters."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from duelcast.http.docs.article import Article, Entry

_SHOWN_CHARACTERS = 140


def search_index(pages: Iterable[tuple[str, Article]]) -> bytes:
    """A list of `[title, context, address, text, words]`: the text is shown, and `words` are all others that lead to
    the entry, each once. Addresses are relative to the root of the server."""
    rows = [
        [entry.title, entry.context, f"{path}#{entry.anchor}" if entry.anchor else path, *_divided(entry)]
        for path, article in pages
        for entry in article.entries
    ]
    return msgspec.json.encode(rows)


def _divided(entry: Entry) -> tuple[str, str]:
    text, shown = entry.text, entry.text[:_SHOWN_CHARACTERS].rpartition(" ")[0]
    if len(text) <= _SHOWN_CHARACTERS:
        shown = text
    words = dict.fromkeys(re.findall(r"[\w-]+", f"{text[len(shown) :]} {entry.more}".lower()))
    return shown if shown == text else f"{shown}…", " ".join(words)

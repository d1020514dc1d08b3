"""Blocks of code, and JSON as people write it."""

from __future__ import annotations

import json
from typing import Any

from duelcast.http.docs.html import Html, Node, el

_LINE = 64
"""A value that fits into so many characters is in one line."""


def code_block(*content: Node, label: str | None = None) -> Html:
    """A block of code, which scrolls sideways by itself; a script adds a button that copies it."""
    title = el("figcaption", label) if label else None
    # Readers without a mouse need the focus to scroll.
    return el("figure", title, el("pre", el("code", *content), tabindex="0"), class_="code")


def json_block(value: Any, label: str | None = None) -> Html:
    """A block with a value as JSON."""
    return code_block(json_text(value), label=label)


def origin(scheme: str) -> Html:
    """The address of a server. A script replaces it with that of this server, which the page does not know."""
    return el("span", f"{scheme}://127.0.0.1:8069", class_="origin", data_scheme=scheme)


def json_text(value: Any, indent: str = "") -> str:
    """JSON with two spaces per level, whose short objects and lists are in one line."""
    line = json.dumps(value, ensure_ascii=False)
    if not value or not isinstance(value, dict | list) or len(indent) + len(line) <= _LINE:
        return line
    deeper = f"{indent}  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(name, ensure_ascii=False)}: {json_text(inner, deeper)}" for name, inner in value.items()]
        opening, closing = "{}"
    else:
        parts = [json_text(inner, deeper) for inner in value]
        opening, closing = "[]"
    body = ",\n".join(f"{deeper}{part}" for part in parts)
    return f"{opening}\n{body}\n{indent}{closing}"

"""HTML by construction: everything is escaped unless it is `Html`."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

Node: TypeAlias = "str | Iterable[Node] | None"
"""A part of a page: a text, `Html`, several parts, or nothing."""

_VOID = frozenset({"br", "input", "meta"})


class Html(str):
    """Markup, which is not escaped again."""

    __slots__ = ()


def html(*nodes: Node) -> Html:
    """The markup of parts, one after the other."""
    return Html("".join(map(_markup, nodes)))


def el(tag: str, *children: Node, **attributes: str | bool | None) -> Html:
    """An element. Names of attributes are written as Python requires: `class_`, `data_path`. An attribute is left out
    if its value is None or False, and has no value if that is True."""
    head = "".join(_attribute(name, value) for name, value in attributes.items())
    return Html(f"<{tag}{head}>") if tag in _VOID else Html(f"<{tag}{head}>{html(*children)}</{tag}>")


def _markup(node: Node) -> str:
    if node is None:
        return ""
    if isinstance(node, Html):
        return node
    return escape(node) if isinstance(node, str) else html(*node)


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    spelled = name.rstrip("_").replace("_", "-")
    return f" {spelled}" if value is True else f' {spelled}="{escape(value)}"'

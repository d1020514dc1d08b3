"""Tables, which scroll sideways by themselves on small screens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from duelcast.http.docs.html import Html, Node, el


def table(titles: Sequence[str], rows: Iterable[Sequence[Node]], ids: Sequence[str] = ()) -> Html:
    """A table; `ids` are those of the rows."""
    head = el("thead", el("tr", (el("th", title, scope="col") for title in titles)))
    body = [
        el("tr", (el("td", cell) for cell in cells), id=ids[index] if ids else None) for index, cells in enumerate(rows)
    ]
    # Readers without a mouse need the focus to scroll.
    return el("div", el("table", head, el("tbody", body)), class_="wide", tabindex="0")

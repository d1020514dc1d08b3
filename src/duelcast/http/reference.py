"""Tables of errors and close codes for the documentation pages, read from where they are declared."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from html import escape
from typing import TypeVar

from duelcast import errors
from duelcast.errors import AppError, Disconnect

E = TypeVar("E", AppError, Disconnect)


def error_table() -> str:
    """HTML of every error code, its HTTP status and meaning."""
    rows = ((known.code, str(known.http_status), _meaning(known)) for known in _declared(AppError))
    return _table(("Code", "HTTP", "When"), rows)


def close_code_table() -> str:
    """HTML of every close code, its meaning, and whether a client comes back."""
    rows = sorted(
        (str(known.close_code), _meaning(known), "yes" if known.reconnect else "no") for known in _declared(Disconnect)
    )
    return _table(("Code", "Meaning", "Reconnect"), rows)


def _declared(base: type[E]) -> Iterator[type[E]]:
    for _, known in inspect.getmembers(errors, inspect.isclass):
        if issubclass(known, base) and known is not base:
            yield known


def _meaning(known: type[Exception]) -> str:
    return inspect.getdoc(known) or ""


def _table(titles: Iterable[str], rows: Iterable[tuple[str, str, str]]) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "".join(
        f"<tr><td><code>{escape(first)}</code></td><td>{escape(second)}</td><td>{escape(third)}</td></tr>"
        for first, second, third in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'

"""Tables of errors and close codes for the documentation pages, read from where they are declared."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from html import escape

from duelcast import errors
from duelcast.endpoints.documents.tables import close_rows
from duelcast.errors import AppError
from duelcast.http.problems import FRAMEWORK_REFUSALS

Row = tuple[str, str, str]


def error_table() -> str:
    """HTML of every error code, its HTTP status and meaning."""
    framework = ((code, str(status), detail) for status, (code, detail) in FRAMEWORK_REFUSALS.items())
    declared = {row[0]: row for row in (*framework, *_declared())}
    return _table(("Code", "HTTP", "When"), sorted(declared.values()))


def close_code_table() -> str:
    """HTML of every close code, its meaning, and whether a client comes back."""
    rows = ((str(row.code), row.description, "yes" if row.reconnect else "no") for row in close_rows())
    return _table(("Code", "Meaning", "Reconnect"), rows)


def _declared() -> Iterator[Row]:
    for _, known in inspect.getmembers(errors, inspect.isclass):
        if issubclass(known, AppError) and known is not AppError:
            yield known.code, str(known.http_status), inspect.getdoc(known) or ""


def _table(titles: Iterable[str], rows: Iterable[Row]) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "".join(
        f"<tr><td><code>{escape(first)}</code></td><td>{_prose(second)}</td><td>{_prose(third)}</td></tr>"
        for first, second, third in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _prose(text: str) -> str:
    """HTML of a sentence with `code` between back-ticks."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))

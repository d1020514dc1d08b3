"""Tables of errors and close codes for the documentation pages, generated from their declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from duelcast.endpoints.documents.codes import close_codes, error_codes
from duelcast.http.problems import FRAMEWORK_REFUSALS


def error_table() -> str:
    """HTML of every error code, its HTTP status and meaning."""
    framework = {code: (code, str(status), detail) for status, (code, detail) in FRAMEWORK_REFUSALS.items()}
    declared = {row.code: (row.code, str(row.http_status), row.description) for row in error_codes()}
    return _table(("Code", "HTTP", "When"), sorted({**framework, **declared}.values()))


def close_code_table() -> str:
    """HTML of every close code, its meaning, and whether a client comes back."""
    rows = ((str(row.code), row.description, "yes" if row.reconnect else "no") for row in close_codes())
    return _table(("Code", "Meaning", "Reconnect"), rows)


def _table(titles: Iterable[str], rows: Iterable[tuple[str, str, str]]) -> str:
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    body = "".join(
        f"<tr><td><code>{escape(first)}</code></td><td>{_prose(second)}</td><td>{_prose(third)}</td></tr>"
        for first, second, third in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _prose(text: str) -> str:
    """HTML of a sentence with `code` between back-ticks."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))

"""The documentation pages: each is one HTML file with its styles and scripts, and loads nothing from elsewhere. The
tables of errors and close codes are made from the declarations in the code."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from duelcast.endpoints.documents.codes import close_codes, error_codes
from duelcast.http.problems import FRAMEWORK_REFUSALS

_STATIC = files("duelcast.http") / "static"


@dataclass(frozen=True, slots=True)
class Page:
    """`content_security_policy` permits only the page's own styles and scripts, by their hashes."""

    html: bytes
    content_security_policy: str


_HEALTH = {"healthz": "Whether the process is alive", "readyz": "Whether clients may be sent here"}
_DOCUMENTS = {
    "docs": "Reference of every endpoint, message and route",
    "docs/clients": "Guide for client developers",
    "asyncapi.json": "The WebSocket endpoints, as an AsyncAPI document",
    "openapi.json": "The HTTP API, as an OpenAPI document",
}


def home_page(version: str, *, public_ops: bool, monitored: bool) -> Page:
    """The start page, with links to everything that everybody may see, including health if `monitored`."""
    links = (_DOCUMENTS if public_ops else {}) | (_HEALTH if monitored else {})
    items = "\n".join(f'<li><a href="{path}">{title}</a></li>' for path, title in links.items())
    texts = {"version": escape(version), "links": items}
    return _page("home.html", styles={"style": _read("page.css")}, scripts={}, texts=texts)


@cache
def docs_page(version: str) -> Page:
    """The reference: one page that shows the AsyncAPI and the OpenAPI document, which it reads from the server."""
    return _page(
        "docs.html",
        styles={"style": _read("page.css")},
        scripts={"script": _read("docs.js")},
        texts={"version": escape(version), "errors": _error_table(), "close_codes": _close_code_table()},
    )


@cache
def clients_page(version: str) -> Page:
    """A page that shows and runs the client guide's script."""
    client = _read("client.js")
    return _page(
        "clients.html",
        styles={"style": _read("page.css")},
        scripts={"client": client, "script": _read("clients.js")},
        texts={"version": escape(version), "client_source": escape(client), "close_codes": _close_code_table()},
    )


def _page(name: str, *, styles: Mapping[str, str], scripts: Mapping[str, str], texts: Mapping[str, str]) -> Page:
    html = _read(name)
    for placeholder, text in {**texts, **styles, **scripts}.items():
        html = html.replace(f"{{{{{placeholder}}}}}", text)
    policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    policy += f"; style-src {_hashes(styles)}"
    if scripts:
        policy += f"; script-src {_hashes(scripts)}; connect-src 'self' ws: wss:"
    return Page(html.encode(), policy)


def _hashes(texts: Mapping[str, str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts.values())
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


def _error_table() -> str:
    """HTML of every error code, its HTTP status and meaning."""
    framework = {code: (code, str(status), detail) for status, (code, detail) in FRAMEWORK_REFUSALS.items()}
    declared = {row.code: (row.code, str(row.http_status), row.description) for row in error_codes()}
    return _table(("Code", "HTTP", "When"), sorted({**framework, **declared}.values()))


def _close_code_table() -> str:
    """HTML of every close code, its meaning, and whether a client should reconnect."""
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
    """HTML of `text`, in which everything between back-ticks becomes code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))

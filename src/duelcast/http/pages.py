"""Pages that contain their styles and scripts, and load nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

_STATIC = files("duelcast.http") / "static"


@dataclass(frozen=True, slots=True)
class Page:
    """`content_security_policy` permits only the page's own styles and scripts, by their hashes."""

    html: bytes
    content_security_policy: str


_HEALTH = {"healthz": "Whether the process is alive", "readyz": "Whether clients may be sent here"}
_DOCUMENTS = {
    "docs": "Documentation of every endpoint, message and route",
    "docs/clients": "A client in twenty lines",
    "asyncapi.json": "The WebSocket endpoints, as an AsyncAPI document",
    "openapi.json": "The HTTP API, as an OpenAPI document",
}


def home_page(version: str, *, public_ops: bool, monitored: bool) -> Page:
    """The start page, with links to everything that everybody may see, including health if `monitored`."""
    links = (_DOCUMENTS if public_ops else {}) | (_HEALTH if monitored else {})
    items = "\n".join(f'<li><a href="{path}">{title}</a></li>' for path, title in links.items())
    style = static_text("docs.css")
    html = static_text("home.html")
    for placeholder, text in {"version": escape(version), "links": items, "style": style}.items():
        html = html.replace(f"{{{{{placeholder}}}}}", text)
    return Page(html.encode(), content_security_policy([style]))


def content_security_policy(styles: Sequence[str], scripts: Sequence[str] = ()) -> str:
    """The policy of a page with these inline styles and scripts, which may speak to any server over WebSockets, and
    over HTTP to this one."""
    policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    policy += f"; style-src {_hashes(styles)}"
    if scripts:
        policy += f"; script-src {_hashes(scripts)}; connect-src 'self'"
    return policy


def static_text(name: str) -> str:
    """A style or a script of the pages."""
    return (_STATIC / name).read_text(encoding="utf-8")


def _hashes(texts: Sequence[str]) -> str:
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)

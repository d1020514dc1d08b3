"""The first page of the site."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.http.docs.article import Article, Entry
from duelcast.http.docs.code import code_block, origin
from duelcast.http.docs.frame import Group
from duelcast.http.docs.html import Html, el, html
from duelcast.http.docs.links import Link
from duelcast.http.docs.prose import paragraphs, prose
from duelcast.http.docs.resolving import Described, resolved

_FIRST = """\
/api/v69/ws/market-data");
socket.onopen = () => socket.send(JSON.stringify({ type: "SUBSCRIBE_SYMBOLS", symbols: ["SOL", "BTC"] }));
socket.onmessage = (event) => console.log(JSON.parse(event.data));"""


def overview(asyncapi: Described, openapi: Described, groups: Sequence[Group], link: Link) -> Article:
    """The overview of all pages; `groups` are those of the navigation."""
    title = "Duelcast documentation"
    about = {f"docs/endpoints/{name}": _about(asyncapi, name) for name in asyncapi.get("channels", {})}
    tags = {str(tag["name"]): str(tag.get("description", "")) for tag in openapi.get("tags", ())}
    intro = (
        "Live prices, contests, chat and more over WebSockets, and the HTTP API that feeds them. The page of each "
        "endpoint connects to this server to try it; market-data needs no token."
    )
    documents = {"WebSocket endpoints": asyncapi, "HTTP API": openapi}
    parts = [
        [
            el("h2", group.title),
            el("div", paragraphs(_description(documents.get(group.title, {}))), class_="guide"),
            el(
                "div",
                (_card(path, name, about.get(path) or tags.get(name, ""), link) for path, name in group.pages),
                class_="cards",
            ),
        ]
        for group in groups[1:]
    ]
    tools = [
        el("h2", "For tools"),
        el(
            "p",
            el("a", "asyncapi.json", href=link("asyncapi.json")),
            " describes the WebSocket endpoints, and ",
            el("a", "openapi.json", href=link("openapi.json")),
            " the HTTP API.",
        ),
    ]
    first = code_block(
        'const socket = new WebSocket("', origin("ws"), _FIRST, label="Prices, in the console of this browser"
    )
    content = html(el("h1", title), el("p", intro), first, parts, tools)
    return Article(title, content, entries=[Entry(title, "Overview", intro)])


def _description(document: Described) -> str:
    return str(document.get("info", {}).get("description", ""))


def _about(asyncapi: Described, endpoint: str) -> str:
    return str(resolved(asyncapi, asyncapi["channels"][endpoint]).get("description", ""))


def _card(path: str, name: str, about: str, link: Link) -> Html:
    return el("a", el("strong", name), el("span", prose(about), class_="dim"), href=link(path), class_="card")

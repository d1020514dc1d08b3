"""The page that shows and runs the script of the guide for client developers."""

from __future__ import annotations

from duelcast.http.docs.article import Article, Entry
from duelcast.http.docs.code import code_block
from duelcast.http.docs.html import Html, el, html
from duelcast.http.docs.links import Link
from duelcast.http.pages import static_text


def client_page(link: Link) -> Article:
    """A client in twenty lines, at work."""
    client = static_text("client.js")
    title = "A client in twenty lines"
    about = (
        "This page runs the script below: it connects to this server, follows SOL and BTC, and reconnects after an "
        "interruption with since, so that the server sends only the messages that the client missed."
    )
    waiting = el("tr", el("td", "Connecting…", colspan="2", class_="dim"))
    head = el("tr", el("th", "Symbol", scope="col"), el("th", "Price", scope="col", class_="number"))
    content = html(
        el("h1", title),
        el("p", about),
        el("table", el("thead", head), el("tbody", waiting, id="prices"), class_="prices"),
        Html(code_block(client).replace("<code>", '<code id="source">', 1)),
        el(
            "p",
            el("a", "Writing a client", href=link("docs/guides/clients")),
            " explains it step by step, and ",
            el("a", "Close codes", href=link("docs/close-codes")),
            " says when to reconnect.",
        ),
    )
    scripts = {"client": client, "clients": static_text("clients.js")}
    return Article(title, content, entries=[Entry(title, "Guide", about)], scripts=scripts)

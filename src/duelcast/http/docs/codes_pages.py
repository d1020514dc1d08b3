"""The pages of errors and of close codes."""

from __future__ import annotations

from collections.abc import Iterable

from duelcast.endpoints.documents.codes import close_codes, error_codes
from duelcast.http.docs.article import Article, Entry, Section, heading
from duelcast.http.docs.fields import fields
from duelcast.http.docs.html import Html, el, html
from duelcast.http.docs.links import Link
from duelcast.http.docs.prose import plain, prose
from duelcast.http.docs.resolving import Described, resolved
from duelcast.http.docs.tables import table
from duelcast.http.problems import FRAMEWORK_REFUSALS


def errors_page(asyncapi: Described, openapi: Described, link: Link) -> Article:
    """Every error code, with its HTTP status and the endpoints that answer with it."""
    rows = {code: (status, detail, False) for status, (code, detail) in FRAMEWORK_REFUSALS.items()}
    rows |= {row.code: (row.http_status, row.description, row.retriable) for row in error_codes()}
    places = _endpoints_by_code(asyncapi)
    shown = [
        (
            el("code", code),
            str(rows[code][0]),
            prose(rows[code][1]),
            "yes" if rows[code][2] else "no",
            _links(places.get(code, ()), link),
        )
        for code in sorted(rows)
    ]
    intro = (
        "Over a WebSocket, an error is a message, and leaves the connection open unless a close code follows. Over "
        "HTTP, it is a problem (RFC 9457) with the status below."
    )
    titles = ("Code", "HTTP", "When", "May succeed later", "Endpoints")
    problem = fields(openapi, openapi.get("components", {}).get("schemas", {}).get("Problem", {}))
    content = html(
        el("h1", "Errors"),
        el("p", intro),
        table(titles, shown, sorted(rows)),
        heading(2, "problem", "Problems"),
        el("p", "The fields of a problem, the answer to a request that was refused:"),
        problem,
    )
    entries = [Entry(code, "Error", plain(rows[code][1]), code) for code in sorted(rows)]
    return Article("Errors", content, [Section("problem", "Problems")], [Entry("Errors", "Reference", intro), *entries])


def close_codes_page() -> Article:
    """Every close code, and whether a client should reconnect."""
    codes = close_codes()
    shown = [(el("code", str(row.code)), prose(row.description), "yes" if row.reconnect else "no") for row in codes]
    intro = "With these codes a connection ends. The reason of a close may contain `retry_after_ms=` with a number."
    content = html(
        el("h1", "Close codes"),
        el("p", prose(intro)),
        table(("Code", "Meaning", "Reconnect"), shown, [f"code-{row.code}" for row in codes]),
    )
    entries = [Entry(str(row.code), "Close code", plain(row.description), f"code-{row.code}") for row in codes]
    return Article("Close codes", content, entries=[Entry("Close codes", "Reference", plain(intro)), *entries])


def _endpoints_by_code(asyncapi: Described) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, reference in asyncapi.get("channels", {}).items():
        for code in resolved(asyncapi, reference).get("x-error-codes", ()):
            found.setdefault(code, []).append(name)
    return found


def _links(endpoints: Iterable[str], link: Link) -> Html:
    links = [el("a", name, href=link(f"docs/endpoints/{name}")) for name in endpoints]
    return html(("" if index == 0 else ", ", one) for index, one in enumerate(links)) if links else html("HTTP only")

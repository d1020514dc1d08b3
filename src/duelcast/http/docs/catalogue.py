"""Which pages there are, and in which order the navigation shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from duelcast.http.docs.article import Article
from duelcast.http.docs.client_guide import client_page
from duelcast.http.docs.codes_pages import close_codes_page, errors_page
from duelcast.http.docs.endpoint import endpoint_page
from duelcast.http.docs.frame import Group
from duelcast.http.docs.guides import Guides
from duelcast.http.docs.home import overview
from duelcast.http.docs.links import link_from
from duelcast.http.docs.operations import operations_page
from duelcast.http.docs.resolving import Described

Make = Callable[[], Article]

_FIRST = ("market-data", "token-data", "contest", "notifications")
"""The endpoints that most readers look for; the others follow in the order of the document."""


class Catalogue:
    """All pages: `pages` makes each by its path on the server, and `groups` is the navigation."""

    def __init__(self, asyncapi: Described, openapi: Described, guides: Mapping[str, str]) -> None:
        self._asyncapi = asyncapi
        self._openapi = openapi
        endpoints = list(asyncapi.get("channels", {}))
        self._endpoints = [*(name for name in _FIRST if name in endpoints), *(n for n in endpoints if n not in _FIRST)]
        self._guides = Guides(guides, endpoints)
        self.pages: dict[str, Make] = {}
        self.groups: list[Group] = [
            Group("Documentation", [self._add("docs", "Overview", self._overview)]),
            Group("WebSocket endpoints", [self._endpoint(name) for name in self._endpoints]),
            Group("HTTP API", [self._tag(tag) for tag in openapi.get("tags", ())]),
            Group("Codes", list(self._codes())),
            Group("Guides", list(self._all_guides())),
        ]

    def articles(self) -> Iterator[tuple[str, Article]]:
        """Every page, with its path."""
        for path, make in self.pages.items():
            yield path, make()

    def _add(self, path: str, title: str, make: Callable[[str], Article]) -> tuple[str, str]:
        self.pages[path] = lambda: make(path)
        return path, title

    def _overview(self, path: str) -> Article:
        return overview(self._asyncapi, self._openapi, self.groups, link_from(path))

    def _endpoint(self, name: str) -> tuple[str, str]:
        def make(path: str) -> Article:
            link = link_from(path)
            return endpoint_page(self._asyncapi, name, self._guides.rules_of(name, link), link)

        return self._add(f"docs/endpoints/{name}", name, make)

    def _tag(self, tag: Described) -> tuple[str, str]:
        name = str(tag["name"])
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
        return self._add(f"docs/http/{slug}", name, lambda path: operations_page(self._openapi, tag, link_from(path)))

    def _errors(self, path: str) -> Article:
        return errors_page(self._asyncapi, self._openapi, link_from(path))

    def _codes(self) -> Iterator[tuple[str, str]]:
        yield self._add("docs/errors", "Errors", self._errors)
        yield self._add("docs/close-codes", "Close codes", lambda _: close_codes_page())

    def _all_guides(self) -> Iterator[tuple[str, str]]:
        yield self._add("docs/clients", "A client in twenty lines", lambda path: client_page(link_from(path)))
        for name, title in self._guides.titles().items():
            yield self._guide(name, title)

    def _guide(self, name: str, title: str) -> tuple[str, str]:
        return self._add(f"docs/guides/{name}", title, lambda path: self._guides.page(name, link_from(path)))

"""The pages of the site by their paths. Each is made when somebody first asks for it, and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import msgspec

from duelcast.http.docs.catalogue import Catalogue
from duelcast.http.docs.frame import Frame
from duelcast.http.docs.guides import read_guides
from duelcast.http.docs.search import search_index
from duelcast.http.served_files import ServedFile, served

SEARCH = "docs/search.json"


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file of the site; the index of the search has no content security policy."""

    file: ServedFile
    content_security_policy: str | None = None


class Site:
    """The documentation of a server. `asyncapi` and `openapi` return the documents as JSON; a call may take half a
    second, and so may `find`, so both belong in a thread."""

    def __init__(
        self, asyncapi: Callable[[], bytes], openapi: Callable[[], bytes], version: str, *, has_console: bool
    ) -> None:
        self._asyncapi = asyncapi
        self._openapi = openapi
        self._version = version
        self._has_console = has_console
        self._making = Lock()
        self._made: dict[str, SiteFile] = {}
        self._paths: frozenset[str] = frozenset()

    def find(self, path: str) -> SiteFile | None:
        """The page or the index at a path, such as `docs/endpoints/contest`; None if there is none. Threads that call
        it meanwhile wait."""
        with self._making:
            # Strangers may ask for anything, so a path without a page costs a look-up.
            if not self._paths:
                self._paths = frozenset({*self.catalogue().pages, SEARCH})
            if path not in self._paths:
                return None
            if path not in self._made:
                self._made[path] = self._make(path)
            return self._made[path]

    def catalogue(self) -> Catalogue:
        """All pages. It is made anew for each page, because the documents take more memory than the page."""
        return Catalogue(msgspec.json.decode(self._asyncapi()), msgspec.json.decode(self._openapi()), read_guides())

    def _make(self, path: str) -> SiteFile:
        catalogue = self.catalogue()
        if path == SEARCH:
            return SiteFile(served(search_index(catalogue.articles()), "application/json"))
        article = catalogue.pages[path]()
        page = Frame(catalogue.groups, self._version, self._has_console).page(path, article)
        return SiteFile(served(page.html, "text/html"), page.content_security_policy)

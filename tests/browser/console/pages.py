"""The console in a browser."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.watching import Watch
from tests.guides.scene import Scene

OUTAGE = re.compile(r"WebSocket connection to '\S+' failed: |Failed to load resource: net::ERR_CONNECTION_REFUSED")
"""The browser itself reports this of attempts to connect while no server listens."""


class Console:
    """The console of `scene`'s server in `page`."""

    def __init__(self, page: Page, watch: Watch, scene: Scene) -> None:
        self.page = page
        self.scene = scene
        self._watch = watch

    def open(self, path: str = "", token: str | None = None) -> None:
        """Go to a view, signed in if there is a token, and wait until the page is live."""
        fragment = "" if token is None else f"#token={token}"
        self.page.goto(f"{self.scene.server.url}/console/{path}{fragment}")
        self.live()

    def live(self) -> None:
        """Wait until the page says that it is live."""
        expect(self.pill).to_have_text("Live")

    @property
    def pill(self) -> Locator:
        return self.page.locator(".pill")

    def row(self, symbol: str) -> Locator:
        """The row of a symbol in the market."""
        return self.page.locator(f"tr[data-symbol='{symbol}']")

    def clean(self) -> None:
        """Nothing failed, broke the content security policy, or spoke to another host."""
        host = self.scene.server.url.removeprefix("http://")
        assert [error for error in self._watch.errors if not OUTAGE.search(error)] == []
        assert self._watch.hosts == {host}

"""The console in a browser."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from duelcast.channels.names import Role
from tests.browser.watching import Watch
from tests.guides.scene import Scene, token_of

OUTAGE = re.compile(r"WebSocket connection to '\S+' failed: |Failed to load resource: net::ERR_CONNECTION_REFUSED")
"""The browser itself reports this of attempts to connect while no server listens."""
WIDTHS = (1280, 360)
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Resolves when the page has shown what it was about to show."""


class Console:
    """The console of `scene`'s server in `page`; `url` is the address under which the page finds the server, if that is
    not its own."""

    def __init__(self, page: Page, watch: Watch, scene: Scene, url: str | None = None) -> None:
        self.page = page
        self.watch = watch
        self.scene = scene
        self.url = scene.server.url if url is None else url

    def tab(self) -> Console:
        """The console in another tab of the same browser, not open yet."""
        page = self.page.context.new_page()
        return Console(page, Watch(page), self.scene, self.url)

    def go(self, path: str = "", token: str | None = None) -> None:
        """Go to a view, signed in if there is a token."""
        fragment = "" if token is None else f"#token={token}"
        self.page.goto(f"{self.url}/console/{path}{fragment}")

    def open(self, path: str = "", token: str | None = None) -> None:
        """Go to a view, signed in if there is a token, and wait until the page is live."""
        self.go(path, token)
        self.live()

    def turn_to(self, path: str) -> None:
        """Go to a view as a link in the page does, without loading the page anew."""
        self.page.evaluate("path => history.pushState(null, '', path)", f"{urlsplit(self.url).path}/console/{path}")
        self.page.evaluate(PAINTED)

    def operate(self, path: str = "", role: Role = Role.ADMIN) -> None:
        """Go to a view for operators as one of them."""
        wallet = "boss" if role is Role.ADMIN else "root"
        self.open(f"operate/{path}".rstrip("/"), token_of(wallet, role))

    def live(self) -> None:
        """Wait until the page says that it is live."""
        expect(self.pill).to_have_text("Live")

    @property
    def pill(self) -> Locator:
        return self.page.locator(".pill")

    @property
    def badge(self) -> Locator:
        """How many notifications are unread; there is none if all are read."""
        return self.page.locator(".badge")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def row(self, symbol: str) -> Locator:
        """The row of a symbol in the market."""
        return self.page.locator(f"tr[data-symbol='{symbol}']")

    def message(self, text: str) -> Locator:
        """A message in the room of a contest."""
        return self.page.locator(".message").filter(has_text=text)

    def say(self, text: str) -> None:
        """Write in the room of a contest."""
        self.page.get_by_label("Message", exact=True).fill(text)
        self.page.keyboard.press("Enter")

    def confirm(self, action: str, word: str | None = None) -> None:
        """Confirm what the open dialog asks for; `word` is what must be typed first."""
        button = self.dialog.get_by_role("button", name=action, exact=True)
        if word is not None:
            expect(button).to_be_disabled()
            self.dialog.get_by_label(f"Type “{word}” to confirm").fill(word)
        button.click()
        expect(self.dialog).to_have_count(0)

    def fits(self) -> None:
        """The view needs no sideways scroll, wide or narrow. Leaves the page narrow."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 800})
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width

    def clean(self) -> None:
        """Nothing failed, broke the content security policy, or spoke to another host."""
        errors = [error for error in self.watch.errors if not OUTAGE.search(error)]
        assert not errors, errors
        assert self.watch.hosts == {self.url.split("/")[2]}

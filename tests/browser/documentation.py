"""The documentation in a browser, as tests use it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


class TryIt:
    """The form on an endpoint's page that speaks to the server."""

    def __init__(self, page: Page, server: str, endpoint: str) -> None:
        page.goto(f"{server}/docs/endpoints/{endpoint}")
        self.page = page
        self.form = page.locator("#try")
        self.message = self.form.get_by_label("Message", exact=True)
        self.token = self.form.get_by_label("Token")
        self.log = self.form.get_by_role("listitem")

    def choose(self, command: str) -> None:
        self.form.get_by_label("Command").select_option(label=command)

    def press(self, button: str) -> None:
        self.form.get_by_role("button", name=button, exact=True).click()

    def expect_status(self, text: str) -> None:
        expect(self.form.get_by_role("status")).to_have_text(text)

    def arrived(self, type_: str) -> Locator:
        """The messages of a type from the server, the newest first."""
        return self.form.locator("[data-from=server] summary").filter(has_text=type_)

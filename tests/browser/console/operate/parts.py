"""What views for operators have in common."""

from __future__ import annotations

from playwright.sync_api import Locator

from tests.browser.console.pages import Console


def panel(console: Console) -> Locator:
    """The details of the row that is chosen."""
    return console.page.get_by_role("complementary")


def fact(within: Locator, name: str) -> Locator:
    """The value of the first fact with a name."""
    term = within.page.get_by_role("term").filter(has_text=name)
    return within.locator("dl > div").filter(has=term).get_by_role("definition").first


def link(console: Console, name: str) -> Locator:
    """A link in the view itself."""
    return console.page.get_by_role("main").get_by_role("link", name=name, exact=True)


def rows(console: Console) -> Locator:
    """The rows of the view's table."""
    return console.page.get_by_role("main").locator("tbody tr:not([aria-hidden])")

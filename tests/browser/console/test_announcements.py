"""Announcements, which everybody sees in whichever view they are."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.console.pages import Console
from tests.guides.scene import CONTEST, token_of

pytestmark = pytest.mark.browser


def announce(console: Console, title: str, priority: str) -> None:
    note = {"broadcast": True, "type": "NEWS", "title": title, "content": "Read this.", "priority": priority}
    console.scene.call("POST", "/notifications", note)


def test_an_announcement_is_over_every_view_and_an_urgent_one_until_it_is_dismissed(console: Console) -> None:
    page = console.page
    guest = console.tab()
    console.open(f"contests/{CONTEST}", token_of("ann"))
    guest.open()
    announce(console, "New symbols", "low")
    announce(console, "Prices are late", "urgent")
    for tab in (console, guest):
        announced = tab.page.locator(".announced")
        expect(announced).to_have_role("status")
        expect(announced.locator("article")).to_contain_text(["Prices are late", "New symbols"])

    page.get_by_role("link", name="Contests").click()
    expect(page.locator(".announced article")).to_contain_text(["Prices are late"])
    page.get_by_role("link", name="Inbox").click()
    expect(page.locator(".announced article")).to_have_count(0)
    page.get_by_role("link", name="Market").click()
    page.get_by_role("button", name="Dismiss: Prices are late").press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name="Contests").click()
    expect(page.get_by_role("heading", name="Contests", level=1)).to_be_visible()
    expect(page.locator(".announced article")).to_have_count(0)
    guest.fits()
    for tab in (console, guest):
        tab.clean()

"""Notifications: equal in all tabs, and harmless whatever they contain."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.console.pages import Console
from tests.browser.watching import Watch
from tests.guides.scene import token_of

pytestmark = pytest.mark.browser

HOSTILE = {
    "html": "<img src=x onerror=\"document.title='broken'\"><b>bold</b>",
    "bidi": "\u05d0\u05d1\u05d2 \u0627\u0644\u0639 right to left",
    "zero width": "a\u200b" * 200,
    "long": "W" * 190,
}


def test_a_notification_that_is_read_in_one_tab_is_read_in_the_other(console: Console) -> None:
    page = console.page
    console.open("inbox", token_of("ann"))
    other = Console(page.context.new_page(), Watch(page), console.scene)
    other.open("", token_of("ann"))
    for tab in (console, other):
        expect(tab.page.locator(".badge")).to_have_text("2")
    unread = page.get_by_role("button", name="Mark as read")
    unread.first.click()
    for tab in (console, other):
        expect(tab.page.locator(".badge")).to_have_text("1")
    page.get_by_role("button", name="Mark all as read").click()
    for tab in (console, other):
        expect(tab.page.locator(".badge")).to_have_count(0)
    console.clean()


def test_hostile_notifications_are_text(console: Console) -> None:
    page = console.page
    for title, content in HOSTILE.items():
        body = {"wallets": ["ann"], "type": "CONTEST_INVITE", "title": title, "content": content}
        console.scene.call("POST", "/notifications", {**body, "link": "https://elsewhere.example/a"})
    console.open("inbox", token_of("ann"))
    for content in HOSTILE.values():
        expect(page.get_by_text(content, exact=True)).to_have_count(1)
    link = page.get_by_role("link", name="html")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    assert page.title() == "Inbox · Duelcast"
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    console.clean()

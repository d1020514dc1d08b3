"""Notifications: equal in all tabs, and harmless whatever they contain."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.console.pages import Console
from tests.guides.scene import Scene, token_of

pytestmark = pytest.mark.browser

HOSTILE = {
    "html": "<img src=x onerror=\"document.title='broken'\"><b>bold</b>",
    "bidi": "\u05d0\u05d1\u05d2 \u0627\u0644\u0639 right to left",
    "zero width": "a\u200b" * 200,
    "long": "W" * 190,
}


@pytest.fixture
def scene(shared_scene: Scene) -> Scene:
    """Each test has its own users, who have no notifications yet."""
    return shared_scene


def notify(console: Console, wallet: str, title: str, content: str = "Read this.", **more: str) -> None:
    note = {"wallets": [wallet], "type": "NEWS", "title": title, "content": content, **more}
    console.scene.call("POST", "/notifications", note)


def test_what_is_read_in_one_tab_is_read_in_the_other_but_not_by_another_user(console: Console) -> None:
    page = console.page
    for wallet, title in (("una", "First news"), ("una", "Second news"), ("uwe", "First news")):
        notify(console, wallet, title)
    console.open("inbox", token_of("una"))
    other, uwe = console.tab(), console.tab()
    other.open("", token_of("una"))
    uwe.open("", token_of("uwe"))
    for tab in (console, other):
        expect(tab.badge).to_have_text("2")
    expect(uwe.badge).to_have_text("1")
    unread = page.get_by_role("button", name="Mark as read")
    unread.first.click()
    for tab in (console, other):
        expect(tab.badge).to_have_text("1")
    page.get_by_role("button", name="Mark all as read").click()
    for tab in (console, other):
        expect(tab.badge).to_have_count(0)
    expect(uwe.badge).to_have_text("1")
    for tab in (console, other, uwe):
        tab.clean()


def test_hostile_notifications_are_text(console: Console) -> None:
    page = console.page
    for title, content in HOSTILE.items():
        notify(console, "hal", title, content, link="https://elsewhere.example/a")
    console.open("inbox", token_of("hal"))
    for content in HOSTILE.values():
        expect(page.get_by_text(content, exact=True)).to_have_count(1)
    link = page.get_by_role("link", name="html")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    assert page.title() == "Inbox · Duelcast"
    console.fits()
    console.clean()


def test_marking_leads_to_the_next_unread_notification(console: Console) -> None:
    page = console.page
    notify(console, "tia", "Join the cup", type="CONTEST_INVITE")
    for title in ("First news", "Second news", "Third news"):
        notify(console, "tia", title)
    console.open("inbox", token_of("tia"))
    page.get_by_role("button", name="Mark as read: Second news").press("Enter")
    expect(page.get_by_role("button", name="Mark as read: First news")).to_be_focused()
    page.get_by_role("combobox", name="Type").select_option("NEWS")
    page.get_by_role("button", name="Mark all as read: News").click()
    expect(page.locator(".notification[data-unread=true]")).to_have_count(0)
    expect(console.badge).to_have_text("1")
    console.clean()


def test_older_notifications_come_page_by_page(console: Console) -> None:
    page = console.page
    own = page.get_by_role("region", name="Inbox", exact=True).locator(".notification")
    notify(console, "old", "Join the cup", type="CONTEST_INVITE")
    for number in range(35):
        notify(console, "old", f"News {number}")
    console.open("inbox", token_of("old"))
    page.get_by_role("combobox", name="Type").select_option("NEWS")
    older = page.get_by_role("button", name="Show older ones")
    older.click()
    expect(own).to_have_count(35)
    expect(older).to_have_count(0)


def test_a_visitor_sees_the_announcements_and_an_invitation(console: Console) -> None:
    page = console.page
    news = {"broadcast": True, "type": "NEWS", "title": "New symbols", "content": "From today on."}
    console.scene.call("POST", "/notifications", news)
    console.open("inbox")
    expect(page.get_by_role("region", name="Announcements")).to_contain_text("New symbols")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    console.clean()

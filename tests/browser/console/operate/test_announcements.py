"""Announcements: what an operator writes is previewed, confirmed, and seen by everybody."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.console.pages import Console
from tests.guides.scene import token_of

pytestmark = pytest.mark.browser


def test_an_announcement_is_previewed_confirmed_and_seen_by_everybody(console: Console, another: Console) -> None:
    page = console.page
    another.open("inbox", token_of("quin"))
    announcements = another.page.get_by_role("region", name="Announcements")
    console.operate("announcements")
    send = page.get_by_role("button", name="Send to everybody")
    expect(send).to_be_disabled()
    page.get_by_role("textbox", name="Title").fill("New symbols")
    page.get_by_role("textbox", name="Text").fill("From today on, there are twenty more.")
    page.get_by_label("Link").fill("https://example.com/symbols")
    preview = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="New symbols"))
    expect(preview).to_contain_text("twenty more")
    expect(preview.get_by_role("link", name="New symbols")).to_have_attribute("href", "https://example.com/symbols")
    send.click()
    expect(console.dialog).to_contain_text("twenty more")
    console.confirm("Send to everybody", "everybody")
    expect(page.get_by_text("The announcement was sent.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Title")).to_have_value("")
    expect(announcements).to_contain_text("New symbols")

    sent = page.get_by_role("listitem").filter(has_text="New symbols")
    sent.get_by_role("button", name="Withdraw").click()
    console.confirm("Withdraw")
    expect(sent).to_have_count(0)
    expect(announcements).not_to_contain_text("New symbols")
    expect(page.get_by_role("heading", name="Sent")).to_be_focused()
    console.clean()
    another.clean()


def test_a_draft_outlives_other_views_and_a_refusal(console: Console) -> None:
    page = console.page
    console.operate("announcements")
    page.get_by_role("textbox", name="Title").fill("Maintenance")
    page.get_by_role("textbox", name="Text").fill("Tonight at two.")
    page.get_by_label("Link").fill("javascript:alert(1)")
    page.get_by_role("navigation", name="Operators").get_by_role("link", name="Audit").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
    page.get_by_role("navigation", name="Operators").get_by_role("link", name="Announcements").click()
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Maintenance")
    page.get_by_role("button", name="Send to everybody").click()
    console.confirm("Send to everybody", "everybody")
    expect(page.get_by_role("alert")).to_contain_text("Link: ")
    expect(page.get_by_label("Link")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("textbox", name="Text")).to_have_value("Tonight at two.")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("textbox", name="Title")).to_have_value("")

"""What the console shows while the server is away, and afterwards."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.console.pages import Console
from tests.guides.scene import CONTEST, token_of

pytestmark = pytest.mark.browser


def test_the_page_says_that_it_reconnects_keeps_its_data_and_goes_on(console: Console) -> None:
    page = console.page
    console.open(token=token_of("ann"))
    expect(page).to_have_url(f"{console.url}/console/")  # the token is not left in the address
    expect(page.get_by_role("button", name="ann")).to_be_visible()
    expect(console.badge).to_have_text("2")  # an invitation, and the start of the contest
    page.evaluate("window.isTheSame = true")
    quote = console.row("AAVE").locator(".quote")
    expect(quote).to_have_text(re.compile(r"\d"))

    console.scene.server.kill()
    expect(console.pill).to_have_text(re.compile("Reconnecting"))
    expect(quote).to_have_text(re.compile(r"\d"))
    before = quote.inner_text()
    console.scene.server.start()
    console.live()
    expect(quote).not_to_have_text(before)
    expect(console.badge).to_have_text("2")
    assert page.evaluate("window.isTheSame")
    console.clean()


def test_after_an_outage_each_message_is_there_once_even_if_it_was_sent_meanwhile_and_the_badge_is_right(
    console: Console,
) -> None:
    page, scene = console.page, console.scene
    texts = page.locator(".message > p:last-child")
    console.open(f"contests/{CONTEST}/room", token_of("ann"))
    scene.say("bob", "Before")
    expect(texts).to_have_text(["Good luck!", "Before"])
    page.evaluate("window.isTheSame = true")

    scene.server.kill()
    expect(console.pill).to_have_text(re.compile("Reconnecting"))
    for text in ("Meanwhile 1", "Meanwhile 2"):
        console.say(text)
    expect(page.locator(".message[data-state=pending]")).to_have_count(2)
    scene.server.start()
    for text in ("After 1", "After 2", "After 3"):
        scene.say("bob", text)
    note = {"wallets": ["ann"], "type": "NEWS", "title": "The server is back", "content": "Nothing is lost."}
    scene.call("POST", "/notifications", note)

    console.live()
    expect(console.badge).to_have_text("3")
    expect(page.locator(".message[data-state=pending]")).to_have_count(0)
    scene.say("bob", "The last one")  # after which nothing comes late
    expect(texts.last).to_have_text("The last one")
    stored = ["After 1", "After 2", "After 3", "Before", "Good luck!", "Meanwhile 1", "Meanwhile 2", "The last one"]
    assert sorted(texts.all_inner_texts()) == stored
    expect(console.badge).to_have_text("3")
    assert page.evaluate("window.isTheSame")
    console.clean()

"""What the console shows while the server is away, and afterwards."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.console.pages import Console
from tests.guides.scene import token_of

pytestmark = pytest.mark.browser


def test_the_page_says_that_it_reconnects_keeps_its_data_and_goes_on(console: Console) -> None:
    page = console.page
    console.open(token=token_of("ann"))
    expect(page).to_have_url(f"{console.scene.server.url}/console/")  # the token is not left in the address
    expect(page.get_by_role("button", name="ann")).to_be_visible()
    unread = page.locator(".badge")
    expect(unread).to_have_text("2")  # an invitation, and the start of the contest
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
    expect(unread).to_have_text("2")
    assert page.evaluate("window.isTheSame")
    console.clean()

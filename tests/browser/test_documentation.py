"""The pages of the documentation: reading, searching, and on every screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.axe import violations
from tests.browser.server_process import ServerProcess
from tests.browser.watching import Watch
from tests.http.docs.real_site import real_pages

pytestmark = pytest.mark.browser

PATHS = list(real_pages())
KINDS = ["docs", "docs/clients", "docs/errors", "docs/endpoints/contest", "docs/http/contests", "docs/guides/feeds"]
NARROW_PX = 360


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(Path(tmp_path_factory.mktemp("server")) / "data", {"DUELCAST_RATE_LIMIT_FACTOR": "0"})
    try:
        process.start()
        yield process
    finally:
        if process.runs:
            process.stop()


def test_every_page_fits_into_a_narrow_screen(page: Page, server: ServerProcess, watch: Watch) -> None:
    page.set_viewport_size({"width": NARROW_PX, "height": 780})
    for path in PATHS:
        page.goto(f"{server.url}/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW_PX, path
    assert watch.errors == []
    assert watch.hosts == {server.url.removeprefix("http://")}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, NARROW_PX])
def test_axe_finds_nothing(browser: Browser, server: ServerProcess, scheme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    for path in KINDS:
        page.goto(f"{server.url}/{path}")
        assert violations(page) == [], path
    context.close()


def test_the_pages_can_be_read_without_javascript(browser: Browser, server: ServerProcess) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/docs")
    page.get_by_role("navigation", name="Contents").get_by_role("link", name="market-data", exact=True).click()
    expect(page.get_by_role("heading", name="SUBSCRIBE_SYMBOLS", exact=True)).to_be_visible()
    expect(page.get_by_role("search")).to_be_hidden()
    expect(page.locator("#try")).to_be_hidden()
    page.get_by_text("symbols_subscribed").locator("visible=true").first.click()
    expect(page.locator("[id='message-symbols_subscribed.reply'] dt").first).to_be_visible()
    context.close()


def test_a_link_to_a_message_opens_and_shows_it(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/docs/endpoints/market-data#message-pong.reply")
    expect(page.locator("[id='message-pong.reply']")).to_be_in_viewport()


def test_the_search_is_found_used_and_left_by_keyboard(page: Page, server: ServerProcess, watch: Watch) -> None:
    page.goto(f"{server.url}/docs/guides/operations")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Search the documentation")
    expect(search).to_be_focused()
    page.keyboard.type("send chat message")
    results = page.locator(".results a")
    expect(page.locator("#found")).to_have_text(re.compile(r"^\d+ found$"))
    page.keyboard.press("ArrowDown")
    expect(results.first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".results")).to_be_hidden()
    expect(search).to_be_focused()

    search.fill("send_chat_message")
    expect(results.first.locator("strong")).to_have_text("send_chat_message")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{server.url}/docs/endpoints/contest#message-send_chat_message")
    expect(page.get_by_role("heading", name="send_chat_message", exact=True)).to_be_in_viewport()
    assert watch.errors == []


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("MARKET_PRICE", "docs/endpoints/market-data#message-MARKET_PRICE.push"),
        ("post prices", "docs/http/tokens#operation-postPrices"),
        ("TOO_MANY_SUBSCRIPTIONS", "docs/errors#TOO_MANY_SUBSCRIPTIONS"),
        ("4003", "docs/close-codes#code-4003"),
        ("DUELCAST_OPS_PORT", "docs/guides/operations#"),
        ("leaderboard.{contestId}", "docs/endpoints/contest#channels"),
    ],
)
def test_the_search_finds(page: Page, server: ServerProcess, words: str, address: str) -> None:
    page.goto(f"{server.url}/docs/errors")
    page.get_by_role("searchbox").fill(words)
    expect(page.locator(f".results a[href^='{server.url}/{address}']").first).to_be_visible()


def test_the_search_says_that_it_searches(page: Page, server: ServerProcess, watch: Watch) -> None:
    held: list[Route] = []
    page.route("**/docs/search.json", lambda route: held.append(route))
    page.goto(f"{server.url}/docs")
    page.get_by_role("searchbox").fill("price")
    expect(page.locator("#found")).to_have_text("Searching")
    watch.until(lambda: held != [])
    held[0].continue_()
    expect(page.locator("#found")).to_have_text(re.compile(r"^\d+ found$"))


def test_the_search_says_if_it_finds_nothing_or_cannot_read(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/docs")
    search, status = page.get_by_role("searchbox"), page.locator("#found")
    page.route("**/docs/search.json", lambda route: route.fulfill(status=503))
    search.fill("price")
    expect(status).to_have_text("The index cannot be read: HTTP 503")
    page.unroute("**/docs/search.json")
    search.fill("prices")
    expect(status).to_have_text(re.compile(r"^\d+ found$"))
    search.fill("prices")
    expect(page.locator(".results strong").first).to_have_text("market-data")
    search.fill("<img src=x>")
    expect(status).to_have_text("Nothing found")


def test_code_can_be_copied(browser: Browser, server: ServerProcess) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{server.url}/docs/http/tokens")
    example = page.locator("figure.code").filter(has_text="curl").first
    example.hover()
    example.get_by_role("button", name="Copy").click()
    expect(example.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").startswith(f'curl "{server.url}/api/v69/')
    context.close()


def test_a_small_screen_opens_the_contents_by_a_button(page: Page, server: ServerProcess) -> None:
    page.set_viewport_size({"width": NARROW_PX, "height": 780})
    page.goto(f"{server.url}/docs/endpoints/contest")
    contents = page.get_by_role("navigation", name="Contents")
    expect(contents).to_be_hidden()
    page.get_by_role("button", name="Contents").click()
    contents.get_by_role("link", name="Pushes").click()
    expect(contents).to_be_hidden()
    expect(page.get_by_role("heading", name="Pushes")).to_be_in_viewport()

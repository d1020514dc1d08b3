"""`/docs` in a browser: what it makes of the real documents."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, async_playwright

from duelcast.endpoints.documents.asyncapi import asyncapi
from duelcast.endpoints.registry import find_endpoints
from tests.http.serving import serving

pytestmark = pytest.mark.browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DEAD_LINKS = """[...document.querySelectorAll('main a[href^="#"]')].map((link) => link.getAttribute("href"))
    .filter((target) => !document.getElementById(target.slice(1)))"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """The finished reference page on a small screen; fails where the page reports an error."""
    executable = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if executable is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} on the path: make browser-test installs one")
    complaints: list[str] = []
    async with serving(asyncapi=asyncapi(find_endpoints().values())) as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        opened = await browser.new_page(viewport={"width": 390, "height": 800})
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(error.message))
        await opened.goto(f"{server.client.base_url}/docs".replace("//docs", "/docs"))
        await opened.wait_for_selector("#state", state="detached")
        yield opened
        await browser.close()
    assert complaints == []


async def test_the_page_shows_every_endpoint_with_its_commands_and_every_route(page: Page) -> None:
    headings = await page.locator("#websocket-body h3").all_inner_texts()
    assert headings == [endpoint.path for endpoint in find_endpoints().values()]
    text = await page.locator("#websocket-body").inner_text()
    for endpoint in find_endpoints().values():
        for command in endpoint.commands:
            assert command in text
    assert "/api/v69/tokens/{symbol}/history" in await page.locator("#http-body").inner_text()


async def test_every_link_within_the_page_leads_somewhere(page: Page) -> None:
    assert await page.locator('main a[href^="#"]').count() > 10
    assert await page.evaluate(DEAD_LINKS) == []


async def test_a_link_to_a_schema_opens_it(page: Page) -> None:
    await page.evaluate("location.hash = '#ws-Token'")
    await page.wait_for_selector("#ws-Token[open]")


async def test_a_small_screen_does_not_scroll_sideways(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") == 390

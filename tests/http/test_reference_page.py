"""`/docs` in a browser: what it makes of the real documents."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import get_args

import pytest
from playwright.async_api import Locator, Page

from duelcast.endpoints.documents.asyncapi import asyncapi
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.registry import find_endpoints
from duelcast.wire.messages import SymbolOrAll
from tests.http.chromium import chromium_page
from tests.http.serving import serving

pytestmark = pytest.mark.browser

SMALL_SCREEN_PX = 390
DEAD_LINKS = """[...document.querySelectorAll('main a[href^="#"]')].map((link) => link.getAttribute("href"))
    .filter((target) => !document.getElementById(target.slice(1)))"""


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """The finished reference page on a small screen; fails where the page reports an error."""
    complaints: list[str] = []
    async with (
        serving(asyncapi=asyncapi(describe(find_endpoints().values()))) as server,
        chromium_page(width=SMALL_SCREEN_PX) as opened,
    ):
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(error.message))
        await opened.goto(str(server.client.base_url.join("/docs")))
        await opened.wait_for_selector("#state", state="detached")
        yield opened
    assert complaints == []


def part(page: Page, within: str, name: str) -> Locator:
    """The first message or operation of that name."""
    return (
        page.locator(f"{within} details").filter(has=page.locator("summary code").get_by_text(name, exact=True)).first
    )


async def text_of(locator: Locator) -> str:
    """All text, shown or not."""
    return (await locator.text_content()) or ""


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
    assert await page.evaluate("document.documentElement.scrollWidth") == SMALL_SCREEN_PX


async def test_what_every_command_may_be_answered_with_is_said_once_per_endpoint(page: Page) -> None:
    body = await text_of(page.locator("#websocket-body"))
    assert body.count("Any command may be answered with") == len(find_endpoints())
    answers_of_one = await page.locator("#websocket-body details details > summary > code").all_text_contents()
    assert "symbols_subscribed" in answers_of_one
    assert not {"ERROR", "error"} & set(answers_of_one)
    subscribe = await text_of(part(page, "#websocket-body", "SUBSCRIBE_SYMBOLS"))
    assert "INVALID_SYMBOLS" in subscribe
    assert "INTERNAL_ERROR" not in subscribe


async def test_bounds_are_shown_and_those_that_every_integer_has_are_not(page: Page) -> None:
    assert "array (1–1,000 members) of string" in await text_of(part(page, "#websocket-body", "SUBSCRIBE_SYMBOLS"))
    assert "array (1–500 members) of" in await text_of(part(page, "#websocket-body", "subscribe"))
    assert "integer (0–255)" in await text_of(page.locator("#http-TokenMetadataInput"))
    assert "number (1e-30–1e+30)" in await text_of(page.locator("#http-PostedPrice"))
    assert "9007199254740991" not in (await text_of(page.locator("main"))).replace(",", "")


async def test_a_description_is_shown_in_place_of_a_pattern(page: Page) -> None:
    symbols = await text_of(part(page, "#websocket-body", "SUBSCRIBE_SYMBOLS"))
    (declared,) = get_args(SymbolOrAll)[1:]
    assert declared.description.replace("`", "") in symbols
    assert "matches" not in symbols


async def test_an_operation_shows_examples_of_its_body_and_its_answer(page: Page) -> None:
    examples = (
        await part(page, "#http-body", "/api/v69/contests/{contest_id}/entries").locator("pre").all_text_contents()
    )
    body, answer = map(json.loads, examples)
    assert [choice["symbol"] for choice in body["portfolio"]] == ["SOL", "BTC"]
    assert answer["status"] == "registered"


async def test_the_pattern_of_a_described_field_that_may_be_null_is_not_shown(page: Page) -> None:
    currency = page.locator("#http-NewContest tr").filter(has_text="currency").first
    assert "1 to 16 characters of A-Z 0-9" in await text_of(page.locator("#http-NewContest"))
    assert "matches" not in await text_of(currency)


async def test_what_a_summary_says_is_not_said_again_below_it(page: Page) -> None:
    summaries = await page.locator("#websocket-body details > summary > .dim").all_text_contents()
    paragraphs = await page.locator("#websocket-body details > p").all_text_contents()
    assert summaries
    assert not set(summaries) & set(paragraphs)


async def test_every_column_has_a_title(page: Page) -> None:
    titles = await page.locator("th").all_text_contents()
    assert titles
    assert "" not in titles

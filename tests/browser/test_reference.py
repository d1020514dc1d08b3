"""The reference page, which renders the AsyncAPI and the OpenAPI document."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.server_process import ServerProcess
from tests.browser.watching import Watch

pytestmark = pytest.mark.browser


def open_reference(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/docs")
    expect(page.locator("#state")).to_have_count(0)


def test_the_page_shows_each_endpoint_with_its_messages(page: Page, server: ServerProcess, watch: Watch) -> None:
    open_reference(page, server)
    endpoints = page.locator("#websocket-body h3")
    expect(endpoints).to_contain_text(["/api/v69/ws/market-data", "/api/v69/ws/token-data"])
    for message in ("SUBSCRIBE_SYMBOLS", "MARKET_PRICE", "subscribe_tokens", "connection_established"):
        expect(page.locator("#websocket-body summary code", has_text=message).first).to_be_visible()
    assert watch.errors == []


def test_the_page_shows_the_http_api(page: Page, server: ServerProcess) -> None:
    open_reference(page, server)
    operations = page.locator("#http-body summary")
    for operation in ("POST /api/v69/tokens/prices", "GET /healthz", "GET /readyz"):
        expect(operations.filter(has_text=operation).first).to_be_visible()


def test_a_message_opens_to_its_fields(page: Page, server: ServerProcess) -> None:
    open_reference(page, server)
    message = page.locator("#websocket-body details", has=page.locator("summary", has_text="SUBSCRIBE_SYMBOLS")).first
    field = message.locator("td code", has_text="symbols").first
    expect(field).to_be_hidden()
    message.locator("summary").first.click()
    expect(field).to_be_visible()


def test_every_link_within_the_page_leads_somewhere(page: Page, server: ServerProcess) -> None:
    open_reference(page, server)
    targets = page.locator("a[href^='#']").evaluate_all("links => links.map(link => link.hash.slice(1))")
    ids = page.locator("[id]").evaluate_all("elements => elements.map(element => element.id)")
    assert targets
    assert set(targets) <= set(ids)


def test_the_page_needs_nothing_from_outside_the_server(page: Page, server: ServerProcess, watch: Watch) -> None:
    open_reference(page, server)
    assert watch.hosts == {server.url.removeprefix("http://")}


def test_a_phone_need_not_scroll_sideways(page: Page, server: ServerProcess) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_reference(page, server)
    width = page.locator("html").evaluate("root => root.scrollWidth")
    assert width <= 390

"""The JavaScript of the guide for client developers, on the page of the server that shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.server_process import ServerProcess
from tests.browser.watching import Watch, WatchedSocket

pytestmark = pytest.mark.browser

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
SYMBOLS = {"SOL", "BTC"}
CHANNELS = {"market.SOL", "market.BTC"}
KEEP_SOCKETS = """
window.opened = [];
window.WebSocket = class extends WebSocket {
  constructor(...options) { super(...options); window.opened.push(this); }
};
"""
OUTAGE = re.compile(r"WebSocket connection to '\S+' failed: ")
"""What the browser itself reports of an attempt to connect while no server listens."""


def open_guide(page: Page, server: ServerProcess) -> None:
    page.goto(f"{server.url}/docs/clients")
    expect(page.locator("#prices tr")).to_have_count(len(SYMBOLS))


def price_of(page: Page, symbol: str) -> Locator:
    return page.locator("#prices tr", has_text=symbol).locator("td").nth(1)


def has_prices(socket: WatchedSocket) -> bool:
    """Whether a price of each symbol came over `socket`."""
    return {message["data"]["symbol"] for message in socket.of_type("MARKET_PRICE")} == SYMBOLS


def is_confirmed(socket: WatchedSocket) -> bool:
    return {message["channel"] for message in socket.of_type("subscription_confirmed")} == CHANNELS


def came_back(watch: Watch) -> WatchedSocket:
    """The newest connection, once it has brought prices."""
    watch.until(lambda: len(watch.sockets) > 1 and has_prices(watch.sockets[-1]))
    return watch.sockets[-1]


def test_the_page_shows_prices_that_move(page: Page, server: ServerProcess, watch: Watch) -> None:
    open_guide(page, server)
    for symbol in SYMBOLS:
        price = price_of(page, symbol)
        expect(price).to_have_text(re.compile(r"^[0-9.]+$"))
        expect(price).not_to_have_text(price.inner_text())
    assert watch.errors == []


def test_the_page_speaks_to_its_own_server_alone(page: Page, server: ServerProcess, watch: Watch) -> None:
    open_guide(page, server)
    assert watch.hosts == {server.url.removeprefix("http://")}


def test_the_page_runs_the_script_that_it_and_the_guide_show(page: Page, server: ServerProcess) -> None:
    open_guide(page, server)
    source = page.locator("#source").inner_text().strip()
    assert page.locator("script").first.text_content() == page.locator("#source").text_content()
    assert f"```js\n{source}\n```" in GUIDE.read_text(encoding="utf-8")


def test_a_broken_connection_is_recovered_with_since(page: Page, server: ServerProcess, watch: Watch) -> None:
    page.add_init_script(KEEP_SOCKETS)
    open_guide(page, server)
    page.evaluate("opened[0].close(3000)")
    socket = came_back(watch)
    assert {position.split(",")[0] for position in socket.since} == CHANNELS
    assert is_confirmed(socket)
    assert all(message["recovered"] for message in socket.of_type("subscription_confirmed"))
    assert watch.errors == []


def test_a_restart_of_the_server_is_survived(page: Page, server: ServerProcess, watch: Watch) -> None:
    open_guide(page, server)
    assert server.stop() == 0
    server.start()
    socket = came_back(watch)
    assert {position.split(",")[0] for position in socket.since} == CHANNELS
    assert is_confirmed(socket)
    assert not any(message["recovered"] for message in socket.of_type("subscription_confirmed"))
    price = price_of(page, "SOL")
    expect(price).not_to_have_text(price.inner_text())
    assert [error for error in watch.errors if not OUTAGE.search(error)] == []


def test_the_server_logs_nothing_above_info(page: Page, server: ServerProcess) -> None:
    open_guide(page, server)
    assert server.stop() == 0
    assert {record["level"] for record in server.log} == {"info"}

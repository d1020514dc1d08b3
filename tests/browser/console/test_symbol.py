"""A symbol: its price, candles, trades and metadata."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.console.pages import Console
from tests.guides.scene import Scene

pytestmark = pytest.mark.browser

TOKEN = {
    "name": "Test token",
    "address": "T1address",
    "decimals": 6,
    "websites": [{"label": "Home", "url": "https://example.com/"}],
}


@pytest.fixture
def scene(shared_scene: Scene) -> Scene:
    return shared_scene


def post(console: Console, symbol: str, price: float) -> None:
    console.scene.call("POST", "/tokens/prices", [{"symbol": symbol, "price": price}])


def test_the_newest_candle_moves_with_the_price(console: Console) -> None:
    page = console.page
    post(console, "CANDLE", 100)
    console.open("symbols/CANDLE")
    readout = page.locator(".readout")
    expect(page.get_by_role("img", name=re.compile("^CANDLE from "))).to_be_visible()
    page.get_by_role("button", name="1d").click()
    post(console, "CANDLE", 120)
    expect(page.locator(".ticker .quote")).to_have_text("120.00")
    expect(readout).to_contain_text(re.compile(r"High\s*120\.00.*Close\s*120\.00", re.DOTALL))
    post(console, "CANDLE", 90)
    expect(readout).to_contain_text(re.compile(r"High\s*120\.00\s*Low\s*90\.00", re.DOTALL))
    page.get_by_text("Show as a table").click()
    expect(page.locator(".candles").get_by_role("row").last).to_contain_text("120.00")
    console.clean()


def test_trades_sentiment_and_metadata_are_shown(console: Console) -> None:
    page = console.page
    trade = {"symbol": "ABOUT", "price": 100, "quantity": 3, "side": "buy", "id": "a"}
    post(console, "ABOUT", 100)
    console.scene.call("PUT", "/tokens/ABOUT", TOKEN)
    console.open("symbols/about")
    expect(page.get_by_role("region", name="Trades")).to_contain_text("Nobody has traded")
    console.scene.call("POST", "/tokens/trades", [trade])
    expect(page.get_by_role("region", name="Trades").get_by_role("row", name="1m")).to_contain_text("300")
    about = page.get_by_role("region", name="About")
    expect(about).to_contain_text("Test token")
    expect(about.get_by_role("link", name="Home")).to_have_attribute("rel", "noopener noreferrer nofollow")
    console.clean()


def test_an_unknown_symbol_is_said_to_be_unknown(console: Console) -> None:
    console.open("symbols/NONE")
    expect(console.page.get_by_role("heading", level=1)).to_have_text("There is no symbol NONE.")

"""Venues that were not recorded, from their socket to clients and operators."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import quote

import pytest

from duelcast.app import App
from tests.feeds.collecting import until
from tests.feeds.documented_venues import Bitfinex, DocumentedVenue, VenueTrade, documented
from tests.serving import client, http_client, running

pytest.importorskip("ccxt.pro", reason="the extra `exchanges` is not installed")

PATIENCE_S = 60.0


def feed_text(venue: DocumentedVenue) -> str:
    urls = f"ws_url={quote(venue.ws_url, safe=':/')}&http_url={quote(venue.http_url, safe=':/')}"
    return f"exchange:{venue.name}:{','.join(venue.pairs)}?{urls}"


async def reasons(app: App, part: str) -> list[str]:
    async with http_client(app, "") as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 200
    return [reason["reason"] for reason in answer.json()["reasons"] if reason["part"] == part]


async def test_a_refused_pair_and_one_that_never_came_are_named_to_operators() -> None:
    async with (
        documented(Bitfinex("DED/USD", "SOL/USD", "BTC/USD", refused={"DED/USD"})) as venue,
        running(feed=feed_text(venue)) as app,
    ):
        await until(lambda: ("ticker", "BTC/USD") in venue.asked and len(list(app.leader.market.feed_gaps())) == 2)
        await venue.say_ticker("BTC/USD", 100.0)
        await until(lambda: app.leader.market.price("BTC") is not None)
        refused, awaited = await reasons(app, "feed_bitfinex")
        assert refused.startswith("DED/USD: The venue refuses its ")
        assert awaited == "No price has been received for DED, SOL."
        async with http_client(app, "") as http:
            metrics = (await http.get("/metrics")).text
    for line in (
        'duelcast_feed_up{feed="bitfinex"} 1.0',
        'duelcast_feed_pair_failed{feed="bitfinex",pair="DED/USD"} 1.0',
        'duelcast_feed_symbol_awaited{feed="bitfinex",symbol="SOL"} 1.0',
    ):
        assert line in metrics.splitlines()


async def test_the_history_of_a_new_subscription_counts_in_the_windows_of_its_times() -> None:
    now_ms = int(time.time() * 1000)
    ages_s = (60 * 3_600, 7_200, 0)
    history = [VenueTrade(n, 10.0, 1.0, "buy", now_ms - age_s * 1_000) for n, age_s in enumerate(ages_s)]
    async with (
        documented(Bitfinex("SOL/USD", history=history)) as venue,
        running(feed=feed_text(venue)) as app,
        client(app, "market-data") as trader,
    ):
        await trader.ask(type="SUBSCRIBE_SYMBOLS", symbols=["*"])
        volumes: dict[str, Any] = {}
        async with asyncio.timeout(PATIENCE_S):
            while len(volumes) < 6:
                frame = await trader.receive()
                if frame["type"] == "MARKET_VOLUME":
                    volumes[frame["data"]["interval"]] = frame["data"]["trades_count"]
    assert volumes == {"1m": 1, "5m": 1, "15m": 1, "1h": 1, "4h": 2, "1d": 2}

"""The feed `exchange` when its venue, a pair or ccxt fails."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import sys
import types
from functools import partial

import pytest

from duelcast.backoff import Backoff
from duelcast.clock import Clock, ManualClock, SystemClock
from duelcast.feeds.ccxt_client import open_exchange
from duelcast.feeds.exchange import NO_PAIR_REASON, ExchangeFeed
from duelcast.feeds.pairs import parse_pairs
from duelcast.feeds.spec import build_feeds
from tests.feeds.collecting import CollectingSink, running, until
from tests.feeds.recorded_exchange import RecordedExchange, recorded_exchange
from tests.feeds.recorded_sessions import Session

pytest.importorskip("ccxt.pro", reason="the extra `exchanges` is not installed")

LOST = "The connection to the venue failed."
PRODUCT = {"id": "SKL-USD", "base_currency": "SKL", "quote_currency": "USD", "status": "online"}


def short_backoff(clock: Clock) -> Backoff:
    return Backoff(clock, first_s=0.02, longest_s=0.05)


def feed_of(venue: RecordedExchange, pairs: str) -> ExchangeFeed:
    return ExchangeFeed(
        "coinbaseexchange",
        "coinbaseexchange",
        parse_pairs("exchange", pairs),
        SystemClock(),
        ws_url=venue.ws_url,
        http_url=venue.http_url,
        new_backoff=short_backoff,
    )


def a_ticker(price: str, product_id: str = "SKL-USD") -> str:
    return json.dumps({"type": "ticker", "product_id": product_id, "price": price, "time": "2021-04-17T16:43:37.1Z"})


def a_match(trade_id: int) -> str:
    message = {"type": "match", "trade_id": trade_id, "side": "sell", "size": "2", "price": "0.5"}
    ids = {"maker_order_id": "m", "taker_order_id": "t"}
    return json.dumps(message | ids | {"product_id": "SKL-USD", "time": "2021-04-17T16:43:37.1Z"})


def session_of(*frames: str) -> Session:
    return Session(
        venue="coinbaseexchange",
        pairs=("SKL/USD",),
        frames=tuple((0.0, frame) for frame in frames),
        http_answers={"/products": json.dumps([PRODUCT]).encode(), "/currencies": b"[]"},
    )


def reached(venue: RecordedExchange, sink: CollectingSink, frames: int, tickers: int) -> bool:
    return venue.frames_sent >= frames and len(sink.tickers) >= tickers


async def test_a_venue_that_comes_back_is_read_again_and_no_trade_counts_twice() -> None:
    session = session_of(a_ticker("0.5"), a_match(1), a_match(2))
    sink = CollectingSink()
    async with recorded_exchange(session) as venue, running(feed_of(venue, "SKL/USD"), sink):
        venue.start.set()
        await until(lambda: len(sink.trades) == 2)
        for _ in range(2):
            frames, tickers = venue.frames_sent + len(session.frames), len(sink.tickers)
            await venue.drop_connections()
            await until(partial(reached, venue, sink, frames, tickers + 1))
        await until(lambda: sink.reports[-1] == "connected")
        assert [trade.trade_id for trade in sink.trades] == ["1", "2"]
        # How often the loss is told depends on which stream notices it first: one that works keeps the feed up.
        assert sink.reports[0] == "connected"
        assert set(sink.reports) <= {"connected", LOST}


async def test_a_venue_that_is_down_fails_the_feed_until_it_is_up() -> None:
    session = session_of(a_ticker("0.5"))
    sink = CollectingSink()
    async with recorded_exchange(session) as venue:
        port = int(venue.ws_url.rpartition(":")[2])
    async with recorded_exchange(session) as http_only:
        http_only.ws_url = f"ws://127.0.0.1:{port}"
        async with running(feed_of(http_only, "SKL/USD"), sink):
            await until(lambda: len(sink.reports) >= 3)
            assert set(sink.reports) == {LOST}
            async with recorded_exchange(session, port=port) as revived:
                revived.start.set()
                await until(lambda: sink.tickers)
                assert sink.reports[-1] == "connected"


async def test_a_feed_that_lost_its_venue_does_not_repeat_what_it_brought() -> None:
    session = session_of(a_ticker("0.5"), a_match(1))
    sink = CollectingSink()
    async with recorded_exchange(session) as http_only:
        async with recorded_exchange(session) as venue:
            venue.http_url = http_only.http_url
            feed = feed_of(venue, "SKL/USD")
            venue.start.set()
            task = asyncio.create_task(feed.run(sink))
            await until(lambda: len(sink.ticks) == 2)
        await until(lambda: len(sink.reports) >= 8)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert len(sink.ticks) == 2
    assert set(sink.reports[1:]) == {LOST}


async def test_markets_that_cannot_be_loaded_fail_the_feed_until_they_can() -> None:
    session = session_of(a_ticker("0.5"))
    products = session.http_answers.pop("/products")
    sink = CollectingSink()
    async with recorded_exchange(session) as venue, running(feed_of(venue, "SKL/USD"), sink):
        venue.start.set()
        await until(lambda: sink.reports)
        assert sink.reports[0] != "connected"
        session.http_answers["/products"] = products
        await until(lambda: sink.tickers)
        assert sink.reports[-1] == "connected"


async def test_a_pair_that_the_venue_does_not_list_is_left_out() -> None:
    sink = CollectingSink()
    feed_pairs = "NOPE/USD,SKL/USD"
    async with (
        recorded_exchange(session_of(a_ticker("0.5"))) as venue,
        running(feed_of(venue, feed_pairs), sink),
    ):
        venue.start.set()
        await until(lambda: sink.tickers)
        assert sink.reports == ["connected"]


async def test_a_venue_that_lists_none_of_the_pairs_fails_the_feed() -> None:
    sink = CollectingSink()
    async with recorded_exchange(session_of()) as venue, running(feed_of(venue, "NOPE/USD"), sink):
        await until(lambda: sink.reports)
        assert sink.reports[0] == NO_PAIR_REASON


async def test_a_pair_that_the_venue_refuses_does_not_stop_the_others() -> None:
    refusal = json.dumps({"type": "error", "message": "Failed to subscribe", "reason": "DEAD-USD is not valid"})
    session = session_of(a_ticker("0.5"), refusal, a_match(1), a_ticker("0.6"), a_match(2))
    dead = PRODUCT | {"id": "DEAD-USD", "base_currency": "DEAD"}
    session.http_answers["/products"] = json.dumps([PRODUCT, dead]).encode()
    sink = CollectingSink()
    async with (
        recorded_exchange(session, expected_pairs=2, lockstep=True) as venue,
        running(feed_of(venue, "DEAD/USD,SKL/USD"), sink),
    ):
        venue.start.set()
        await until(lambda: len(sink.trades) == 2)
        await until(lambda: sink.tickers[-1].price == 0.6)
        assert [trade.trade_id for trade in sink.trades] == ["1", "2"]


async def test_frames_that_cannot_be_read_are_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    broken = ('{"type": "match"', a_match(9).replace('"SKL-USD"', '"GONE-USD"'), '{"type": "error"}', "[]", "text")
    session = session_of(a_ticker("0.5"), *broken, a_match(1), a_ticker("0.6"))
    sink = CollectingSink()
    with caplog.at_level(logging.ERROR):
        async with recorded_exchange(session) as venue, running(feed_of(venue, "SKL/USD"), sink):
            venue.start.set()
            await until(lambda: sink.trades and sink.tickers and sink.tickers[-1].price == 0.6)
            assert len(venue.connections) == 1
    assert not caplog.records


async def test_where_two_pairs_give_one_symbol_the_one_named_first_is_read() -> None:
    session = session_of(a_ticker("0.7", "SKL-USDT"), a_ticker("0.5"))
    tether = PRODUCT | {"id": "SKL-USDT", "quote_currency": "USDT"}
    session.http_answers["/products"] = json.dumps([PRODUCT, tether]).encode()
    sink = CollectingSink()
    async with recorded_exchange(session) as venue, running(feed_of(venue, "SKL/USD,SKL/USDT"), sink):
        venue.start.set()
        await until(lambda: sink.tickers)
        await venue.finished.wait()
        assert [(ticker.symbol, ticker.price) for ticker in sink.tickers] == [("SKL", 0.5)]


@pytest.mark.parametrize("ready", ["subscribed", "nothing"])
async def test_a_cancelled_feed_leaves_no_task_and_no_open_session(ready: str) -> None:
    before = asyncio.all_tasks()
    async with recorded_exchange(session_of(a_ticker("0.5"))) as venue:
        async with running(feed_of(venue, "SKL/USD"), CollectingSink()):
            if ready == "subscribed":
                await venue.subscribed.wait()
            else:
                await asyncio.sleep(0)
        await until(lambda: not venue.connections)
    gc.collect()
    await until(lambda: asyncio.all_tasks() == before)


async def test_a_feed_cancelled_while_it_dials_leaves_no_task() -> None:
    before = asyncio.all_tasks()
    arrived = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.set()
        with contextlib.suppress(ConnectionError):
            await reader.read(65_536)
            await reader.read(1)
        writer.close()

    silent = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    async with silent, recorded_exchange(session_of()) as venue:
        venue.ws_url = f"ws://127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        async with running(feed_of(venue, "SKL/USD"), CollectingSink()):
            await arrived.wait()
    await until(lambda: asyncio.all_tasks() == before)


@pytest.fixture
def without_ccxt(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where the extra is not installed: the import fails."""
    monkeypatch.setitem(sys.modules, "ccxt.pro", None)


@pytest.mark.usefixtures("without_ccxt")
def test_without_ccxt_the_error_has_the_install_command() -> None:
    with pytest.raises(ValueError, match=r"pip install 'duelcast\[exchanges\]'"):
        build_feeds("exchange:kraken:BTC/USD", ManualClock())


def test_an_unknown_exchange_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="Did you mean 'coinbaseexchange'"):
        build_feeds("exchange:coinbaseexchang:BTC/USD", ManualClock())


@pytest.mark.parametrize(
    ("venue", "hint"),
    [
        ("huobi", "It is 'htx' now."),
        ("gateio", "It is 'gate' now."),
        ("okex", "It is 'okx' now."),
        ("coinbasepro", "It is 'coinbaseexchange' now."),
        ("OKEx5", "It is 'okx' now."),
        ("Kraken", "Did you mean 'kraken'?"),
        ("BITFINEX", "Did you mean 'bitfinex'?"),
    ],
)
def test_a_former_name_and_another_case_are_refused_with_the_name_of_now(venue: str, hint: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        build_feeds(f"exchange:{venue}:BTC/USD", ManualClock())
    assert str(refusal.value) == f"ccxt has no exchange '{venue}' with websockets. {hint}"


@pytest.mark.parametrize("text", ["exchange", "exchange:kraken", "exchange:kraken:", "exchange:kraken:BTC"])
def test_an_exchange_without_pairs_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="BTC/US"):
        build_feeds(text, ManualClock())


def test_the_feed_is_named_after_the_venue_and_knows_its_symbols() -> None:
    (feed,) = build_feeds("exchange:kraken:btc/usd, YFI/BTC ,BTC/USDT", ManualClock())
    assert feed.name == "kraken"
    assert feed.symbols == {"BTC", "YFI-BTC"}


def test_order_books_are_not_kept() -> None:
    exchange = open_exchange("coinbaseexchange", ws_url=None, http_url=None)
    snapshot = {"type": "snapshot", "product_id": "SKL-USD", "asks": [["1", "1"]], "bids": []}
    exchange.handle_message(types.SimpleNamespace(url="", subscriptions={}), snapshot)
    assert exchange.orderbooks == {}


def test_only_scheme_host_and_port_of_a_venues_addresses_are_replaced() -> None:
    exchange = open_exchange("okx", ws_url="ws://127.0.0.1:1", http_url="http://127.0.0.1:2/base")
    assert exchange.urls["api"] == {"rest": "http://127.0.0.1:2/base", "ws": "ws://127.0.0.1:1/ws/v5"}


def test_without_urls_a_venues_addresses_stay() -> None:
    exchange = open_exchange("coinbaseexchange", ws_url=None, http_url=None)
    assert exchange.urls["api"]["ws"].startswith("wss://")
    assert exchange.urls["api"]["public"].startswith("https://")

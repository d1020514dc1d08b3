"""The feed `exchange` reads whole sessions of venues through ccxt, without loss and without repetition."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from duelcast.clock import SystemClock
from duelcast.domain.market.ticks import Ticker, Trade
from duelcast.feeds.spec import build_feeds
from tests.feeds.collecting import CollectingSink, running, until
from tests.feeds.made_sessions import made_coinbase_session
from tests.feeds.recorded_exchange import SESSIONS, RecordedExchange, recorded_exchange
from tests.feeds.recorded_sessions import ExpectedTicker, ExpectedTrade, Session, coinbase_session

pytest.importorskip("ccxt.pro", reason="the extra `exchanges` is not installed")

every_session = pytest.mark.parametrize("make_session", SESSIONS.values(), ids=SESSIONS)


async def read_all(venue: RecordedExchange) -> CollectingSink:
    """Everything the feed brings of a session."""
    sink = CollectingSink()
    (feed,) = build_feeds(venue.feed, SystemClock())
    async with running(feed, sink):
        await venue.subscribed.wait()
        venue.start.set()
        await venue.finished.wait()
        await until(lambda: len(sink.trades) >= len(venue.session.trades))
        await until(lambda: all(sink.tickers_of(symbol) for symbol in venue.session.symbols))
    return sink


def as_expected_trade(trade: Trade) -> ExpectedTrade:
    assert trade.trade_id is not None
    assert trade.side is not None
    return ExpectedTrade(trade.symbol, trade.trade_id, trade.price, trade.quantity, trade.side)


def as_expected_ticker(ticker: Ticker) -> ExpectedTicker:
    assert ticker.high_24h is not None
    assert ticker.low_24h is not None
    assert ticker.base_volume_24h is not None
    return ExpectedTicker(
        ticker.symbol, ticker.price, ticker.high_24h, ticker.low_24h, ticker.base_volume_24h, ticker.volume_24h
    )


@every_session
async def test_every_ticker_arrives_as_it_was_sent(make_session: Callable[[], Session]) -> None:
    async with recorded_exchange(make_session(), lockstep=True) as venue:
        sink = await read_all(venue)
        for symbol in venue.session.symbols:
            arrived = [as_expected_ticker(ticker) for ticker in sink.tickers_of(symbol)]
            assert arrived == venue.session.tickers_of(symbol)


@every_session
async def test_every_trade_arrives_once_with_the_takers_side(make_session: Callable[[], Session]) -> None:
    async with recorded_exchange(make_session()) as venue:
        sink = await read_all(venue)
        for symbol in venue.session.symbols:
            arrived = [as_expected_trade(trade) for trade in sink.trades_of(symbol)]
            assert arrived == venue.session.trades_of(symbol)


@every_session
async def test_the_last_price_of_a_burst_is_the_last_that_was_sent(make_session: Callable[[], Session]) -> None:
    async with recorded_exchange(make_session()) as venue:
        sink = await read_all(venue)
        for symbol in venue.session.symbols:
            assert sink.tickers_of(symbol)[-1].price == venue.session.tickers_of(symbol)[-1].price


async def test_the_recorded_figures_are_those_of_the_recordings_readme() -> None:
    session = coinbase_session()
    assert (len(session.tickers), len(session.trades), len(session.pairs)) == (107, 97, 10)


def test_a_made_session_is_always_the_same_and_has_tickers_and_trades_of_every_pair() -> None:
    session = made_coinbase_session()
    assert session == made_coinbase_session()
    assert len(session.pairs) == 6
    assert len({trade.symbol for trade in session.trades}) == len(session.symbols) == 6


@pytest.mark.parametrize("make_session", [made_coinbase_session, coinbase_session])
async def test_a_ticker_has_the_venues_time_and_its_change_since_24_h_ago(make_session: Callable[[], Session]) -> None:
    session = make_session()
    sent = next(message for _, text in session.frames if (message := json.loads(text))["type"] == "ticker")
    async with recorded_exchange(session, lockstep=True) as venue:
        sink = await read_all(venue)
    first = sink.tickers[0]
    assert first.price == float(sent["price"])
    assert first.venue_time == pytest.approx(datetime.fromisoformat(sent["time"]).timestamp(), abs=0.001)
    assert first.change_24h == pytest.approx((first.price / float(sent["open_24h"]) - 1) * 100)

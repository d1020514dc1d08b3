"""The feed `exchange` reads recorded sessions of real venues through ccxt, without loss and without repetition."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from duelcast.clock import SystemClock
from duelcast.domain.market.ticks import Ticker, Trade
from duelcast.feeds.spec import build_feeds
from tests.feeds.collecting import CollectingSink, running, until
from tests.feeds.recorded_exchange import RecordedExchange, recorded_exchange
from tests.feeds.recorded_sessions import ExpectedTicker, ExpectedTrade, Session, coinbase_session, okx_session

pytest.importorskip("ccxt.pro", reason="the extra `exchanges` is not installed")

both_venues = pytest.mark.parametrize("recorded", [coinbase_session, okx_session])


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


@both_venues
async def test_every_recorded_ticker_arrives_as_recorded(recorded: Callable[[], Session]) -> None:
    async with recorded_exchange(recorded(), lockstep=True) as venue:
        sink = await read_all(venue)
        for symbol in venue.session.symbols:
            arrived = [as_expected_ticker(ticker) for ticker in sink.tickers_of(symbol)]
            assert arrived == venue.session.tickers_of(symbol)


@both_venues
async def test_every_recorded_trade_arrives_once_with_the_takers_side(recorded: Callable[[], Session]) -> None:
    async with recorded_exchange(recorded()) as venue:
        sink = await read_all(venue)
        for symbol in venue.session.symbols:
            arrived = [as_expected_trade(trade) for trade in sink.trades_of(symbol)]
            assert arrived == venue.session.trades_of(symbol)


@both_venues
async def test_the_last_price_of_a_burst_is_the_last_recorded(recorded: Callable[[], Session]) -> None:
    async with recorded_exchange(recorded()) as venue:
        sink = await read_all(venue)
        for symbol in venue.session.symbols:
            assert sink.tickers_of(symbol)[-1].price == venue.session.tickers_of(symbol)[-1].price


async def test_the_recorded_figures_are_those_of_the_recordings_readme() -> None:
    session = coinbase_session()
    assert (len(session.tickers), len(session.trades), len(session.pairs)) == (107, 97, 10)


async def test_a_ticker_has_the_venues_time_and_its_change_since_24_h_ago() -> None:
    async with recorded_exchange(coinbase_session(), lockstep=True) as venue:
        sink = await read_all(venue)
        first = sink.tickers_of("BAND-GBP")[0]
        assert first.venue_time == pytest.approx(1618677810.244)
        assert first.change_24h == pytest.approx((14.7775 / 14.6647 - 1) * 100)

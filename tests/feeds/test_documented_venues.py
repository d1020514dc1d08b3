"""The feed `exchange` on venues that were not recorded, by real clients of ccxt: quiet ones, slow ones, refusals."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

import pytest

import duelcast.feeds.guarded as guarded_module
from duelcast.backoff import Backoff
from duelcast.clock import Clock, ManualClock, SystemClock
from duelcast.domain.operations.breaker import Breaker
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.transitions import BreakerState
from duelcast.feeds.exchange import ExchangeFeed
from duelcast.feeds.exchange_health import NOT_LISTED_REASON
from duelcast.feeds.guarded import NOTHING_YET, READS, GuardedFeed
from duelcast.feeds.pairs import parse_pairs
from tests.feeds.collecting import CollectingSink, running, until
from tests.feeds.documented_venues import Bitfinex, Bybit, DocumentedVenue, Kraken, VenueTrade, documented

pytest.importorskip("ccxt.pro", reason="the extra `exchanges` is not installed")

every_venue = pytest.mark.parametrize("venue_class", [Kraken, Bybit, Bitfinex])
GOOD, DEAD = "SOL/USD", "DED/USD"
REFUSED = {"The venue refuses its ticker.", "The venue refuses its trades."}
NOON_MS = 1_800_000_000_000


def short_backoff(clock: Clock) -> Backoff:
    return Backoff(clock, first_s=0.02, longest_s=0.05)


def feed_of(venue: DocumentedVenue, *pairs: str) -> ExchangeFeed:
    return ExchangeFeed(
        venue.name,
        venue.name,
        parse_pairs("exchange", ",".join(pairs or venue.pairs)),
        SystemClock(),
        ws_url=venue.ws_url,
        http_url=venue.http_url,
        new_backoff=short_backoff,
        new_listing_backoff=short_backoff,
    )


def all_asked(venue: DocumentedVenue, *pairs: str) -> bool:
    return {(kind, pair) for kind in ("ticker", "trades") for pair in pairs} <= set(venue.asked)


@every_venue
async def test_what_a_venue_sends_arrives(venue_class: type[DocumentedVenue]) -> None:
    sink = CollectingSink()
    async with documented(venue_class(GOOD)) as venue, running(feed_of(venue), sink):
        await until(lambda: all_asked(venue, GOOD))
        await venue.say_ticker(GOOD, 100.0)
        await venue.say_trade(GOOD, VenueTrade(7, 101.0, 2.0, "sell", NOON_MS))
        await until(lambda: sink.tickers and sink.trades)
    (ticker,), (trade,) = sink.tickers, sink.trades
    assert (ticker.symbol, ticker.price, ticker.high_24h, ticker.low_24h) == ("SOL", 100.0, 110.0, 90.0)
    assert ticker.change_24h == pytest.approx(2.5)
    assert (trade.price, trade.quantity, trade.side, trade.trade_id) == (101.0, 2.0, "sell", "7")
    assert trade.venue_time == NOON_MS / 1000


@every_venue
async def test_a_venue_that_takes_the_subscriptions_and_stays_quiet_is_reached(
    venue_class: type[DocumentedVenue],
) -> None:
    sink = CollectingSink()
    async with documented(venue_class(GOOD, "BTC/USD")) as venue, running(feed_of(venue), sink):
        await until(lambda: sink.reports)
        await until(lambda: all_asked(venue, GOOD, "BTC/USD"))
        assert (sink.reports, sink.failed_pairs, sink.ticks) == (["connected"], {}, [])


@every_venue
async def test_a_quiet_venue_that_comes_back_is_reached_again(venue_class: type[DocumentedVenue]) -> None:
    sink = CollectingSink()
    async with documented(venue_class(GOOD)) as venue, running(feed_of(venue), sink):
        await until(lambda: all_asked(venue, GOOD))
        venue.asked.clear()
        for connection in list(venue.connections):
            await connection.close(1012)
        await until(lambda: all_asked(venue, GOOD))
        await until(lambda: sink.reports[-1] == "connected" and len(sink.reports) >= 3)
        assert sink.failed_pairs == {}


@every_venue
async def test_a_pair_that_is_refused_fails_by_itself_while_the_others_are_quiet(
    venue_class: type[DocumentedVenue],
) -> None:
    sink = CollectingSink()
    async with documented(venue_class(DEAD, GOOD, refused={DEAD})) as venue, running(feed_of(venue), sink):
        await until(lambda: DEAD in sink.failed_pairs and all_asked(venue, DEAD, GOOD))
        # It is tried again, and again refused.
        await until(lambda: venue.asked.count(("ticker", DEAD)) >= 3)
        assert sink.reports == ["connected"]
        assert sink.failed_pairs.keys() == {DEAD}
        assert sink.failed_pairs[DEAD] in REFUSED
        await venue.say_ticker(GOOD, 100.0)
        await until(lambda: sink.tickers)
        asked = Counter(venue.asked)
        assert (asked["ticker", GOOD], asked["trades", GOOD], len(venue.connections)) == (1, 1, 1)


@every_venue
async def test_a_pair_that_was_refused_is_read_once_the_venue_takes_it(venue_class: type[DocumentedVenue]) -> None:
    sink = CollectingSink()
    async with documented(venue_class(DEAD, GOOD, refused={DEAD})) as venue, running(feed_of(venue), sink):
        await until(lambda: DEAD in sink.failed_pairs)
        venue.refused.clear()
        venue.asked.clear()
        await until(lambda: all_asked(venue, DEAD))
        await venue.say_ticker(DEAD, 5.0)
        await venue.say_trade(DEAD, VenueTrade(1, 5.0, 1.0, "buy", NOON_MS))
        await until(lambda: DEAD not in sink.failed_pairs)
        await until(lambda: sink.tickers_of("DED") and sink.trades_of("DED"))
        assert set(sink.reports) == {"connected"}


@every_venue
async def test_a_venue_that_refuses_every_pair_fails_the_feed(venue_class: type[DocumentedVenue]) -> None:
    sink = CollectingSink()
    async with documented(venue_class(DEAD, refused={DEAD})) as venue, running(feed_of(venue), sink):
        await until(lambda: len(sink.reports) >= 3)
        assert sink.reports[-1] == "The venue refuses every pair."
        assert sink.failed_pairs.keys() == {DEAD}


@pytest.mark.parametrize("venue_class", [Kraken, Bitfinex])
async def test_the_trades_that_a_venue_sends_at_first_keep_their_times_and_come_in_their_order(
    venue_class: type[DocumentedVenue],
) -> None:
    history = [VenueTrade(number, 100.0 + number, 1.0, "buy", NOON_MS + number * 3_600_000) for number in range(60)]
    sink = CollectingSink()
    async with documented(venue_class(GOOD, history=history)) as venue, running(feed_of(venue), sink):
        await until(lambda: len(sink.trades) == len(history))
        assert [(trade.trade_id, trade.venue_time) for trade in sink.trades] == [
            (str(trade.trade_id), trade.at_ms / 1000) for trade in history
        ]


async def test_a_pair_that_is_not_listed_is_named_and_read_once_it_is_listed() -> None:
    sink = CollectingSink()
    async with documented(Kraken(GOOD)) as venue, running(feed_of(venue, GOOD, "NEW/USD"), sink):
        await until(lambda: sink.failed_pairs)
        assert sink.failed_pairs == {"NEW/USD": NOT_LISTED_REASON}
        venue.pairs.append("NEW/USD")
        await until(lambda: all_asked(venue, "NEW/USD"))
        await venue.say_ticker("NEW/USD", 3.0)
        await until(lambda: sink.tickers_of("NEW"))
        assert (sink.failed_pairs, sink.reports) == ({}, ["connected"])


@every_venue
async def test_a_slow_list_of_markets_is_waited_for_whoever_checks_meanwhile(
    venue_class: type[DocumentedVenue], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_module, "CHECK_TIMEOUT_S", 0.01)
    sink, clock = CollectingSink(), ManualClock()
    async with documented(venue_class(GOOD, listed=False)) as venue:
        guarded = GuardedFeed(
            feed_of(venue),
            sink,
            clock,
            lambda turned: Breaker(clock, BreakerSettings(failure_threshold=1, half_open_calls=1), turned),
            attempt_timeout_s=120,
        )
        task = asyncio.create_task(guarded.run())
        await until(lambda: venue.lists_asked)
        asked = venue.lists_asked
        for _ in range(9):
            await clock.advance(1)
            assert (await guarded.check()).details == NOTHING_YET
        assert (guarded.breaker.state, guarded.breaker.total, venue.lists_asked) == (BreakerState.CLOSED, 0, asked)
        venue.may_list.set()
        await until(lambda: sink.reports)
        assert sink.reports == ["connected"]
        for _ in range(20):
            await clock.advance(60)
        result = await guarded.check()
        assert (result.healthy, result.details, len(venue.connections)) == (True, READS, 1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

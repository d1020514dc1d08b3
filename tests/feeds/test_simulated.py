"""The simulated market: known tokens first, then prices that move and trades along them."""

from __future__ import annotations

import itertools
import statistics

import pytest

from duelcast.clock import ManualClock
from duelcast.domain.market.ticks import Tick, Ticker, TokenInfo
from duelcast.feeds.known_tokens import KNOWN_TOKENS, KnownToken
from duelcast.feeds.pairs import is_symbol
from duelcast.feeds.simulated import SimulatedFeed
from tests.feeds.collecting import CollectingSink, running


class JumpingClock(ManualClock):
    """Goes on `jump_s` later, as after the process was stopped."""

    jump_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.jump_s


async def ticks_of(feed: SimulatedFeed, clock: ManualClock, seconds: float) -> list[Tick]:
    sink = CollectingSink()
    async with running(feed, sink):
        await clock.advance(seconds)
    assert sink.reports == ["connected"]
    return sink.ticks


async def test_every_token_begins_with_its_metadata_and_a_price() -> None:
    clock = ManualClock()
    feed = SimulatedFeed("simulated", clock, seed=1)
    ticks = await ticks_of(feed, clock, 0)
    assert [type(tick) for tick in ticks] == [TokenInfo, Ticker] * 40
    assert {tick.symbol for tick in ticks} == feed.symbols


async def test_the_same_seed_gives_the_same_ticks() -> None:
    runs = []
    for _ in range(2):
        clock = ManualClock()
        runs.append(await ticks_of(SimulatedFeed("simulated", clock, seed=69), clock, 20))
    assert runs[0] == runs[1]


async def test_another_seed_gives_other_ticks() -> None:
    runs = []
    for seed in range(2):
        clock = ManualClock()
        runs.append(await ticks_of(SimulatedFeed("simulated", clock, seed=seed), clock, 20))
    assert runs[0] != runs[1]


async def test_as_many_symbols_change_per_interval_as_are_due() -> None:
    clock = ManualClock()
    feed = SimulatedFeed("simulated", clock, seed=1, interval_ms=100, due=7)
    sink = CollectingSink()
    async with running(feed, sink):
        await clock.advance(0)
        for _ in range(5):
            before = len(sink.tickers)
            await clock.advance(0.1)
            assert len({ticker.symbol for ticker in sink.tickers[before:]}) == 7


async def test_a_market_larger_than_the_list_has_synthetic_tokens() -> None:
    clock = ManualClock()
    feed = SimulatedFeed("simulated", clock, symbol_count=500)
    ticks = await ticks_of(feed, clock, 0)
    assert "SIM0041" in feed.symbols
    assert "SIM0500" in feed.symbols
    assert len({tick.symbol for tick in ticks}) == 500


async def test_an_interval_that_was_missed_is_not_made_good_in_a_burst() -> None:
    clock = JumpingClock()
    feed = SimulatedFeed("simulated", clock, interval_ms=1000, due=1)
    sink = CollectingSink()
    async with running(feed, sink):
        await clock.advance(0)
        clock.jump_s = 60
        before = len(sink.tickers)
        await clock.advance(3)
        assert len(sink.tickers) - before <= 5


async def test_a_trade_has_the_price_just_set_and_ids_are_unique() -> None:
    clock = ManualClock()
    ticks = await ticks_of(SimulatedFeed("simulated", clock, seed=3), clock, 60)
    prices: dict[str, float] = {}
    ids = []
    for tick in ticks:
        if isinstance(tick, Ticker):
            prices[tick.symbol] = tick.price
        elif not isinstance(tick, TokenInfo):
            assert tick.price == prices[tick.symbol]
            ids.append(tick.trade_id)
    assert len(set(ids)) == len(ids) > 100


async def test_both_sides_trade_and_quantities_are_positive() -> None:
    clock = ManualClock()
    sink = CollectingSink()
    async with running(SimulatedFeed("simulated", clock, seed=3), sink):
        await clock.advance(60)
    assert {trade.side for trade in sink.trades} == {"buy", "sell"}
    assert all(trade.quantity > 0 for trade in sink.trades)


async def test_prices_of_different_tokens_move_together() -> None:
    clock = ManualClock()
    sink = CollectingSink()
    feed = SimulatedFeed("simulated", clock, seed=5, symbol_count=2, interval_ms=60_000, due=2)
    async with running(feed, sink):
        await clock.advance(60 * 1500)
    bitcoin = [ticker.price for ticker in sink.tickers_of("BTC")]
    ether = [ticker.price for ticker in sink.tickers_of("ETH")]
    correlation = statistics.correlation(_returns(bitcoin), _returns(ether))
    assert 0.2 < correlation < 0.6


async def test_an_hour_and_a_half_moves_a_price_by_about_its_daily_volatility() -> None:
    clock = ManualClock()
    sink = CollectingSink()
    feed = SimulatedFeed("simulated", clock, seed=5, symbol_count=40, interval_ms=60_000, due=40)
    async with running(feed, sink):
        await clock.advance(5_400)
    for token in KNOWN_TOKENS:
        last = sink.tickers_of(token.symbol)[-1].price
        assert abs(last / token.price - 1) < 5 * token.daily_volatility


@pytest.mark.parametrize("hours", [0, 5, 30])
async def test_the_figures_of_a_day_agree_with_each_other(hours: int) -> None:
    clock = ManualClock()
    sink = CollectingSink()
    async with running(SimulatedFeed("simulated", clock, seed=5, interval_ms=60_000, due=40), sink):
        await clock.advance(hours * 3_600)
    for token in KNOWN_TOKENS:
        ticker = sink.tickers_of(token.symbol)[-1]
        assert ticker.change_24h is not None
        assert ticker.high_24h is not None
        assert ticker.low_24h is not None
        a_day_ago = ticker.price / (1 + ticker.change_24h / 100)
        assert ticker.low_24h <= ticker.price <= ticker.high_24h
        assert ticker.low_24h * 0.9999 <= a_day_ago <= ticker.high_24h * 1.0001


async def test_the_change_of_a_day_goes_by_the_price_of_a_day_ago() -> None:
    clock = ManualClock()
    sink = CollectingSink()
    async with running(SimulatedFeed("simulated", clock, seed=5, symbol_count=1, interval_ms=3_600_000, due=1), sink):
        await clock.advance(60 * 3_600)
    tickers = sink.tickers_of("BTC")
    for before, after in zip(tickers, tickers[24:], strict=False):
        assert after.change_24h == pytest.approx((after.price / before.price - 1) * 100, abs=0.006)
        span = [ticker.price for ticker in tickers[tickers.index(before) : tickers.index(after) + 1]]
        assert (after.low_24h, after.high_24h) == (min(span), max(span))


async def test_the_day_before_the_start_is_the_same_for_every_seed_and_start() -> None:
    firsts = []
    for seed in (1, 2, None):
        clock = ManualClock()
        ticks = await ticks_of(SimulatedFeed("simulated", clock, seed=seed), clock, 0)
        firsts.append([tick.change_24h for tick in ticks if isinstance(tick, Ticker)])
    assert firsts[0] == firsts[1] == firsts[2]
    assert len(set(firsts[0])) > 30


def _returns(prices: list[float]) -> list[float]:
    return [later / earlier - 1 for earlier, later in itertools.pairwise(prices)]


def test_the_known_tokens_are_forty_with_unique_symbols() -> None:
    assert len({token.symbol for token in KNOWN_TOKENS}) == len(KNOWN_TOKENS) == 40


@pytest.mark.parametrize("known", KNOWN_TOKENS, ids=lambda token: token.symbol)
def test_a_known_tokens_metadata_follows_the_contract(known: KnownToken) -> None:
    assert is_symbol(known.symbol)
    assert known.price > 0
    assert known.circulating <= known.total
    assert known.color.startswith("#")
    assert all(url is None or url.startswith("https://") for url in (known.website, known.x_account))

"""MARKET_PRICE: when it is pushed, and what it says."""

from __future__ import annotations

import math

import pytest

from duelcast.domain.market.settings import MarketSettings
from tests.domain.market.market_room import MarketRoom, market_room, ticker, trade

DAY_S = 86_400


async def test_a_price_goes_out_at_once_with_all_that_the_feed_tells(room: MarketRoom) -> None:
    sink = room.feed("coinbase")
    await room.advance(1)
    sink.accept(ticker(10.5, change_24h=-2.5, volume_24h=1e6, high_24h=12.0, low_24h=9.0, venue_time=1_799_971_199.25))
    (push,) = room.pushes("MARKET_PRICE")
    assert push.channel == "market.SOL"
    assert push.data == {
        "symbol": "SOL",
        "price": 10.5,
        "change_24h": -2.5,
        "volume_24h": 1e6,
        "high_24h": 12.0,
        "low_24h": 9.0,
        "timestamp": "2027-01-14T23:59:59.250Z",
        "source": "coinbase",
        "stale": False,
    }


async def test_without_a_time_of_the_venue_the_time_of_receipt_counts(room: MarketRoom) -> None:
    sink = room.feed()
    await room.advance(1.5)
    sink.accept(ticker(10.0))
    assert room.pushes("MARKET_PRICE")[0].data["timestamp"] == "2027-01-15T00:00:01.500Z"


@pytest.mark.parametrize("venue_time", [math.nan, math.inf, -1.0, 1e12])
async def test_a_time_that_no_calendar_has_counts_as_none(room: MarketRoom, venue_time: float) -> None:
    room.feed().accept(ticker(10.0, venue_time=venue_time))
    assert room.pushes("MARKET_PRICE")[0].data["timestamp"] == "2027-01-15T00:00:00.000Z"


async def test_within_an_interval_the_newest_price_waits_for_its_end(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0))
    sink.accept(ticker(2.0))
    await room.advance(0.05)
    sink.accept(ticker(3.0))
    assert room.prices() == [1.0]
    await room.advance(0.05)
    assert room.prices() == [1.0, 3.0]
    await room.advance(10)
    assert room.prices() == [1.0, 3.0]


async def test_the_same_price_again_is_not_pushed(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0, volume_24h=5.0))
    await room.advance(1)
    sink.accept(ticker(1.0, volume_24h=6.0))
    await room.advance(1)
    assert room.prices() == [1.0]


async def test_a_figure_of_the_day_that_becomes_known_is_pushed(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0))
    await room.advance(1)
    sink.accept(ticker(1.0, change_24h=3.0))
    assert [push.data["change_24h"] for push in room.pushes("MARKET_PRICE")] == [None, 3.0]


async def test_the_first_trade_makes_the_volume_of_the_day_known_and_that_is_pushed(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(10.0))
    await room.advance(1)
    sink.accept(trade(price=10.0, quantity=2.0))
    sink.accept(trade(price=10.0, quantity=2.0))
    await room.advance(1)
    assert [push.data["volume_24h"] for push in room.pushes("MARKET_PRICE")] == [None, 20.0]


async def test_a_price_that_is_back_at_the_end_of_the_interval_is_no_news(room: MarketRoom) -> None:
    sink = room.feed()
    for price in (1.0, 2.0, 1.0):
        sink.accept(ticker(price))
    await room.advance(1)
    assert room.prices() == [1.0]


async def test_a_setting_of_the_interval_acts_without_restart(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0))
    room.market.settings = MarketSettings(price_interval_ms=5_000)
    await room.advance(1)
    sink.accept(ticker(2.0))
    await room.advance(3.9)
    assert room.prices() == [1.0]
    await room.advance(0.1)
    assert room.prices() == [1.0, 2.0]


async def test_a_base_volume_is_multiplied_by_the_price(room: MarketRoom) -> None:
    room.feed().accept(ticker(2.5, base_volume_24h=100.0))
    assert room.pushes("MARKET_PRICE")[0].data["volume_24h"] == 250.0


async def test_the_volume_of_the_day_is_that_of_the_trades_where_the_feed_tells_none(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(trade(price=10.0, quantity=3.0))
    sink.accept(ticker(10.0))
    assert room.market.token("SOL").volume_24h == 30.0
    sink.accept(ticker(10.0, volume_24h=1e6))
    assert room.market.token("SOL").volume_24h == 1e6


async def test_high_low_and_change_are_computed_where_the_feed_tells_none() -> None:
    async with market_room() as room:
        sink = room.feed()
        for price in (10.0, 14.0, 8.0, 12.0):
            sink.accept(ticker(price))
            await room.advance(60)
        day = room.pushes("MARKET_PRICE")[-1].data
        assert (day["high_24h"], day["low_24h"], day["change_24h"]) == (14.0, 8.0, None)
        await room.advance(DAY_S - 240)
        sink.accept(ticker(15.0))
        day = room.pushes("MARKET_PRICE")[-1].data
        assert (day["high_24h"], day["low_24h"], day["change_24h"]) == (15.0, 8.0, 50.0)


async def test_what_a_ticker_leaves_out_stays_as_it_was_told(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0, market_cap=5e9, fdv=6e9, liquidity=7e6, change_24h=1.0))
    sink.accept(ticker(2.0))
    token = room.market.token("SOL")
    assert (token.price, token.market_cap, token.fdv, token.liquidity, token.change_24h) == (2.0, 5e9, 6e9, 7e6, 1.0)


async def test_an_amount_that_is_none_counts_as_not_told(room: MarketRoom) -> None:
    room.feed().accept(ticker(1.0, volume_24h=math.nan, market_cap=math.inf, fdv=-1.0, change_24h=math.nan))
    token = room.market.token("SOL")
    assert (token.volume_24h, token.market_cap, token.fdv, token.change_24h) == (None, None, None, None)


async def test_no_negative_zero_goes_out(room: MarketRoom) -> None:
    room.feed().accept(ticker(1.0, change_24h=-0.0, volume_24h=-0.0))
    data = room.pushes("MARKET_PRICE")[0].data
    assert math.copysign(1, data["change_24h"]) == math.copysign(1, data["volume_24h"]) == 1


async def test_trades_give_the_price_while_the_owner_tells_no_ticker(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(trade(price=10.0))
    sink.accept(ticker(11.0))
    sink.accept(trade(price=12.0))
    await room.advance(1)
    assert room.prices() == [10.0, 11.0]


@pytest.mark.parametrize("price", [0.0, -1.0, math.nan, math.inf, -math.inf, 1e31, 5e-324])
async def test_a_price_that_is_none_is_counted_and_dropped(room: MarketRoom, price: float) -> None:
    sink = room.feed()
    sink.accept(ticker(price))
    sink.accept(trade(price=price))
    sink.accept(trade(quantity=price))
    assert not room.market.knows("SOL")
    assert dropped(room, "invalid") == 3


@pytest.mark.parametrize("symbol", ["", "sol", "S" * 33, "SOL\n", "SOL/USD", "Ä"])
async def test_a_symbol_outside_the_grammar_is_counted_and_dropped(room: MarketRoom, symbol: str) -> None:
    room.feed().accept(ticker(1.0, symbol=symbol))
    assert room.market.symbols() == []
    assert dropped(room, "bad_symbol") == 1


async def test_symbols_beyond_the_bound_are_counted_and_dropped_and_the_known_go_on() -> None:
    async with market_room(MarketSettings(max_symbols=2)) as room:
        sink = room.feed()
        for symbol in ("A", "B", "C"):
            sink.accept(ticker(1.0, symbol=symbol))
        sink.accept(ticker(2.0, symbol="A"))
        assert room.market.symbols() == ["A", "B"]
        assert room.market.token("A").price == 2.0
        assert dropped(room, "too_many_symbols") == 1


def dropped(room: MarketRoom, reason: str) -> float:
    """How many records the metrics count as dropped for `reason`."""
    return sum(
        sample.value
        for metric in room.market.collect()
        for sample in metric.samples
        if sample.name == "duelcast_feed_dropped_total" and sample.labels["reason"] == reason
    )

"""Stale: a feed that is silent as a whole, a symbol of which a lively feed brings nothing, one no longer posted."""

from __future__ import annotations

from msgspec import structs

from duelcast.domain.market.feeds import MarketSink
from duelcast.domain.market.posted import PostedPrice
from tests.domain.market.market_room import MarketRoom, ticker, trade


def states(room: MarketRoom, symbol: str) -> list[tuple[float, bool]]:
    """When a price of `symbol` was pushed, and whether it said stale."""
    return [(push.at_s, push.data["stale"]) for push in room.pushes("MARKET_PRICE", symbol)]


async def test_a_feed_that_is_silent_for_thirty_seconds_makes_all_its_symbols_stale(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0, symbol="SOL"))
    await room.advance(10)
    sink.accept(ticker(2.0, symbol="BTC"))
    await room.advance(29.75)
    assert states(room, "SOL") == [(0, False)]
    await room.advance(0.25)
    assert states(room, "SOL") == [(0, False), (40, True)]
    assert states(room, "BTC") == [(10, False), (40, True)]
    await room.advance(600)
    assert len(room.pushes("MARKET_PRICE")) == 4


async def test_staleness_comes_at_its_moment_also_between_full_seconds(room: MarketRoom) -> None:
    await room.advance(0.25)
    room.feed().accept(ticker(1.0))
    await room.advance(40)
    assert states(room, "SOL") == [(0.25, False), (30.25, True)]


async def keep_lively(room: MarketRoom, sink: MarketSink, seconds: int) -> None:
    """Another symbol of the feed is traded all the time."""
    for _ in range(seconds // 10):
        await room.advance(10)
        sink.accept(trade(symbol="BTC"))


async def test_a_symbol_that_is_quiet_on_a_lively_feed_is_stale_after_five_minutes(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0, symbol="SOL"))
    await keep_lively(room, sink, 290)
    assert states(room, "SOL") == [(0, False)]
    await keep_lively(room, sink, 60)
    assert states(room, "SOL") == [(0, False), (300, True)]
    assert room.market.is_stale("SOL")
    assert not room.market.is_stale("BTC")


async def test_a_quiet_symbol_is_fresh_again_with_its_next_record_of_any_kind(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0, symbol="SOL"))
    await keep_lively(room, sink, 400)
    assert room.market.is_stale("SOL")
    sink.accept(trade(price=1.0, symbol="SOL"))
    assert not room.market.is_stale("SOL")
    assert states(room, "SOL")[-1] == (400, False)
    await keep_lively(room, sink, 290)
    assert not room.market.is_stale("SOL")


async def test_when_a_silent_feed_goes_on_a_symbol_that_stays_silent_stays_stale(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0, symbol="SOL"))
    await room.advance(200)
    await keep_lively(room, sink, 90)
    assert not room.market.is_stale("SOL")
    await keep_lively(room, sink, 20)
    assert room.market.is_stale("SOL")
    assert [is_stale for _, is_stale in states(room, "SOL")] == [False, True, False, True]


async def test_how_long_a_symbol_may_be_silent_is_a_setting_that_acts_at_once(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0, symbol="SOL"))
    await keep_lively(room, sink, 60)
    room.market.settings = structs.replace(room.market.settings, symbol_stale_ms=50_000)
    await keep_lively(room, sink, 10)
    assert room.market.is_stale("SOL")


async def test_a_record_makes_its_symbol_fresh_at_once_and_the_others_of_its_feed_within_a_second(
    room: MarketRoom,
) -> None:
    sink = room.feed()
    sink.accept(ticker(1.0, symbol="SOL"))
    sink.accept(ticker(2.0, symbol="BTC"))
    await room.advance(40.5)
    sink.accept(ticker(1.0, symbol="SOL"))
    assert states(room, "SOL")[-1] == (40.5, False)
    assert states(room, "BTC")[-1] == (30, True)
    await room.advance(1)
    at_s, is_stale = states(room, "BTC")[-1]
    assert not is_stale
    assert 40.5 < at_s <= 41.5
    assert len(states(room, "SOL")) == 3


async def test_the_silence_of_one_feed_leaves_the_symbols_of_another_fresh(room: MarketRoom) -> None:
    quiet, lively = room.feed("quiet"), room.feed("lively")
    quiet.accept(ticker(1.0, symbol="SOL"))
    lively.accept(ticker(1.0, symbol="BTC"))
    await room.advance(20)
    lively.accept(ticker(1.0, symbol="BTC"))
    await room.advance(10)
    assert states(room, "SOL") == [(0, False), (30, True)]
    assert states(room, "BTC") == [(0, False)]


async def test_a_posted_price_is_stale_after_five_minutes_each_symbol_by_itself(room: MarketRoom) -> None:
    await room.market.post_prices([PostedPrice(symbol="SOL", price=1.0), PostedPrice(symbol="BTC", price=1.0)])
    await room.advance(100)
    await room.market.post_prices([PostedPrice(symbol="BTC", price=2.0)])
    await room.advance(200)
    assert states(room, "SOL") == [(0, False), (300, True)]
    assert states(room, "BTC") == [(0, False), (100, False)]
    await room.advance(100)
    assert states(room, "BTC")[-1] == (400, True)


async def test_the_time_of_a_stale_price_is_still_that_of_the_price(room: MarketRoom) -> None:
    room.feed().accept(ticker(1.0))
    await room.advance(30)
    first, stale = room.pushes("MARKET_PRICE")
    assert stale.data["timestamp"] == first.data["timestamp"]

"""MARKET_VOLUME and MARKET_SENTIMENT: when they are pushed."""

from __future__ import annotations

from duelcast.domain.market.windows import INTERVALS
from tests.domain.market.market_room import MarketRoom, market_room, ticker, trade


async def test_a_trade_brings_the_volume_of_every_interval_at_the_next_second(room: MarketRoom) -> None:
    await room.advance(0.5)
    room.feed().accept(trade(price=10.0, quantity=2.0, side="buy", venue_time=1_799_971_200.25))
    await room.advance(0.499)
    assert room.pushes("MARKET_VOLUME") == []
    await room.advance(0.001)
    pushes = room.pushes("MARKET_VOLUME")
    assert [push.data["interval"] for push in pushes] == list(INTERVALS)
    assert pushes[0].channel == "market.SOL"
    assert pushes[0].data == {
        "symbol": "SOL",
        "volume": 20.0,
        "trades_count": 1,
        "buy_volume": 20.0,
        "sell_volume": 0.0,
        "interval": "1m",
        "timestamp": "2027-01-15T00:00:00.250Z",
    }


async def test_many_trades_in_a_second_are_one_push(room: MarketRoom) -> None:
    sink = room.feed()
    for quantity in range(1, 101):
        sink.accept(trade(quantity=float(quantity), side="sell"))
    await room.advance(1)
    (push,) = room.volumes("1m")
    assert (push.data["trades_count"], push.data["volume"], push.data["sell_volume"]) == (100, 50_500.0, 50_500.0)


async def test_a_pass_over_many_symbols_leaves_none_out(room: MarketRoom) -> None:
    sink = room.feed()
    symbols = {f"T{number}" for number in range(120)}
    for symbol in symbols:
        sink.accept(trade(symbol=symbol, side="buy"))
    await room.advance(6)
    for kind, per_symbol in (("MARKET_VOLUME", 6), ("MARKET_SENTIMENT", 2)):
        channels = [push.channel for push in room.pushes(kind)]
        assert sorted(channels) == sorted([f"market.{symbol}" for symbol in symbols] * per_symbol)


async def test_an_unchanged_window_is_not_pushed(room: MarketRoom) -> None:
    room.feed().accept(trade())
    await room.advance(59.5)
    assert len(room.pushes("MARKET_VOLUME")) == len(INTERVALS)


async def test_a_trade_leaves_each_window_with_its_bucket_and_that_is_pushed(room: MarketRoom) -> None:
    await room.advance(30.5)
    room.feed().accept(trade(price=10.0, quantity=1.0))
    await room.advance(14_400)
    left_at_s = {}
    for interval in ("1m", "5m", "15m", "1h", "4h"):
        came, left = room.volumes(interval)
        assert came.data["volume"] == 10.0
        assert (left.data["volume"], left.data["trades_count"]) == (0.0, 0)
        left_at_s[interval] = left.at_s
    assert left_at_s == {"1m": 90, "5m": 330, "15m": 930, "1h": 3_600, "4h": 14_400}


async def test_a_trade_leaves_the_day_with_its_minute_and_the_token_with_it() -> None:
    async with market_room() as room:
        await room.advance(30.5)
        room.feed().accept(trade(price=10.0))
        async with room.running():
            await room.advance(1)
        await room.advance(86_360)
        async with room.running():
            await room.advance(60)
        assert [(push.at_s, push.data["volume"]) for push in room.volumes("1d")] == [(31, 10.0), (86_400, 0.0)]
        assert room.pushes("token_data")[-1].data["volume_24h"] == 0.0


async def test_a_symbol_without_trades_has_no_volume(room: MarketRoom) -> None:
    room.feed().accept(ticker(1.0))
    await room.advance(3_600)
    assert room.pushes("MARKET_VOLUME") == []


async def test_trades_of_before_count_in_the_windows_of_their_own_time(room: MarketRoom) -> None:
    sink = room.feed()
    for age_s, quantity in ((60 * 3_600, 1.0), (7_200, 2.0), (600, 4.0), (30, 8.0)):
        sink.accept(trade(price=1.0, quantity=quantity, side="buy", venue_time=room.clock.time() - age_s))
    await room.advance(1)
    counted = {interval: room.volumes(interval)[0].data["volume"] for interval in INTERVALS}
    assert counted == {"1m": 8.0, "5m": 8.0, "15m": 12.0, "1h": 12.0, "4h": 14.0, "1d": 14.0}
    assert all(push.at_s <= 1 for push in room.pushes("MARKET_VOLUME"))


async def test_a_trade_of_before_leaves_a_window_when_its_own_time_does(room: MarketRoom) -> None:
    room.feed().accept(trade(venue_time=room.clock.time() - 50))
    await room.advance(30)
    assert [(push.at_s, push.data["trades_count"]) for push in room.volumes("1m")] == [(1, 1), (10, 0)]


async def test_a_trade_that_no_window_holds_is_no_volume_and_no_sentiment(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(ticker(2.0))
    sink.accept(trade(side="sell", venue_time=room.clock.time() - 60 * 3_600))
    await room.advance(10)
    assert room.pushes("MARKET_VOLUME") == []
    assert [push.data["sell_pressure"] for push in room.pushes("MARKET_SENTIMENT")] == [0]
    assert room.market.token("SOL").volume_24h is None


async def test_sentiment_goes_by_the_times_of_the_trades(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(trade(side="sell", quantity=3.0, venue_time=room.clock.time() - 1_200))
    sink.accept(trade(side="buy", quantity=1.0))
    await room.advance(5)
    told = room.pushes("MARKET_SENTIMENT")[-1].data
    assert (told["buy_pressure"], told["sell_pressure"], told["volume_trend"]) == (1, 0, "decreasing")


async def test_a_trade_of_the_future_counts_when_it_is_received(room: MarketRoom) -> None:
    room.feed().accept(trade(venue_time=room.clock.time() + 3_600))
    await room.advance(61)
    assert [(push.at_s, push.data["trades_count"]) for push in room.volumes("1m")] == [(1, 1), (60, 0)]


async def test_a_repeated_trade_id_is_counted_once(room: MarketRoom) -> None:
    sink = room.feed()
    for trade_id in ("a", "b", "a", None, None):
        sink.accept(trade(trade_id=trade_id))
    await room.advance(1)
    assert room.volumes("1m")[0].data["trades_count"] == 4


async def test_a_token_has_a_neutral_sentiment_from_its_first_price(room: MarketRoom) -> None:
    room.feed().accept(ticker(1.0))
    (push,) = room.pushes("MARKET_SENTIMENT")
    assert push.channel == "market.SOL"
    assert push.data == {
        "symbol": "SOL",
        "sentiment_score": 0.0,
        "buy_pressure": 0.0,
        "sell_pressure": 0.0,
        "volume_trend": "stable",
        "timestamp": "2027-01-15T00:00:00.000Z",
    }


async def test_sentiment_is_pushed_on_full_five_seconds_where_it_changed(room: MarketRoom) -> None:
    sink = room.feed()
    sink.accept(trade(quantity=3.0, side="buy"))
    sink.accept(trade(quantity=1.0, side="sell"))
    await room.advance(4.999)
    assert len(room.pushes("MARKET_SENTIMENT")) == 1
    await room.advance(0.001)
    changed = room.pushes("MARKET_SENTIMENT")[1].data
    assert (changed["sentiment_score"], changed["buy_pressure"], changed["sell_pressure"]) == (0.5, 0.75, 0.25)
    await room.advance(890)
    assert len(room.pushes("MARKET_SENTIMENT")) == 2


async def test_sentiment_returns_to_neutral_when_the_trades_are_gone(room: MarketRoom) -> None:
    room.feed().accept(trade(side="buy"))
    await room.advance(3_600)
    trends = [(push.at_s, push.data["volume_trend"]) for push in room.pushes("MARKET_SENTIMENT")]
    assert trends == [(0, "stable"), (5, "increasing"), (900, "decreasing"), (1_800, "stable")]

"""Windows and minutes behind a wall clock that was ahead and is set back: nothing is counted twice or overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from duelcast.domain.market.posted import PostedTrade
from duelcast.wire.timestamps import parse_time
from tests.domain.market.market_room import MarketRoom, market_room, ticker, trade

AHEAD_S = 600.0


def set_back(room: MarketRoom) -> None:
    room.market.wall_us()
    room.clock.step(-AHEAD_S)
    room.market.wall_us()


def volume_1m(room: MarketRoom) -> float:
    return room.volumes("1m")[-1].data["volume"] if room.volumes("1m") else 0.0


async def test_trades_with_the_venues_own_time_count_in_the_windows_of_now() -> None:
    async with market_room() as room, room.running():
        feed = room.feed()
        set_back(room)
        for _ in range(3):
            await room.advance(10)
            feed.accept(trade(price=10.0, quantity=1.0, venue_time=room.clock.time() - 0.2))
        await room.advance(3)
        assert volume_1m(room) == 30.0


async def test_a_window_does_not_stand_still_meanwhile() -> None:
    async with market_room() as room, room.running():
        room.feed().accept(trade(price=10.0, quantity=1.0))
        set_back(room)
        await room.advance(3)
        assert volume_1m(room) == 10.0
        await room.advance(2 * 60)
        assert volume_1m(room) == 0.0


async def test_minutes_stay_in_their_order_and_keep_their_prices() -> None:
    async with market_room() as room:
        feed = room.feed()
        prices = []
        for number in range(1, 12):
            if number == 4:
                set_back(room)
            prices.append(float(number))
            feed.accept(ticker(prices[-1]))
            await room.advance(61 if number < 4 else 122)
        candles = (await room.market.history("SOL", None, None, "1m")).candles
        assert [candle.close for candle in candles] == sorted({candle.close for candle in candles})
        assert [parse_time(candle.timestamp) for candle in candles] == sorted(
            {parse_time(candle.timestamp) for candle in candles}
        )
        assert (candles[0].open, candles[-1].close) == (1.0, 11.0)


@pytest.mark.parametrize("ahead_s", [45.0, AHEAD_S, 86_400.0])
async def test_the_price_of_a_clock_that_was_ahead_is_there_after_a_restart_and_makes_way_for_the_next(
    tmp_path: Path, ahead_s: float
) -> None:
    path = tmp_path / "duelcast.db"
    async with market_room(path=path) as room:
        clock = room.clock
        clock.step(ahead_s)
        await room.market.post_trades([PostedTrade(symbol="SOL", price=1.0, quantity=1.0, side="buy")])
    clock.step(-ahead_s)
    async with market_room(path=path, clock=clock) as room:
        assert room.market.price("SOL") == 1.0
        assert not room.market.is_stale("SOL")
        await room.market.post_trades([PostedTrade(symbol="SOL", price=2.0, quantity=1.0, side="buy")])
    async with market_room(path=path, clock=clock) as room:
        assert room.market.price("SOL") == 2.0
        assert (await room.market.history("SOL", None, None, "1m")).candles[-1].close == 2.0

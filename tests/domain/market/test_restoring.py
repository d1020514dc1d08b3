"""A market that starts again is the one that stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from duelcast.clock import ManualClock
from duelcast.domain.market.posted import PostedPrice, PostedTrade, TokenMetadataInput, WebsiteInput
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.market.ticks import TokenInfo
from tests.domain.market.market_room import ADMIN, DAY_BEGIN_S, MarketRoom, market_room, ticker, trade


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


def price(price: float, symbol: str = "SOL", liquidity: float | None = None) -> PostedPrice:
    return PostedPrice(symbol=symbol, price=price, liquidity=liquidity)


def posted_trade(trade_id: int, quantity: float = 1.0) -> PostedTrade:
    return PostedTrade(symbol="SOL", price=2.0, quantity=quantity, side="buy", id=trade_id)


def stale(room: MarketRoom) -> dict[str, bool]:
    return {symbol: room.market.is_stale(symbol) for symbol in room.market.symbols()}


async def test_tokens_are_as_they_were(path: Path) -> None:
    metadata = TokenMetadataInput(
        name="Solana",
        address="So111",
        decimals=9,
        socials={"x": "https://x.example"},
        websites=[WebsiteInput(label="Home", url="https://sol.example")],
    )
    async with market_room(path=path) as room:
        feed = room.feed("venue", "BTC")
        await room.market.post_prices([price(100.0), price(140.0), price(80.0)])
        await room.advance(86_400)
        await room.market.put_token("SOL", metadata, ADMIN)
        await room.market.put_token("UNPRICED", metadata, ADMIN)
        await room.market.post_prices([price(110.0), price(120.0, liquidity=5.0)])
        await room.market.post_trades([posted_trade(1)])
        feed.accept(TokenInfo(symbol="BTC", name="Bitcoin", active=False))
        feed.accept(ticker(5.0, symbol="BTC", volume_24h=7.0))
        before = room.market.tokens()
    assert [token.symbol for token in before] == ["BTC", "SOL", "UNPRICED"]
    async with market_room(path=path, clock=room.clock) as again:
        assert again.market.tokens() == before
        told = again.pushes("MARKET_PRICE", "SOL")[-1].data
        assert (told["price"], told["source"], told["timestamp"]) == (120.0, "http", "2027-01-16T00:00:00.000Z")
        assert (told["high_24h"], told["low_24h"]) == (120.0, 110.0)
        assert (told["change_24h"], told["volume_24h"]) == (50.0, 2.0)
        assert [push.data for push in again.pushes("token_data", "BTC")][-1]["name"] == "Bitcoin"
        assert again.market.token_list().data == before


async def test_the_running_minute_goes_on(path: Path) -> None:
    async with market_room(path=path) as room:
        await room.advance(20)
        await room.market.post_prices([price(1.0), price(3.0)])
    async with market_room(path=path, clock=room.clock) as again:
        await again.advance(20)
        await again.market.post_prices([price(2.0)])
        (candle,) = (await again.market.history("SOL", None, None, "1m")).candles
    assert (candle.open, candle.high, candle.low, candle.close) == (1.0, 3.0, 1.0, 2.0)


async def test_posted_trades_are_in_the_windows_of_their_own_times_again(path: Path) -> None:
    async with market_room(path=path) as room:
        now_s = room.clock.time()
        ages_s = (60 * 3_600, 7_200, 30, -600)
        trades = [
            PostedTrade(
                symbol="SOL", price=1.0, quantity=1.0, side="buy", timestamp=datetime.fromtimestamp(now_s - age_s, UTC)
            )
            for age_s in ages_s
        ]
        await room.market.post_trades(trades)
    async with market_room(path=path, clock=room.clock) as again, again.running():
        await again.advance(1)
        counted = {interval: again.volumes(interval)[0].data["trades_count"] for interval in ("1m", "1h", "4h")}
    assert counted == {"1m": 2, "1h": 2, "4h": 3}


async def test_trade_ids_are_remembered(path: Path) -> None:
    async with market_room(path=path) as room:
        await room.market.post_trades([posted_trade(number) for number in range(10_003)])
    async with market_room(path=path, clock=room.clock) as again:
        result = await again.market.post_trades([posted_trade(number) for number in (2, 3, 10_002, 10_003)])
    assert (result.accepted, result.duplicate) == (2, 2)


async def test_volumes_of_posted_trades_go_on(path: Path) -> None:
    async with market_room(path=path) as room:
        await room.market.post_trades([posted_trade(1, 5.0)])
        await room.advance(3_600)
        await room.market.post_trades([posted_trade(2, 1.0)])
    async with market_room(path=path, clock=room.clock) as again, again.running():
        await again.advance(1)
        assert {interval: again.volumes(interval)[-1].data["volume"] for interval in ("1m", "4h", "1d")} == {
            "1m": 2.0,
            "4h": 12.0,
            "1d": 12.0,
        }


async def test_prices_are_stale_by_when_they_came(path: Path) -> None:
    limits = MarketSettings(feed_stale_ms=30_000, symbol_stale_ms=400_000, posted_stale_ms=300_000)
    async with market_room(limits, path=path) as room:
        room.feed("slow", "S1", "S2").accept(ticker(1.0, symbol="S1"))
        await room.market.post_prices([price(1.0, "OLD")])
        await room.advance(290)
        room.feed("quick", "Q").accept(ticker(1.0, symbol="Q"))
        await room.market.post_prices([price(1.0, "NEW")])
    await room.clock.advance(20)
    async with market_room(limits, path=path, clock=room.clock) as again:
        assert stale(again) == {"S1": True, "OLD": True, "Q": False, "NEW": False}
        slow = again.feed("slow", "S1", "S2")
        again.feed("quick", "Q")
        async with again.running():
            await again.advance(9)
            assert stale(again)["Q"] is False
            await again.advance(1)
            assert stale(again) == {"S1": True, "OLD": True, "Q": True, "NEW": False}
            slow.accept(ticker(1.0, symbol="S2"))
            await again.advance(1)
            assert stale(again)["S1"] is False


async def test_a_symbol_that_was_silent_before_the_restart_is_stale_behind_it(path: Path) -> None:
    async with market_room(path=path) as room:
        feed = room.feed("venue", "HALTED", "LIVELY")
        feed.accept(ticker(1.0, symbol="HALTED"))
        await room.advance(290)
        feed.accept(ticker(1.0, symbol="LIVELY"))
    await room.clock.advance(20)
    async with market_room(path=path, clock=room.clock) as again:
        assert stale(again) == {"HALTED": True, "LIVELY": False}


async def test_a_feed_that_is_no_longer_there_leaves_its_symbols_stale_and_to_others(path: Path) -> None:
    async with market_room(path=path) as room:
        room.feed("former").accept(ticker(1.0))
    async with market_room(path=path, clock=room.clock) as again, again.running():
        assert again.market.token("SOL").price == 1.0
        await again.advance(30)
        assert again.pushes("MARKET_PRICE", "SOL")[-1].data["stale"] is True
        assert (await again.market.post_prices([price(2.0)])).accepted == 1
        await again.advance(1)
        last = again.pushes("MARKET_PRICE", "SOL")[-1].data
        assert (last["price"], last["source"], last["stale"]) == (2.0, "http", False)


async def test_a_feed_keeps_what_it_brought_where_it_does_not_say_what_it_brings(path: Path) -> None:
    async with market_room(path=path) as room:
        room.feed("venue").accept(ticker(1.0))
    async with market_room(path=path, clock=room.clock) as again:
        again.feed("venue")
        assert (await again.market.post_prices([price(2.0)])).dropped == 1


async def test_a_feed_that_no_longer_names_a_symbol_leaves_it_to_others(path: Path) -> None:
    async with market_room(path=path) as room:
        feed = room.feed("venue", "SOL", "BTC")
        feed.accept(ticker(1.0))
        feed.accept(ticker(1.0, symbol="BTC"))
    async with market_room(path=path, clock=room.clock) as again:
        again.feed("venue", "BTC")
        result = await again.market.post_prices([price(2.0), price(2.0, "BTC")])
        assert (result.accepted, result.dropped) == (1, 1)
        assert again.market.price("SOL") == 2.0


async def test_a_feed_that_claims_what_was_posted_owns_it(path: Path) -> None:
    async with market_room(path=path) as room:
        await room.market.post_prices([price(1.0)])
    async with market_room(path=path, clock=room.clock) as again, again.running():
        feed = again.feed("venue", "SOL")
        assert (await again.market.post_prices([price(2.0)])).dropped == 1
        await again.advance(30)
        assert again.market.is_stale("SOL")
        feed.accept(trade(price=3.0))
        assert (again.market.price("SOL"), again.market.is_stale("SOL")) == (3.0, False)


async def test_a_price_older_than_all_that_is_kept_still_stands(path: Path) -> None:
    async with market_room(path=path) as room:
        await room.market.post_prices([price(4.0)])
        await room.advance(200 * 86_400)
    async with market_room(path=path, clock=room.clock) as again, again.running():
        token = again.market.token("SOL")
        assert (token.price, token.change_24h) == (4.0, 0.0)
        data = again.pushes("MARKET_PRICE", "SOL")[-1].data
        assert (data["high_24h"], data["low_24h"], data["stale"]) == (4.0, 4.0, True)


@pytest.mark.parametrize(("back_s", "after_s"), [(30.0, 0.0), (7_200.0, -7_200.0)])
async def test_a_clock_that_was_set_back_a_little_does_not_bring_time_back(
    path: Path, back_s: float, after_s: float
) -> None:
    async with market_room(path=path) as room:
        await room.advance(100)
        await room.market.post_prices([price(1.0)])
    stopped_us = int((DAY_BEGIN_S + 100) * 1e6)
    clock = ManualClock(start=DAY_BEGIN_S + 100 - back_s)
    async with market_room(path=path, clock=clock) as again:
        assert again.market.receipt_us() == pytest.approx(stopped_us + after_s * 1e6, rel=0, abs=2)
        await again.market.post_prices([price(2.0)])
        assert again.market.price("SOL") == 2.0

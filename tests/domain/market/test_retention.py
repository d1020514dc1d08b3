"""Old prices and trades leave the store, what somebody still needs does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from duelcast.domain.market.posted import PostedPrice, PostedTrade
from duelcast.domain.market.settings import MarketSettings
from duelcast.errors import Unavailable
from duelcast.store import market as store
from tests.domain.market.market_room import DAY_BEGIN_S, MarketRoom, market_room
from tests.storing import moved_away

DAY_S = 86_400
KEPT = MarketSettings(retention_prices_days=3, retention_trades_days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


async def days(room: MarketRoom) -> list[int]:
    """The days of the prices that are stored, counted from the first."""
    async with room.database.read() as transaction:
        rows = await store.minutes_since(transaction, ["SOL"], 0)
    return [round((row.minute * 60 - DAY_BEGIN_S) / DAY_S) for row in rows]


async def trades(room: MarketRoom) -> list[str | None]:
    async with room.database.read() as transaction:
        return [row.trade_id for _, row in await store.trades_since(transaction, 0, 0, 100)]


async def seven_days(room: MarketRoom) -> None:
    """A price and two trades a day, one with an id."""
    for day in range(7):
        await room.market.post_prices([PostedPrice(symbol="SOL", price=1.0 + day)])
        ids = (None, str(day))
        await room.market.post_trades(
            [PostedTrade(symbol="SOL", price=1.0, quantity=1.0, side="buy", id=trade_id) for trade_id in ids]
        )
        await room.advance(DAY_S)


async def until_deleted(room: MarketRoom) -> None:
    """Let the job that is due do its work: each of its steps is a read or a write."""
    await room.advance(0)
    for _ in range(20):
        await room.database.write(lambda _: asyncio.sleep(0))
        await room.advance(0)


async def test_what_is_old_at_the_start_goes_but_for_the_price_of_that_time_and_remembered_ids(path: Path) -> None:
    async with market_room(KEPT, path=path) as room:
        await seven_days(room)
        assert (await days(room), len(await trades(room))) == ([0, 1, 2, 3, 4, 5, 6], 14)
        async with room.running():
            await until_deleted(room)
        # It is day 7: those of the last 3 days, and the one that was the price when they began.
        assert await days(room) == [3, 4, 5, 6]
        assert await trades(room) == ["0", "1", "2", "3", "4", "5", None, "6"]


async def test_it_goes_on_every_hour(path: Path) -> None:
    async with market_room(KEPT, path=path) as room:
        await seven_days(room)
        async with room.running():
            await until_deleted(room)
            assert await days(room) == [3, 4, 5, 6]
            room.market.settings = MarketSettings(retention_prices_days=1)
            await room.advance(3_599)
            await until_deleted(room)
            assert await days(room) == [3, 4, 5, 6]
            await room.advance(1)
            await until_deleted(room)
        assert await days(room) == [6]


async def test_what_is_needed_stays(path: Path) -> None:
    async with market_room(KEPT, path=path) as room:
        room.market.oldest_needed_ms = lambda: int((DAY_BEGIN_S + 1.5 * DAY_S) * 1000)
        await seven_days(room)
        async with room.running():
            await until_deleted(room)
        assert await days(room) == [1, 2, 3, 4, 5, 6]
        assert (await trades(room)).count(None) == 5


async def test_without_the_store_the_next_hour_does_it(path: Path) -> None:
    async with market_room(KEPT, path=path) as room:
        await seven_days(room)
        async with room.running():
            with moved_away(path):
                await room.advance(0)
                with pytest.raises(Unavailable):
                    await room.database.write(lambda _: asyncio.sleep(0))
            await until_deleted(room)
            assert await days(room) == [0, 1, 2, 3, 4, 5, 6]
            await room.advance(3_600)
            await until_deleted(room)
        assert await days(room) == [4, 5, 6]

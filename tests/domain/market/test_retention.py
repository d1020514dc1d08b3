"""Old prices and trades leave the store, what somebody still needs does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from duelcast.domain.market.posted import PostedPrice, PostedTrade
from duelcast.errors import Unavailable
from duelcast.store import market as store
from tests.domain.market.market_room import DAY_BEGIN_S, MarketRoom, market_room
from tests.storing import moved_away

DAY_S = 86_400


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


async def test_what_is_old_goes_but_for_the_price_of_that_time_and_remembered_ids(path: Path) -> None:
    async with market_room(path=path) as room:
        await seven_days(room)
        assert (await days(room), len(await trades(room))) == ([0, 1, 2, 3, 4, 5, 6], 14)
        assert await room.market.retention.delete_prices(3) == 3
        assert await room.market.retention.delete_trades(1) == 6
        # It is day 7: those of the last 3 days, and the one that was the price when they began.
        assert await days(room) == [3, 4, 5, 6]
        assert await trades(room) == ["0", "1", "2", "3", "4", "5", None, "6"]
        assert await room.market.retention.delete_prices(3) == 0


async def test_what_is_needed_stays(path: Path) -> None:
    async with market_room(path=path) as room:
        room.market.oldest_needed_ms = lambda: int((DAY_BEGIN_S + 1.5 * DAY_S) * 1000)
        await seven_days(room)
        await room.market.retention.delete_prices(3)
        await room.market.retention.delete_trades(1)
        assert await days(room) == [1, 2, 3, 4, 5, 6]
        assert (await trades(room)).count(None) == 5


async def test_without_the_store_nothing_is_deleted(path: Path) -> None:
    async with market_room(path=path) as room:
        await seven_days(room)
        with moved_away(path):
            with pytest.raises(Unavailable):
                await room.market.retention.delete_prices(3)
            with pytest.raises(Unavailable):
                await room.market.retention.delete_trades(1)
        assert (await days(room), len(await trades(room))) == ([0, 1, 2, 3, 4, 5, 6], 14)

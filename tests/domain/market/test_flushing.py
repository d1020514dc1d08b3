"""What feeds bring reaches the store every five seconds, at the end, and never past an unsettled moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duelcast.domain.market import journal
from duelcast.domain.market.marks import PricePoint
from duelcast.domain.market.posted import PostedPrice
from duelcast.domain.market.ticks import TokenInfo
from duelcast.errors import Unavailable
from duelcast.store import market as store
from duelcast.store.database import Transaction
from duelcast.store.market import MarketWrites, MinutePrice
from tests.domain.market.market_room import DAY_BEGIN_S, MarketRoom, market_room, ticker, trade
from tests.store.facts import figure, held, until
from tests.storing import moved_away

MINUTE = int(DAY_BEGIN_S // 60)
BEGIN_US = int(DAY_BEGIN_S) * 1_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


@pytest.fixture
async def room(path: Path) -> AsyncIterator[MarketRoom]:
    """A market over a database file that can be moved away."""
    async with market_room(path=path) as room:
        yield room


async def stored(room: MarketRoom, symbol: str = "SOL") -> list[MinutePrice]:
    async with room.database.read() as transaction:
        return await store.minutes_since(transaction, [symbol], 0)


async def stored_after_flush(room: MarketRoom) -> list[MinutePrice]:
    await room.market.close()
    return await stored(room)


class SlowStore:
    """Holds what the market writes, in the middle of its transaction, until it may end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began, self.may_end, write = asyncio.Event(), asyncio.Event(), store.write

        async def write_slowly(transaction: Transaction, writes: MarketWrites) -> None:
            self.began.set()
            await self.may_end.wait()
            await write(transaction, writes)

        monkeypatch.setattr(store, "write", write_slowly)


async def test_the_running_minute_is_stored_every_five_seconds(room: MarketRoom) -> None:
    async with room.running():
        feed = room.feed()
        feed.accept(ticker(5.0))
        feed.accept(ticker(4.0))
        await room.advance(4.9)
        await room.database.write(lambda _: asyncio.sleep(0))
        assert await stored(room) == []
        await room.advance(0.1)
        await room.database.write(lambda _: asyncio.sleep(0))
        assert await stored(room) == [MinutePrice("SOL", MINUTE, 5.0, 5.0, 4.0, 4.0, BEGIN_US)]
        await room.advance(0)
        feed.accept(ticker(7.0))
        await room.advance(5)
        await room.database.write(lambda _: asyncio.sleep(0))
        assert (await stored(room))[0].last == 7.0


async def test_a_minute_that_ended_in_between_is_stored_whole(room: MarketRoom) -> None:
    feed = room.feed()
    await room.advance(58)
    feed.accept(ticker(5.0))
    await room.advance(1.5)
    feed.accept(ticker(6.0))
    await room.advance(0.5)
    feed.accept(ticker(7.0))
    assert await stored_after_flush(room) == [
        MinutePrice("SOL", MINUTE, 5.0, 6.0, 5.0, 6.0, BEGIN_US + 59_500_000),
        MinutePrice("SOL", MINUTE + 1, 7.0, 7.0, 7.0, 7.0, BEGIN_US + 60_000_000),
    ]


async def test_a_minute_that_ends_while_it_is_being_stored_is_stored_again(
    room: MarketRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = room.feed()
    await room.advance(58)
    feed.accept(ticker(5.0))
    with monkeypatch.context() as patched:
        slow = SlowStore(patched)
        flushing = asyncio.create_task(room.market.close())
        await slow.began.wait()
        await room.advance(1.5)
        feed.accept(ticker(9.0))
        await room.advance(1)
        feed.accept(ticker(7.0))
        slow.may_end.set()
        await flushing
    assert [row.last for row in await stored(room)] == [5.0]
    (ended, _) = await stored_after_flush(room)
    assert (ended.high, ended.last) == (9.0, 9.0)


async def test_what_a_feed_tells_of_a_token_is_stored_without_a_price_too(room: MarketRoom) -> None:
    room.feed().accept(TokenInfo(symbol="SOL", name="Solana"))
    await room.market.close()
    async with room.database.read() as transaction:
        (token,) = await store.all_tokens(transaction)
    assert (token.told, token.quote) == ({"name": "Solana"}, None)


async def test_what_is_not_stored_yet_is_at_the_end(path: Path) -> None:
    async with market_room(path=path) as room:
        room.feed().accept(trade(price=3.0))
    async with market_room(path=path) as again:
        assert [row.last for row in await stored(again)] == [3.0]


async def test_while_the_store_is_gone_prices_go_on_and_are_stored_when_it_is_back(
    room: MarketRoom, path: Path
) -> None:
    feed = room.feed()
    with moved_away(path):
        for number in range(1, 4):
            feed.accept(ticker(float(number)))
            await room.market.close()
            await room.advance(60)
        assert room.prices() == [1.0, 2.0, 3.0]
    assert [row.last for row in await stored_after_flush(room)] == [1.0, 2.0, 3.0]


async def test_minutes_that_wait_are_bounded_and_the_lost_are_counted(
    room: MarketRoom, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MAX_COMPLETE", 2)
    feed = room.feed()
    with moved_away(path):
        for number in range(1, 6):
            feed.accept(ticker(float(number)))
            await room.advance(60)
    rows = await stored_after_flush(room)
    lost = [
        sample.value
        for metric in room.market.collect()
        for sample in metric.samples
        if sample.name == "duelcast_market_lost_minutes_total"
    ]
    assert lost == [2]
    assert [row.last for row in rows] == [3.0, 4.0, 5.0]


class Contest:
    """Takes the prices of its boundary before they are overwritten, as `settle_first`."""

    def __init__(self, room: MarketRoom, moment_s: float) -> None:
        self._room = room
        self.moment_us = int(moment_s * 1e6)
        self.prices: list[dict[str, PricePoint]] = []
        self.stored: list[list[float]] = []
        self.fails = False
        room.market.mark(self.moment_us)
        room.market.settle_first = self.settle

    async def settle(self) -> None:
        """The prices of the boundary, and what the store has of them then."""
        if self.fails:
            raise Unavailable("not now")
        prices = await self._room.market.prices_at(["SOL"], self.moment_us)
        await self._room.database.write(lambda _: asyncio.sleep(0))
        self.prices.append(prices)
        self.stored.append([row.last for row in await stored(self._room)])
        self._room.market.unmark(self.moment_us)


async def test_a_boundary_is_settled_before_a_later_price_of_its_minute_is_posted(room: MarketRoom) -> None:
    contest = Contest(room, DAY_BEGIN_S + 10)
    await room.advance(10)
    await room.market.post_prices([PostedPrice(symbol="SOL", price=1.0)])
    assert contest.prices == []
    await room.advance(0.001)
    await asyncio.wait_for(room.market.post_prices([PostedPrice(symbol="SOL", price=2.0)]), 60)
    assert contest.prices == [{"SOL": (1.0, contest.moment_us)}]
    assert contest.stored == [[1.0]]
    assert [row.last for row in await stored(room)] == [2.0]


async def test_a_boundary_is_settled_before_a_later_price_of_a_feed_is_stored(room: MarketRoom) -> None:
    contest = Contest(room, DAY_BEGIN_S + 7)
    feed = room.feed()
    feed.accept(ticker(1.0))
    await room.market.close()
    await room.advance(8)
    feed.accept(ticker(2.0))
    assert [row.last for row in await asyncio.wait_for(stored_after_flush(room), 60)] == [2.0]
    assert contest.prices == [{"SOL": (1.0, BEGIN_US)}]
    assert contest.stored == [[1.0]]


async def test_a_boundary_that_passes_while_a_flush_waits_for_the_store_is_settled_first(room: MarketRoom) -> None:
    contest = Contest(room, DAY_BEGIN_S + 1)
    feed = room.feed()
    feed.accept(ticker(1.0))
    async with held(room.database):
        flushing = asyncio.create_task(room.market.close())
        await until(lambda: figure(room.database, "waiting_writes") == 1)
        await room.advance(2)
        feed.accept(ticker(2.0))
    await flushing
    assert contest.prices == [{"SOL": (1.0, BEGIN_US)}]
    assert contest.stored == [[]], "nothing that came later was stored before"
    assert [row.last for row in await stored(room)] == [2.0]


async def test_what_cannot_be_settled_holds_back_the_store_but_not_the_prices(room: MarketRoom) -> None:
    contest = Contest(room, DAY_BEGIN_S + 1)
    contest.fails = True
    feed = room.feed()
    await room.advance(2)
    feed.accept(ticker(2.0, symbol="BTC"))
    await room.market.close()
    assert await stored(room, "BTC") == []
    with pytest.raises(Unavailable):
        await room.market.post_prices([PostedPrice(symbol="SOL", price=2.0)])
    assert not room.market.knows("SOL")
    assert room.market.price("BTC") == 2.0
    contest.fails = False
    assert (await room.market.post_prices([PostedPrice(symbol="SOL", price=2.0)])).accepted == 1


async def test_a_moment_that_stays_marked_is_settled_once_for_each_write(room: MarketRoom) -> None:
    settled: list[float] = []

    async def settle() -> None:
        settled.append(room.clock.time())

    room.market.settle_first = settle
    room.market.mark(BEGIN_US)
    await room.market.post_prices([PostedPrice(symbol="SOL", price=1.0)])
    await room.advance(1)
    await room.market.post_prices([PostedPrice(symbol="SOL", price=2.0)])
    assert settled == [DAY_BEGIN_S + 1]

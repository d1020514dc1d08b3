"""What is posted is stored before it is done and acknowledged, or nothing of it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from duelcast.domain.market.posted import PostedPrice, PostedTrade, TokenMetadataInput
from duelcast.errors import InvalidRequest, Unavailable
from duelcast.store import market as store
from duelcast.store.audit import AuditFilter
from duelcast.store.market import MinutePrice
from tests.domain.market.market_room import ADMIN, DAY_BEGIN_S, MarketRoom, market_room, ticker
from tests.storing import moved_away

SOL = TokenMetadataInput(name="Solana", address="So111", decimals=9)
MINUTE = int(DAY_BEGIN_S // 60)
RECEIVED_US = int(DAY_BEGIN_S) * 1_000_000


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


@pytest.fixture
async def room(path: Path) -> AsyncIterator[MarketRoom]:
    """A market whose database file can be moved away."""
    async with market_room(path=path) as room:
        yield room


async def minutes(room: MarketRoom, symbol: str = "SOL") -> list[MinutePrice]:
    async with room.database.read() as transaction:
        return await store.minutes_since(transaction, [symbol], 0)


def price(price: float, symbol: str = "SOL", volume_24h: float | None = None) -> PostedPrice:
    return PostedPrice(symbol=symbol, price=price, volume_24h=volume_24h)


def trade(price: float = 1.0, trade_id: str | None = None) -> PostedTrade:
    return PostedTrade(symbol="SOL", price=price, quantity=2.0, side="sell", id=trade_id)


async def test_an_acknowledged_price_is_in_the_store_with_its_minute(room: MarketRoom) -> None:
    await room.market.post_prices([price(5.0), price(9.0, volume_24h=7.0), price(6.0)])
    assert await minutes(room) == [MinutePrice("SOL", MINUTE, 5.0, 9.0, 5.0, 6.0, RECEIVED_US)]
    await room.advance(59)
    await room.market.post_prices([price(4.0)])
    await room.advance(1)
    await room.market.post_prices([price(8.0)])
    assert await minutes(room) == [
        MinutePrice("SOL", MINUTE, 5.0, 9.0, 4.0, 4.0, RECEIVED_US + 59_000_000),
        MinutePrice("SOL", MINUTE + 1, 8.0, 8.0, 8.0, 8.0, RECEIVED_US + 60_000_000),
    ]
    async with room.database.read() as transaction:
        (token,) = await store.all_tokens(transaction)
    assert (token.source, token.quote is not None and token.quote["volume_24h"]) == ("http", 7.0)


async def test_an_acknowledged_trade_is_in_the_store_a_duplicate_is_not(room: MarketRoom) -> None:
    await room.market.post_trades([trade(trade_id="1"), trade(trade_id="1"), trade(3.0, "2")])
    await room.market.post_trades([trade(trade_id="2")])
    async with room.database.read() as transaction:
        rows = [row for _, row in await store.trades_since(transaction, 0, 0, 10)]
    assert [(row.trade_id, row.price, row.quantity, row.side) for row in rows] == [
        ("1", 1.0, 2.0, "sell"),
        ("2", 3.0, 2.0, "sell"),
    ]


async def test_nobody_sees_a_price_before_it_is_stored(room: MarketRoom) -> None:
    posting = asyncio.create_task(room.market.post_prices([price(5.0)]))
    seen_early = False
    while not posting.done():
        await asyncio.sleep(0)
        seen_early |= room.market.knows("SOL") and not await minutes(room)
    assert not seen_early
    assert room.prices() == [5.0]


@pytest.mark.parametrize("what", ["prices", "trades", "token"])
async def test_without_the_store_a_post_changes_nothing_and_later_it_goes_on(
    room: MarketRoom, path: Path, what: str
) -> None:
    await room.market.post_prices([price(5.0)])
    told = len(room.recorder.pushes)
    before = room.market.tokens()

    async def post() -> None:
        if what == "prices":
            await room.market.post_prices([price(6.0), price(1.0, "BTC")])
        elif what == "trades":
            await room.market.post_trades([trade(6.0, "1")])
        else:
            await room.market.put_token("SOL", SOL, ADMIN)

    with moved_away(path):
        with pytest.raises(Unavailable) as refusal:
            await post()
        assert refusal.value.retry_after_ms is not None
        assert (room.market.tokens(), len(room.recorder.pushes)) == (before, told)
    await post()
    assert room.market.tokens() != before
    if what == "trades":  # the id of the refused trade was not remembered
        assert (await room.market.post_trades([trade(trade_id="1")])).duplicate == 1


async def test_posts_that_come_together_are_stored_as_one_and_in_their_order(room: MarketRoom) -> None:
    await asyncio.gather(*(room.market.post_prices([price(float(number))]) for number in range(1, 30)))
    (row,) = await minutes(room)
    assert (row.open, row.high, row.last) == (1.0, 29.0, 29.0)
    assert room.market.price("SOL") == 29.0


async def test_one_who_does_not_wait_for_the_answer_does_not_stop_the_others(room: MarketRoom) -> None:
    leaving = asyncio.create_task(room.market.post_prices([price(1.0)]))
    staying = asyncio.create_task(room.market.post_prices([price(2.0)]))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).accepted == 1
    assert (await minutes(room))[0].open == 1.0


async def test_metadata_is_stored_together_with_who_put_it(room: MarketRoom) -> None:
    await room.market.put_token("sol", SOL, ADMIN)
    (act,) = await room.audit.newest(AuditFilter(), limit=10)
    assert (act.wallet, act.role, act.action, act.target, act.outcome) == (
        "admin",
        ADMIN.role,
        "tokens.put",
        "SOL",
        "ok",
    )
    assert act.details == {"name": "Solana", "address": "So111", "decimals": 9}
    with pytest.raises(InvalidRequest):
        await room.market.put_token("S L", SOL, ADMIN)
    assert len(await room.audit.newest(AuditFilter(), limit=10)) == 1


async def test_a_feed_that_takes_a_symbol_over_while_a_post_is_stored_wins(room: MarketRoom) -> None:
    feed = room.feed("venue")
    posting = asyncio.create_task(room.market.post_prices([price(1.0)]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    feed.accept(ticker(2.0))
    await posting
    assert room.market.token("SOL").price == 2.0
    assert room.pushes("MARKET_PRICE")[-1].data["source"] == "venue"
    await room.market.close()
    assert (await minutes(room))[0].last == 2.0


async def test_listeners_hear_each_new_price_at_once(room: MarketRoom) -> None:
    heard: list[tuple[str, float]] = []
    room.market.listen(lambda symbol, price: heard.append((symbol, price)))
    feed = room.feed("venue", "BTC")
    for each in (1.0, 1.0, 2.0):
        feed.accept(ticker(each, symbol="BTC"))
    await room.market.post_prices([price(5.0), price(5.0), price(6.0)])
    assert heard == [("BTC", 1.0), ("BTC", 2.0), ("SOL", 5.0), ("SOL", 6.0)]
    assert (room.market.price("BTC"), room.market.price("SOL"), room.market.price("NONE")) == (2.0, 6.0, None)


async def test_whether_the_price_of_a_token_is_fresh(room: MarketRoom) -> None:
    assert room.market.is_stale("SOL")
    await room.market.post_prices([price(1.0)])
    assert not room.market.is_stale("SOL")
    async with room.running():
        await room.advance(300)
    assert room.market.is_stale("SOL")

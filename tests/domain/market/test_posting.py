"""What is posted is stored before it is done and acknowledged, or nothing of it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.market import posting
from duelcast.domain.market.posted import PostedPrice, PostedTrade, PostResult, TokenMetadataInput
from duelcast.domain.market.settings import MarketSettings
from duelcast.errors import InvalidRequest, Unavailable
from duelcast.store import market as store
from duelcast.store.audit import AuditFilter
from duelcast.store.database import Transaction
from duelcast.store.market import MinutePrice
from tests.domain.market.market_room import ADMIN, DAY_BEGIN_S, MarketRoom, market_room, ticker
from tests.examples import examples
from tests.store.facts import held, waiting
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


def trade(price: float = 1.0, trade_id: str | None = None, symbol: str = "SOL") -> PostedTrade:
    return PostedTrade(symbol=symbol, price=price, quantity=2.0, side="sell", id=trade_id)


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
    task = asyncio.create_task(room.market.post_prices([price(5.0)]))
    seen_early = False
    while not task.done():
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


async def test_posts_that_share_a_commit_are_decided_one_behind_the_other(path: Path) -> None:
    async with market_room(MarketSettings(max_symbols=1), path=path) as room:
        async with held(room.database):
            posts = await waiting(
                room.database,
                room.market.post_trades([trade(1.0, "1")]),
                room.market.post_trades([trade(2.0, "1"), trade(3.0, "2")]),
                room.market.post_prices([price(4.0, "BTC")]),
            )
        assert await asyncio.gather(*posts) == [
            PostResult(accepted=1, dropped=0),
            PostResult(accepted=1, dropped=0, duplicate=1),
            PostResult(accepted=0, dropped=1),
        ]
        (row,) = await minutes(room)
        assert (row.open, row.high, row.last) == (1.0, 3.0, 3.0)


async def test_posts_of_two_minutes_that_share_a_commit_leave_both_minutes(room: MarketRoom) -> None:
    await room.market.post_prices([price(1.0)])
    async with held(room.database):
        posts = await waiting(room.database, room.market.post_prices([price(3.0)]))
        await room.advance(61)
        posts += await waiting(room.database, room.market.post_trades([trade(2.0, "1"), trade(4.0, "2")]))
    assert await asyncio.gather(*posts) == [PostResult(accepted=1, dropped=0), PostResult(accepted=2, dropped=0)]
    await room.market.post_prices([price(5.0)])
    assert await minutes(room) == [
        MinutePrice("SOL", MINUTE, 1.0, 3.0, 1.0, 3.0, RECEIVED_US),
        MinutePrice("SOL", MINUTE + 1, 5.0, 5.0, 5.0, 5.0, RECEIVED_US + 61_000_000),
    ]
    candles = (await room.market.history("SOL", None, None, "1m")).candles
    assert [(candle.open, candle.close) for candle in candles] == [(1.0, 3.0), (5.0, 5.0)]


async def test_a_moment_between_two_posts_that_share_a_commit_has_the_price_of_the_first(room: MarketRoom) -> None:
    await room.advance(1)
    room.market.mark(RECEIVED_US + 2_000_000)
    async with held(room.database):
        posts = await waiting(room.database, room.market.post_prices([price(1.0)]))
        await room.advance(2)
        posts += await waiting(room.database, room.market.post_prices([price(2.0), price(1.0, "BTC")]))
    await asyncio.gather(*posts)
    assert room.market.price("SOL") == 2.0
    assert await room.market.prices_at(["SOL"], RECEIVED_US + 2_000_000) == {"SOL": (1.0, RECEIVED_US + 1_000_000)}


async def test_of_posts_that_share_a_commit_the_one_at_fault_fails_alone(
    room: MarketRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = AuditTrail.record

    async def record_or_fail(
        trail: AuditTrail, transaction: Transaction, actor: Actor, action: str, target: str, details: dict[str, Any]
    ) -> None:
        if target == "BAD":
            raise ValueError("a defect")
        await record(trail, transaction, actor, action, target, details)

    monkeypatch.setattr(AuditTrail, "record", record_or_fail)
    async with held(room.database):
        posts = await waiting(
            room.database,
            room.market.post_trades([trade(1.0, "1")]),
            room.market.put_token("BAD", SOL, ADMIN),
            room.market.post_trades([trade(2.0, "1"), trade(3.0, "2")]),
            room.market.put_token("SOL", SOL, ADMIN),
        )
    first, failed, second, token = await asyncio.gather(*posts, return_exceptions=True)
    assert (first, second) == (PostResult(accepted=1, dropped=0), PostResult(accepted=1, dropped=0, duplicate=1))
    assert isinstance(failed, ValueError)
    assert token == room.market.token("SOL")
    assert room.market.symbols() == ["SOL"]
    (row,) = await minutes(room)
    assert (row.open, row.last, room.market.price("SOL")) == (1.0, 3.0, 3.0)


async def test_posts_beyond_the_bound_are_refused_and_change_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "MAX_WAITING_ROWS", 3)
    async with market_room(path=path) as room:
        async with held(room.database):
            (first,) = await waiting(room.database, room.market.post_prices([price(1.0), price(2.0)]))
            with pytest.raises(Unavailable):
                await room.market.post_prices([price(3.0), price(4.0)])
        assert (await first).accepted == 2
        assert [row.high for row in await minutes(room)] == [2.0]
        assert (await room.market.post_prices([price(5.0)] * 5)).accepted == 5, "one alone passes"


async def test_a_post_that_waits_for_a_boundary_to_be_settled_takes_room_too(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "MAX_WAITING_ROWS", 3)
    settling, settled = asyncio.Event(), asyncio.Event()

    async def settle() -> None:
        settling.set()
        await settled.wait()

    async with market_room(path=path) as room:
        room.market.settle_first = settle
        room.market.mark(RECEIVED_US)
        await room.advance(1)
        waits = asyncio.create_task(room.market.post_prices([price(1.0), price(2.0)]))
        await settling.wait()
        with pytest.raises(Unavailable):
            await room.market.post_prices([price(3.0), price(4.0)])
        settled.set()
        assert (await waits).accepted == 2


posted_rows = st.lists(
    st.one_of(
        st.builds(price, st.floats(1, 9), st.sampled_from(["SOL", "BTC"]), st.none() | st.floats(0, 9)),
        st.builds(trade, st.floats(1, 9), st.none() | st.sampled_from("123"), st.sampled_from(["SOL", "BTC"])),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=examples(30))
@given(posted_rows)
async def test_posts_make_the_same_of_the_market_whether_they_share_a_commit_or_not(
    rows: list[PostedPrice | PostedTrade],
) -> None:
    def post(room: MarketRoom, row: PostedPrice | PostedTrade) -> Awaitable[PostResult]:
        return room.market.post_prices([row]) if isinstance(row, PostedPrice) else room.market.post_trades([row])

    async def state(room: MarketRoom) -> tuple[object, ...]:
        async with room.database.read() as transaction:
            kept = await store.all_tokens(transaction), await store.trades_since(transaction, 0, 0, 100)
        volumes = [room.market.token(symbol).volume_24h for symbol in room.market.symbols()]
        return (*kept, await minutes(room, "SOL"), await minutes(room, "BTC"), room.market.tokens(), volumes)

    async with market_room() as alone, market_room() as together:
        results = [await post(alone, row) for row in rows]
        async with held(together.database):
            posts = await waiting(together.database, *(post(together, row) for row in rows))
        assert await asyncio.gather(*posts) == results
        assert await state(together) == await state(alone)


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
    task = asyncio.create_task(room.market.post_prices([price(1.0)]))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    feed.accept(ticker(2.0))
    await task
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
    await room.market.post_prices([price(6.0)])
    assert heard == [("BTC", 1.0), ("BTC", 2.0), ("SOL", 6.0)], "a post makes one change of a symbol"
    assert (room.market.price("BTC"), room.market.price("SOL"), room.market.price("NONE")) == (2.0, 6.0, None)


async def test_whether_the_price_of_a_token_is_fresh(room: MarketRoom) -> None:
    assert room.market.is_stale("SOL")
    await room.market.post_prices([price(1.0)])
    assert not room.market.is_stale("SOL")
    async with room.running():
        await room.advance(300)
    assert room.market.is_stale("SOL")

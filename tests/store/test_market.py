"""Tokens, minutes and posted trades in a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from duelcast.store import market as store
from duelcast.store.database import Database
from duelcast.store.market import CandlePrices, MarketWrites, MinutePrice, StoredToken, StoredTrade
from tests.storing import opened

MINUTE = 30_000_000
US = 60_000_000


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "duelcast.db") as database:
        yield database


async def keep(database: Database, **writes: Sequence[object]) -> None:
    made = MarketWrites(**writes)  # type: ignore[arg-type]  # checked by those who read it back
    await database.write(lambda transaction: store.write(transaction, made))


def token(symbol: str, **fields: object) -> StoredToken:
    values: dict[str, object] = {"source": "http", "told": {}, "put": {}, "quote": None, "updated_ms": 1}
    return StoredToken(symbol, **(values | fields))  # type: ignore[arg-type]  # fields are those of the struct


def minute(
    symbol: str, after: int, prices: Sequence[float] = (1.0,), received_s: float = 30.0, since: int = MINUTE
) -> MinutePrice:
    """A minute `after` the first, whose last price came `received_s` into it."""
    received_us = (since + after) * US + int(received_s * 1e6)
    return MinutePrice(symbol, since + after, prices[0], max(prices), min(prices), prices[-1], received_us)


def trade(symbol: str = "SOL", trade_id: str | None = None, received_us: int = 0) -> StoredTrade:
    return StoredTrade(symbol, trade_id, 1.5, 2.0, "buy", None, received_us)


async def test_what_was_stored_is_read_back_and_replaced_under_its_key(database: Database) -> None:
    layers = {"put": {"name": "Solana", "websites": [{"label": "x", "url": "https://x.example"}]}}
    await keep(database, tokens=[token("SOL"), token("BTC", **layers)], minutes=[minute("SOL", 0), minute("SOL", 1)])
    changed = token("SOL", quote={"price": 1e-30, "stale": False}, updated_ms=2**45)
    await keep(database, tokens=[changed], minutes=[minute("SOL", 1, (3.0, 1e30, 2.0))])
    async with database.read() as transaction:
        assert await store.all_tokens(transaction) == [token("BTC", **layers), changed]
        assert await store.minutes_since(transaction, ["SOL", "BTC"], MINUTE) == [
            minute("SOL", 0),
            minute("SOL", 1, (3.0, 1e30, 2.0)),
        ]
        assert await store.minutes_since(transaction, ["SOL"], MINUTE + 2) == []


async def test_more_rows_than_a_statement_takes_are_stored_too(database: Database) -> None:
    await keep(database, tokens=[token("SOL")], minutes=[minute("SOL", after) for after in range(1_234)])
    async with database.read() as transaction:
        assert len(await store.minutes_since(transaction, ["SOL"], 0)) == 1_234


async def test_the_last_minute_at_a_moment_is_one_whose_last_price_had_come_by_then(database: Database) -> None:
    rows = [minute("SOL", 0, (1.0,)), minute("SOL", 5, (2.0,)), minute("BTC", 4, (3.0,)), minute("NEW", 6)]
    await keep(database, tokens=[token(symbol) for symbol in ("SOL", "BTC", "NEW")], minutes=rows)
    moment_us = rows[1].received_us
    async with database.read() as transaction:
        for at_us, sol in ((moment_us, rows[1]), (moment_us - 1, rows[0])):
            found = await store.last_minutes_at(transaction, ["SOL", "BTC", "NEW", "NONE"], at_us)
            assert sorted(found, key=lambda row: row.symbol) == [rows[2], sol]
        before = await store.last_minutes_before(transaction, ["SOL", "BTC", "NEW", "NONE"], MINUTE + 5)
        assert sorted(before, key=lambda row: row.symbol) == [rows[2], rows[0]]


async def test_the_first_minute_from_another_on(database: Database) -> None:
    rows = [minute("SOL", 1), minute("SOL", 3), minute("BTC", 0)]
    await keep(database, tokens=[token("SOL"), token("BTC")], minutes=rows)
    async with database.read() as transaction:
        assert await store.first_minutes_from(transaction, ["SOL", "BTC"], MINUTE + 1) == [rows[0]]
        assert await store.first_minutes_from(transaction, ["SOL"], MINUTE + 2) == [rows[1]]


async def test_candles_are_made_of_the_minutes_of_their_span(database: Database) -> None:
    rows = [
        minute("SOL", 0, (5.0, 9.0)),
        minute("SOL", 1, (2.0, 1.0, 3.0)),
        minute("SOL", 4, (8.0, 7.0)),
        minute("SOL", 5, (6.0,)),
        minute("BTC", 2, (100.0,)),
    ]
    await keep(database, tokens=[token("SOL"), token("BTC")], minutes=rows)
    async with database.read() as transaction:
        five = [CandlePrices(MINUTE, 5.0, 9.0, 1.0, 7.0), CandlePrices(MINUTE + 5, 6.0, 6.0, 6.0, 6.0)]
        assert await store.candles_between(transaction, "SOL", 5, MINUTE, MINUTE + 10, 10) == five
        assert await store.candles_between(transaction, "SOL", 5, MINUTE, MINUTE + 10, 1) == five[:1]
        assert await store.candles_between(transaction, "SOL", 5, MINUTE + 5, MINUTE + 10, 10) == five[1:]
        single = await store.candles_between(transaction, "SOL", 1, MINUTE + 1, MINUTE + 5, 10)
        assert single == [CandlePrices(MINUTE + 1, 2.0, 3.0, 1.0, 3.0), CandlePrices(MINUTE + 4, 8.0, 8.0, 7.0, 7.0)]


async def test_old_minutes_go_but_the_price_of_that_time_stays(database: Database) -> None:
    rows = [minute("SOL", after) for after in (0, 1, 2, 9)] + [minute("QUIET", 0)]
    await keep(database, tokens=[token("SOL"), token("QUIET")], minutes=rows)
    before_ms = (MINUTE + 3) * 60_000
    assert await database.write(lambda transaction: store.delete_minutes(transaction, before_ms, 1)) == 1
    assert await database.write(lambda transaction: store.delete_minutes(transaction, before_ms, 10)) == 1
    assert await database.write(lambda transaction: store.delete_minutes(transaction, before_ms, 10)) == 0
    async with database.read() as transaction:
        assert await store.minutes_since(transaction, ["SOL", "QUIET"], 0) == [rows[4], rows[2], rows[3]]


async def test_old_trades_go_but_those_whose_ids_are_remembered_stay(database: Database) -> None:
    trades = [trade(trade_id=f"t{number}", received_us=number) for number in range(5)]
    await keep(database, trades=[*trades, trade(received_us=5), trade("BTC", "t9", 0), trade(received_us=10_000)])
    async with database.read() as transaction:
        assert sorted(await store.traded_symbols(transaction)) == ["BTC", "SOL"]
        assert await store.newest_trade_ids(transaction, "SOL", 3) == ["t2", "t3", "t4"]
        first_kept = await store.nth_newest_trade_with_id(transaction, "SOL", 2)
        assert await store.nth_newest_trade_with_id(transaction, "SOL", 6) is None
    for deleted in (3, 1, 0):
        count = await database.write(lambda transaction: store.delete_trades(transaction, "SOL", 10, first_kept, 3))
        assert count == deleted
    async with database.read() as transaction:
        left = [row for _, row in await store.trades_since(transaction, 0, 0, 10)]
    assert left == [trades[3], trades[4], trade("BTC", "t9", 0), trade(received_us=10_000)]


async def test_without_enough_ids_only_trades_without_one_go(database: Database) -> None:
    await keep(database, trades=[trade(trade_id="1"), trade()])
    assert await database.write(lambda transaction: store.delete_trades(transaction, "SOL", 10, None, 10)) == 1
    async with database.read() as transaction:
        assert [row.trade_id for _, row in await store.trades_since(transaction, 0, 0, 10)] == ["1"]


async def test_trades_are_read_in_the_order_they_were_stored_page_by_page(database: Database) -> None:
    await keep(database, trades=[trade(trade_id=str(number), received_us=number) for number in range(6)])
    async with database.read() as transaction:
        first = await store.trades_since(transaction, 2, 0, 2)
        rest = await store.trades_since(transaction, 2, first[-1][0], 10)
    assert [row.trade_id for _, row in (*first, *rest)] == ["2", "3", "4", "5"]

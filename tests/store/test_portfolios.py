"""Portfolios, trades and boundary prices in the store, function by function."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from duelcast.domain.contests.portfolio import Choice, quantities
from duelcast.store import contests as repository
from duelcast.store.contests import BoundaryPrice, ContestRow, HoldingRow, TradeRow
from duelcast.store.database import Database
from tests.examples import examples
from tests.store.contest_rows import do, enter, new_contest, statements
from tests.storing import opened

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """One for all tests: each has contests and wallets of its own."""
    async with opened(tmp_path_factory.mktemp("contests") / "test.db") as database:
        yield database


# ── portfolios ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_portfolios_of_a_contest_come_by_entry_and_symbol(database: Database) -> None:
    contest, other = await new_contest(database), await new_contest(database)
    first = await enter(database, contest, "p1", SOL=60, BTC=40)
    second = await enter(database, contest, "p2", ETH=100)
    await enter(database, other, "p1", DOGE=100)
    assert await do(database, repository.holdings_of_contest, contest.id) == {
        first.id: [HoldingRow("BTC", 40, None), HoldingRow("SOL", 60, None)],
        second.id: [HoldingRow("ETH", 100, None)],
    }
    assert await do(database, repository.held_symbols, contest.id) == ["BTC", "ETH", "SOL"]


async def test_a_symbol_that_many_hold_is_named_once(database: Database) -> None:
    contest = await new_contest(database)
    for wallet in ("h1", "h2"):
        await enter(database, contest, wallet, SOL=100)
    assert await do(database, repository.held_symbols, contest.id) == ["SOL"]


@pytest.mark.parametrize(
    "portfolio", [[HoldingRow("BTC", 30, 0.1), HoldingRow("ETH", 70, 2.5)], [HoldingRow("SOL", 100, None)], []]
)
async def test_a_portfolio_is_replaced_as_a_whole(database: Database, portfolio: list[HoldingRow]) -> None:
    contest = await new_contest(database)
    entry, other = await enter(database, contest, "changes", SOL=60, BTC=40), await enter(database, contest, "keeps")
    await do(database, repository.replace_holdings, entry.id, iter(portfolio))
    assert await do(database, repository.holdings_of, entry.id) == portfolio
    assert await do(database, repository.holdings_of, other.id) == [HoldingRow("SOL", 100, None)]


SYMBOLS = ("BTC", "ETH", "PEPE", "SOL")
PORTFOLIO = st.dictionaries(st.sampled_from(SYMBOLS), st.integers(1, 100), min_size=1)
PRICE = st.floats(1e-12, 1e12)


async def store_start(database: Database, contest: ContestRow, prices: Mapping[str, float]) -> None:
    points = [BoundaryPrice(symbol, price, 1) for symbol, price in prices.items()]
    await do(database, repository.store_prices, contest.id, "start", points)


@settings(max_examples=examples(40))
@given(
    st.lists(PORTFOLIO, min_size=1, max_size=4),
    st.floats(1e-6, 1e15),
    st.fixed_dictionaries(dict.fromkeys(SYMBOLS, PRICE)),
)
async def test_portfolios_are_bought_to_the_last_bit_as_the_domain_computes_them(
    database: Database, portfolios: list[dict[str, int]], balance: float, prices: dict[str, float]
) -> None:
    contest = await new_contest(database)
    made = await asyncio.gather(
        *(enter(database, contest, f"b{n}", **portfolio) for n, portfolio in enumerate(portfolios))
    )
    await store_start(database, contest, prices)
    await do(database, repository.buy_portfolios, contest.id, balance)
    bought = await do(database, repository.holdings_of_contest, contest.id)
    for entry, portfolio in zip(made, portfolios, strict=True):
        choices = [Choice(symbol, portfolio[symbol]) for symbol in sorted(portfolio)]
        expected = [(symbol, quantity.hex()) for symbol, quantity in quantities(balance, choices, prices)]
        assert [(row.symbol, row.quantity and row.quantity.hex()) for row in bought[entry.id]] == expected


async def test_only_the_portfolios_of_the_contest_are_bought_and_only_at_the_prices_of_its_start(
    database: Database,
) -> None:
    contest, other = await new_contest(database), await new_contest(database)
    entry = await enter(database, contest, "buys", SOL=50, BTC=50)
    stranger = await enter(database, other, "buys", SOL=100)
    for its, price in ((contest, 100.0), (other, 10.0)):
        await store_start(database, its, {"SOL": price, "ETH": 1.0})
    await do(database, repository.store_prices, contest.id, "end", [BoundaryPrice("BTC", 2.0, 1)])
    await do(database, repository.buy_portfolios, contest.id, 10_000.0)
    assert await do(database, repository.holdings_of, entry.id) == [
        HoldingRow("BTC", 50, None),
        HoldingRow("SOL", 50, 50.0),
    ]
    assert await do(database, repository.holdings_of, stranger.id) == [HoldingRow("SOL", 100, None)]


async def test_portfolios_are_bought_in_one_statement_however_many_tokens_there_are(database: Database) -> None:
    contest = await new_contest(database)
    await enter(database, contest, "many", SOL=50, BTC=30, ETH=20)
    await store_start(database, contest, {"SOL": 1.0, "BTC": 2.0, "ETH": 3.0})
    assert len(await statements(database, repository.buy_portfolios, contest.id, 10_000.0)) == 1


# ── trades and boundary prices ──────────────────────────────────────────────────────────────────────────────────────


async def test_trades_come_in_their_order_and_in_pages(database: Database) -> None:
    contest, other = await new_contest(database), await new_contest(database)
    sell = {"symbol": "SOL", "side": "sell", "quantity": 0.1 + 0.2, "price": 150.0}
    buy = {"symbol": "BTC", "side": "buy", "quantity": 1e-9, "price": 60_000.0}
    await do(database, repository.insert_trades, contest.id, "trader", 2_000, [sell, buy])
    await do(database, repository.insert_trades, contest.id, "rival", 2_000, [sell])
    await do(database, repository.insert_trades, other.id, "trader", 2_000, [sell])
    await do(database, repository.insert_trades, contest.id, "trader", 1_000, [buy])
    trades = await do(database, repository.trades_of, contest.id, "trader", 0, 10)
    ids = [trade.id for trade in trades]
    assert ids == sorted(ids)
    assert trades == [
        TradeRow(ids[0], 2_000, "SOL", "sell", 0.1 + 0.2, 150.0),
        TradeRow(ids[1], 2_000, "BTC", "buy", 1e-9, 60_000.0),
        TradeRow(ids[2], 1_000, "BTC", "buy", 1e-9, 60_000.0),
    ]
    assert await do(database, repository.trades_of, contest.id, "trader", 0, 2) == trades[:2]
    assert await do(database, repository.trades_of, contest.id, "trader", ids[1], 2) == trades[2:]


async def test_a_change_without_trades_stores_none(database: Database) -> None:
    contest = await new_contest(database)
    await do(database, repository.insert_trades, contest.id, "idle", 0, [])
    assert await do(database, repository.trades_of, contest.id, "idle", 0, 10) == []


async def test_each_boundary_has_its_prices(database: Database) -> None:
    contest, other = await new_contest(database), await new_contest(database)
    start = [BoundaryPrice("BTC", 0.1 + 0.2, 2**52), BoundaryPrice("SOL", 1e-12, 1)]
    await do(database, repository.store_prices, contest.id, "start", reversed(start))
    await do(database, repository.store_prices, contest.id, "end", [BoundaryPrice("SOL", 2.0, 2)])
    await do(database, repository.store_prices, other.id, "start", [BoundaryPrice("ETH", 3.0, 3)])
    assert await do(database, repository.prices_of, contest.id, "start") == start
    assert await do(database, repository.prices_of, contest.id, "end") == [BoundaryPrice("SOL", 2.0, 2)]


async def test_the_prices_of_a_boundary_are_taken_once(database: Database) -> None:
    contest = await new_contest(database)
    await do(database, repository.store_prices, contest.id, "start", [BoundaryPrice("SOL", 1.0, 1)])
    await do(database, repository.store_prices, contest.id, "start", [])
    with pytest.raises(IntegrityError):
        await do(database, repository.store_prices, contest.id, "start", [BoundaryPrice("SOL", 2.0, 2)])
    with pytest.raises(IntegrityError):
        await do(database, repository.store_prices, contest.id, "middle", [BoundaryPrice("SOL", 2.0, 2)])
    assert await do(database, repository.prices_of, contest.id, "start") == [BoundaryPrice("SOL", 1.0, 1)]

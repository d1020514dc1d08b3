"""Portfolios: what may be chosen, what it comes to, and what a change trades."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.contests.errors import InvalidPortfolio, NoPrice
from duelcast.domain.contests.portfolio import (
    MAX_TOKENS,
    Choice,
    Holding,
    Trade,
    quantities,
    rebalance,
    usable_price,
    validate,
    value_of,
)

PRICES = {"BTC": 60_000.0, "ETH": 3_000.0, "SOL": 150.0}


def chosen(*pairs: tuple[str, int]) -> list[Choice]:
    return [Choice(symbol, weight) for symbol, weight in pairs]


def checked(portfolio: Sequence[Choice], allowed: Sequence[str] = ()) -> list[Choice]:
    return validate(portfolio, allowed_symbols=allowed, price_of=PRICES.get)


def test_a_portfolio_comes_back_in_upper_case_and_in_the_order_of_its_symbols() -> None:
    assert checked(chosen(("sol", 40), ("Btc", 60))) == chosen(("BTC", 60), ("SOL", 40))


def test_a_single_token_with_the_full_weight_is_a_portfolio() -> None:
    assert checked(chosen(("SOL", 100)), allowed=["SOL"]) == chosen(("SOL", 100))


@pytest.mark.parametrize(
    ("portfolio", "field"),
    [
        (chosen(), "portfolio"),
        (chosen(*[(f"T{number}", 1) for number in range(MAX_TOKENS + 1)]), "portfolio"),
        (chosen(("SOL", 50), ("ETH", 25), ("sol", 25)), "portfolio[2].symbol"),
        (chosen(("SOL", 50), ("BTC", 50)), "portfolio[1].symbol"),
        (chosen(("SOL", 0), ("ETH", 100)), "portfolio[0].weight"),
        (chosen(("SOL", 50), ("ETH", 101)), "portfolio[1].weight"),
        (chosen(("SOL", -1), ("ETH", 101)), "portfolio[0].weight"),
        (chosen(("SOL", 50), ("ETH", 49)), "portfolio"),
        (chosen(("SOL", 50), ("ETH", 51)), "portfolio"),
    ],
)
def test_a_portfolio_that_breaks_a_rule_is_refused_with_the_field_at_fault(portfolio: list[Choice], field: str) -> None:
    with pytest.raises(InvalidPortfolio) as refused:
        checked(portfolio, allowed=["SOL", "ETH"])
    assert refused.value.field == field


def test_as_many_tokens_as_allowed_are_a_portfolio() -> None:
    portfolio = chosen(*[(f"T{number:02d}", 2) for number in range(MAX_TOKENS)])
    assert validate(portfolio, allowed_symbols=(), price_of=lambda _: 1.0) == portfolio


def test_a_token_without_a_price_is_refused_at_its_place_in_what_was_sent() -> None:
    with pytest.raises(NoPrice) as refused:
        checked(chosen(("SOL", 50), ("BONK", 50)))
    assert refused.value.field == "portfolio[1].symbol"
    assert "BONK" in refused.value.message


def test_a_stale_price_is_refused_where_the_caller_asks_for_it() -> None:
    portfolio = chosen(("SOL", 50), ("ETH", 50))
    with pytest.raises(NoPrice) as refused:
        validate(portfolio, allowed_symbols=(), price_of=PRICES.get, is_stale=lambda symbol: symbol == "ETH")
    assert refused.value.field == "portfolio[1].symbol"
    assert usable_price("SOL", PRICES.get, lambda symbol: symbol == "ETH") == 150.0


def test_quantity_is_balance_times_weight_by_100_by_price() -> None:
    held = quantities(1_000.0, chosen(("ETH", 7), ("SOL", 93)), PRICES)
    assert held == [("ETH", 1_000.0 * 7 / 100 / 3_000.0), ("SOL", 1_000.0 * 93 / 100 / 150.0)]


def test_value_is_added_one_by_one_in_the_order_of_the_symbols() -> None:
    held = [Holding("C", 1.0), Holding("A", 1.0), Holding("B", 1.0)]
    prices = {"A": 1e16, "B": 1.0, "C": 1.0}
    assert value_of(held, prices) == 1e16
    assert value_of(held, {"A": 1.0, "B": 1.0, "C": 1e16}) == 1e16 + 2


def test_a_change_sells_what_is_left_out_and_buys_what_is_new() -> None:
    positions, trades = rebalance([Holding("BTC", 0.01), Holding("ETH", 0.2)], chosen(("ETH", 50), ("SOL", 50)), PRICES)
    assert positions == [("ETH", 0.2), ("SOL", 4.0)]
    assert trades == [Trade("BTC", "sell", 0.01, 60_000.0), Trade("SOL", "buy", 4.0, 150.0)]


weights = st.lists(st.integers(1, 100), min_size=1, max_size=8).filter(lambda given: sum(given) <= 100)


@st.composite
def portfolios(draw: st.DrawFn) -> list[Choice]:
    given_weights = draw(weights)
    given_weights[-1] += 100 - sum(given_weights)
    symbols = sorted(draw(st.permutations("ABCDEFGHIJ"))[: len(given_weights)])
    return [Choice(symbol, weight) for symbol, weight in zip(symbols, given_weights, strict=True)]


price_lists = st.fixed_dictionaries({symbol: st.floats(1e-9, 1e6) for symbol in "ABCDEFGHIJ"})


@given(st.floats(1, 1e6), portfolios(), portfolios(), price_lists, price_lists)
def test_a_change_keeps_the_value_and_its_trades_lead_from_the_old_positions_to_the_new(
    balance: float,
    first: list[Choice],
    second: list[Choice],
    prices_then: dict[str, float],
    prices_now: dict[str, float],
) -> None:
    held = quantities(balance, first, prices_then)
    positions, trades = rebalance(held, second, prices_now)
    assert math.isclose(value_of(positions, prices_now), value_of(held, prices_now), rel_tol=1e-12)
    assert [position.symbol for position in positions] == [choice.symbol for choice in second]
    moved = {symbol: dict(held).get(symbol, 0.0) for symbol in prices_now}
    for trade in trades:
        assert trade.quantity > 0
        assert trade.price == prices_now[trade.symbol]
        moved[trade.symbol] += trade.quantity if trade.side == "buy" else -trade.quantity
    for symbol, quantity in moved.items():
        larger = max(quantity, dict(held).get(symbol, 0.0))
        assert math.isclose(quantity, dict(positions).get(symbol, 0.0), rel_tol=1e-9, abs_tol=1e-12 * larger)


@given(st.floats(1, 1e6), portfolios(), price_lists)
def test_choosing_the_same_at_the_same_prices_changes_nothing(
    balance: float, portfolio: list[Choice], prices: dict[str, float]
) -> None:
    held = quantities(balance, portfolio, prices)
    assert rebalance(held, portfolio, prices) == (held, [])

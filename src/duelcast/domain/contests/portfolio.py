"""Portfolios (protocol §5): the validation of choices, and the quantities that they buy."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from msgspec import Struct

from duelcast.domain.contests.errors import InvalidPortfolio, NoPrice
from duelcast.wire.json_rules import printable
from duelcast.wire.messages import Symbol

MAX_TOKENS = 50
FULL_WEIGHT = 100
_ROUNDING_NOISE = 1e-12
"""The largest relative difference between two quantities that counts as rounding; a few ulps of a double are about
1e-15."""


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    """A token chosen for a portfolio."""

    symbol: Symbol
    """The symbol of the token."""
    weight: int
    """The percentage of the portfolio, a whole number from 1 to 100."""


class Holding(NamedTuple):
    """A quantity of a token, in units of the token."""

    symbol: str
    quantity: float


class Trade(NamedTuple):
    """One trade of a portfolio change. `price` is in units of the contest's balance; `quantity` is above 0."""

    symbol: str
    side: Literal["buy", "sell"]
    quantity: float
    price: float


def _never(_symbol: str) -> bool:
    return False


def validate(
    portfolio: Sequence[Choice],
    *,
    allowed_symbols: Collection[str],
    price_of: Callable[[str], float | None],
    is_stale: Callable[[str], bool] = _never,
) -> list[Choice]:
    """The portfolio with upper-case symbols, sorted by symbol. If `allowed_symbols` is empty, all symbols are allowed.
    Raises `InvalidPortfolio`, or `NoPrice` if a token has no price or a stale one; both name the `field` at fault.
    """
    if not 1 <= len(portfolio) <= MAX_TOKENS:
        raise InvalidPortfolio(f"Choose 1 to {MAX_TOKENS} tokens.", field="portfolio")
    chosen: dict[str, Choice] = {}
    for number, choice in enumerate(portfolio):
        symbol = choice.symbol.upper()
        field = f"portfolio[{number}].symbol"
        if symbol in chosen:
            raise InvalidPortfolio(f"Choose {printable(symbol)} only once.", field=field)
        if allowed_symbols and symbol not in allowed_symbols:
            raise InvalidPortfolio(
                f"Choose among the tokens of `allowed_symbols`, not {printable(symbol)}.", field=field
            )
        if not 1 <= choice.weight <= FULL_WEIGHT:
            raise InvalidPortfolio(
                f"Give each token a whole weight from 1 to {FULL_WEIGHT}.", field=f"portfolio[{number}].weight"
            )
        chosen[symbol] = Choice(symbol, choice.weight)
    weight = sum(choice.weight for choice in chosen.values())
    if weight != FULL_WEIGHT:
        raise InvalidPortfolio(f"The weights must sum to {FULL_WEIGHT}; these sum to {weight}.", field="portfolio")
    for number, symbol in enumerate(chosen):
        usable_price(symbol, price_of, is_stale, field=f"portfolio[{number}].symbol")
    return [chosen[symbol] for symbol in sorted(chosen)]


def usable_price(
    symbol: str,
    price_of: Callable[[str], float | None],
    is_stale: Callable[[str], bool] = _never,
    *,
    field: str | None = None,
) -> float:
    """The price of `symbol`. Raises `NoPrice` if there is none, or a stale one."""
    price = price_of(symbol)
    if price is None:
        raise NoPrice(f"{printable(symbol)} has no price; choose another token.", field=field)
    if is_stale(symbol):
        raise NoPrice(
            f"The price of {printable(symbol)} is stale; try again when a new price has arrived.", field=field
        )
    return price


def quantities(balance: float, chosen: Sequence[Choice], prices: Mapping[str, float]) -> list[Holding]:
    """The quantities that `balance` buys at `prices`: balance × weight / 100 / price, in exactly this order."""
    return [Holding(choice.symbol, balance * choice.weight / FULL_WEIGHT / prices[choice.symbol]) for choice in chosen]


def value_of(positions: Sequence[Holding], prices: Mapping[str, float]) -> float:
    """Σ quantity × price, added one by one in the order of the symbols; not rounded."""
    total = 0.0
    for symbol, quantity in sorted(positions):
        total += quantity * prices[symbol]
    return total


def rebalance(
    held: Sequence[Holding], chosen: Sequence[Choice], prices: Mapping[str, float]
) -> tuple[list[Holding], list[Trade]]:
    """Trade the `held` positions for the `chosen` ones; the total value stays the same. `prices` has the price of every
    token in `held` or `chosen`.

    Returns the new positions, and the trades sorted by symbol. If a quantity differs only by rounding, it is kept and
    the token is not traded, so that repeating a request at the same prices changes nothing.
    """
    before, after = dict(held), dict(quantities(value_of(held, prices), chosen, prices))
    trades = []
    for symbol in sorted(before.keys() | after.keys()):
        old, new = before.get(symbol, 0.0), after.get(symbol, 0.0)
        if abs(new - old) > _ROUNDING_NOISE * max(old, new):
            trades.append(Trade(symbol, "buy" if new > old else "sell", abs(new - old), prices[symbol]))
        else:
            after[symbol] = old
    return [Holding(choice.symbol, after[choice.symbol]) for choice in chosen], trades

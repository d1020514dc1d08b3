"""The tokens of the simulated market, with real names and addresses, and with rounded starting prices.

`known_tokens.csv` has a row for each token. `address` is the token's address on its best-known chain, and is empty for
a chain's own coin.
"""

from __future__ import annotations

import csv
from importlib import resources
from typing import NamedTuple


class KnownToken(NamedTuple):
    """A token as the simulation needs it; `price` is in USD, supplies are in whole tokens, and `daily_volatility` is a
    fraction."""

    symbol: str
    name: str
    decimals: int
    color: str
    price: float
    circulating: float
    total: float
    daily_volatility: float
    website: str | None
    x_account: str | None
    address: str | None
    description: str


def _parse(row: dict[str, str]) -> KnownToken:
    return KnownToken(
        symbol=row["symbol"],
        name=row["name"],
        decimals=int(row["decimals"]),
        color=row["color"],
        price=float(row["price"]),
        circulating=float(row["circulating_millions"]) * 1e6,
        total=float(row["total_millions"]) * 1e6,
        daily_volatility=float(row["daily_volatility_percent"]) / 100,
        website=row["website"] or None,
        x_account=row["x_account"] or None,
        address=row["address"] or None,
        description=row["description"],
    )


def _read() -> tuple[KnownToken, ...]:
    text = resources.files(__package__).joinpath("known_tokens.csv").read_text(encoding="utf-8")
    return tuple(map(_parse, csv.DictReader(text.splitlines())))


KNOWN_TOKENS = _read()


def synthetic_token(number: int) -> KnownToken:
    """Token `SIM<number>`, for markets with more tokens than the list. Its price depends only on the number."""
    return KnownToken(
        symbol=f"SIM{number:04d}",
        name=f"Simulated {number}",
        decimals=9,
        color=f"#{number * 2_654_435_761 % 0x1000000:06X}",
        price=float(f"{10 ** (number * 0.618034 % 1 * 5 - 2):.3g}"),
        circulating=500e6,
        total=1e9,
        daily_volatility=0.03 + number % 7 / 100,
        website=None,
        x_account=None,
        address=None,
        description="A token that exists only in the simulation.",
    )

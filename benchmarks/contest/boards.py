"""Boards with many participants, and the same portfolios for bare numpy."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import wallet_of
from duelcast.domain.contests.price_vector import PriceVector
from duelcast.domain.contests.scoring import Board
from duelcast.store.contests import HoldingRow

BALANCE = 1_000.0
HELD = 8
"""The number of tokens in a portfolio."""
SYMBOLS = [f"TOKEN{number:03d}" for number in range(100)]
TIED_EVERY = 10
"""Every tenth participant holds the same portfolio as the one before, so that there are ties."""


@cache
def first_prices() -> dict[str, float]:
    """Prices from 0.1 to 1,000, the same in each run."""
    rng = random.Random(1)
    return {symbol: 10 ** rng.uniform(-1, 3) for symbol in SYMBOLS}


def portfolios(participants: int) -> Iterator[list[HoldingRow]]:
    """The portfolio of each participant: random tokens and weights, the same in each run."""
    rng = random.Random(participants)
    chosen: list[HoldingRow] = []
    for number in range(participants):
        if number % TIED_EVERY != TIED_EVERY - 1:
            chosen = portfolio(rng)
        yield chosen


def portfolio(rng: random.Random) -> list[HoldingRow]:
    """`HELD` random tokens, in the order of their symbols, not bought yet."""
    cuts = [0, *sorted(rng.sample(range(1, 100), HELD - 1)), 100]
    held = zip(sorted(rng.sample(SYMBOLS, HELD)), pairwise(cuts), strict=True)
    return [HoldingRow(symbol, after - before, None) for symbol, (before, after) in held]


def bought(chosen: list[HoldingRow]) -> list[HoldingRow]:
    """The chosen portfolio once the contest has started, with the quantities bought at `first_prices`."""
    prices = first_prices()
    return [HoldingRow(one.symbol, one.weight, BALANCE * one.weight / 100 / prices[one.symbol]) for one in chosen]


def filled_board(participants: int, prices: PriceVector) -> Board:
    """The ranked board of a started contest with this number of participants."""
    for symbol, price in first_prices().items():
        prices.set(symbol, price)
    board = Board(BALANCE, prices)
    for number, chosen in enumerate(portfolios(participants)):
        board.add(wallet_of(number), f"Player {number}", number + 1, number, chosen)
    board.buy(first_prices())
    board.score()
    return board


class Ticks:
    """Prices that all move in each tick, by about a tenth of a percent."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(1)
        self._prices = np.array(list(first_prices().values()))

    def next(self) -> dict[str, float]:
        """The newest prices by symbol."""
        self._prices = self._prices * np.exp(self._rng.normal(scale=0.001, size=len(SYMBOLS)))
        return dict(zip(SYMBOLS, self._prices.tolist(), strict=True))


class Bare:
    """The yardstick: numpy's gather, sum and stable sort of the same portfolios, without anything else that a
    leaderboard needs. The sort always starts from the order of entry, so that ties stay in this order."""

    def __init__(self, participants: int) -> None:
        numbers = {symbol: number for number, symbol in enumerate(SYMBOLS)}
        chosen = list(portfolios(participants))
        self._tokens = np.array([[numbers[one.symbol] for one in each] for each in chosen])
        weights = np.array([[one.weight for one in each] for each in chosen])
        self._quantities = BALANCE * weights / 100 / np.array(list(first_prices().values()))[self._tokens]

    def score(self, prices: dict[str, float]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """The value of each participant, and the participants' numbers, beginning with the greatest value."""
        vector = np.array(list(prices.values()))
        values = (vector[self._tokens] * self._quantities).sum(axis=1)
        return values, np.argsort(-values, kind="stable")

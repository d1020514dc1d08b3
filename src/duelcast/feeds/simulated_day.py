"""The 24 h before the present of a simulated price, made up as far as they precede the start."""

from __future__ import annotations

import itertools
import math
import random
from array import array

from duelcast.feeds.known_tokens import KnownToken

SIGNIFICANT_DIGITS = 6
HOUR_S = 3_600.0
HOURS = 24
MINUTES = 60


def rounded(price: float) -> float:
    """A price with 6 significant digits."""
    return float(f"{price:.{SIGNIFICANT_DIGITS}g}")


class Day:
    """The prices of a token over the present hour and the 24 before it (USD): `open` is the first, `high` and `low`
    are the extremes. Hours count from the start (`now`, monotonic seconds)."""

    __slots__ = ("_highs", "_hour_began", "_lows", "_opens", "high", "low", "open")

    def __init__(self, token: KnownToken, now: float) -> None:
        self._opens, self._highs, self._lows = array("d"), array("d"), array("d")
        self._hour_began = now
        prices = made_up_day(token)
        for begin, end in itertools.pairwise(prices):
            self._begin_hour(begin)
            self._widen(end)
        self._begin_hour(prices[-1])

    def add(self, now: float, price: float) -> None:
        """Take a price at the time `now` (monotonic seconds)."""
        while now >= self._hour_began + HOUR_S:
            self._hour_began += HOUR_S
            self._begin_hour(price)
        self._widen(price)

    def _begin_hour(self, price: float) -> None:
        for column in (self._opens, self._highs, self._lows):
            column.append(price)
            del column[: -HOURS - 1]
        self.open, self.high, self.low = self._opens[0], max(self._highs), min(self._lows)

    def _widen(self, price: float) -> None:
        if price > self._highs[-1]:
            self._highs[-1] = price
            self.high = max(self.high, price)
        elif price < self._lows[-1]:
            self._lows[-1] = price
            self.low = min(self.low, price)


def made_up_day(token: KnownToken) -> list[float]:
    """Prices of 24 hours, an hour apart, of which the last is the token's first real price (USD). They depend on the
    token alone, so that a restart does not change the past."""
    rng = random.Random(token.symbol)  # noqa: S311 - makes prices, guards nothing
    prices = [token.price]
    for _ in range(HOURS):
        prices.append(rounded(prices[-1] * math.exp(rng.gauss(0.0, token.daily_volatility / math.sqrt(HOURS)))))
    return prices[::-1]


def made_up_minutes(token: KnownToken) -> list[float]:
    """The prices of `made_up_day`, with those of all minutes between them (USD), none outside the prices of its
    hour."""
    rng = random.Random(token.symbol)  # noqa: S311 - makes prices, guards nothing
    step = token.daily_volatility / math.sqrt(HOURS * MINUTES)
    prices = []
    for begin, end in itertools.pairwise(made_up_day(token)):
        walk = list(itertools.accumulate((rng.gauss(0.0, step) for _ in range(MINUTES)), initial=0.0))
        slope = (math.log(end / begin) - walk[-1]) / MINUTES
        low, high = sorted((begin, end))
        for minute in range(MINUTES):
            price = begin * math.exp(walk[minute] + slope * minute)
            prices.append(rounded(min(max(price, low), high)))
    return [*prices, token.price]

"""Prices of the simulated market: geometric random walks that share one market factor."""

from __future__ import annotations

import math
import random

DAY_S = 5_400.0
"""Length of the walks' day: they move in an hour and a half as real prices do in a day, so that a look shows it."""
CORRELATION = 0.6
"""Of the move of every token with that of the market; of two tokens with each other it is the square."""
REVERSION_PER_DAY = 0.05
"""Pull of the logarithm of a price towards its beginning, so that a server that runs for months stays plausible."""
SIGNIFICANT_DIGITS = 6


class MarketFactor:
    """The move that all tokens share: a walk in units of standard deviations of a day."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.level = 0.0

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.level += self._rng.gauss(0.0, math.sqrt(seconds / DAY_S))


class PriceWalk:
    """The price of one token (USD), rounded to 6 significant digits."""

    __slots__ = ("_factor", "_log_anchor", "_log_price", "_market_seen", "_rng", "_updated", "_volatility")

    def __init__(
        self, price: float, daily_volatility: float, factor: MarketFactor, rng: random.Random, now: float
    ) -> None:
        self._log_anchor = self._log_price = math.log(price)
        self._volatility = daily_volatility
        self._factor = factor
        self._rng = rng
        self._market_seen = factor.level
        self._updated = now

    @property
    def price(self) -> float:
        return float(f"{math.exp(self._log_price):.{SIGNIFICANT_DIGITS}g}")

    def advance(self, now: float) -> float:
        """Move to the time `now` (steady seconds); returns the relative change since the last move."""
        elapsed_days = max(now - self._updated, 0.0) / DAY_S
        market = self._factor.level - self._market_seen
        own = self._rng.gauss(0.0, math.sqrt(elapsed_days))
        pull = min(REVERSION_PER_DAY * elapsed_days, 1.0) * (self._log_anchor - self._log_price)
        move = self._volatility * (CORRELATION * market + math.sqrt(1 - CORRELATION**2) * own) + pull
        self._log_price += move
        self._market_seen = self._factor.level
        self._updated = now
        return math.expm1(move)

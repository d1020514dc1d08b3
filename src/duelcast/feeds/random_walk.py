"""Prices of the simulated market: geometric random walks that share one market factor."""

from __future__ import annotations

import math
import random

DAY_S = 5_400.0
"""A day of the walks: prices move in 90 minutes as much as real ones in a day, so that movement is visible."""
CORRELATION = 0.6
"""Of every token's move with the market's; that of two tokens with each other is its square."""
REVERSION_PER_DAY = 0.05
"""Pull of a price's logarithm towards its start, so that prices stay plausible in a server that runs for months."""
SIGNIFICANT_DIGITS = 6


class MarketFactor:
    """The move that all tokens share: a walk in units of standard deviations of a day."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.level = 0.0

    def advance(self, seconds: float) -> None:
        """Advance by `seconds`."""
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
        """Move to the time `now` (monotonic seconds); returns the relative change since the last move."""
        elapsed_days = max(now - self._updated, 0.0) / DAY_S
        market = self._factor.level - self._market_seen
        own = self._rng.gauss(0.0, math.sqrt(elapsed_days))
        pull = min(REVERSION_PER_DAY * elapsed_days, 1.0) * (self._log_anchor - self._log_price)
        move = self._volatility * (CORRELATION * market + math.sqrt(1 - CORRELATION**2) * own) + pull
        self._log_price += move
        self._market_seen = self._factor.level
        self._updated = now
        return math.expm1(move)

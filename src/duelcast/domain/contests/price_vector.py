"""The newest price of each token, in an array for scoring."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import numpy as np
from numpy.typing import NDArray

CASH = 0
"""The index of a price that is always 1.0, used for the starting balance before the start and for unused array
elements."""


class PriceVector:
    """One price per symbol, at a fixed index; NaN while the price is not known. Symbols are never removed."""

    __slots__ = ("_changed", "_indices", "_prices", "_symbols")

    def __init__(self) -> None:
        self._indices: dict[str, int] = {}
        self._symbols = [""]
        self._prices = array("d", [1.0])
        self._changed: set[int] = set()

    def __len__(self) -> int:
        return len(self._prices)

    def set(self, symbol: str, price: float) -> None:
        """Set the newest price. Every tick calls this, so it costs no more than a lookup and a store."""
        index = self._indices.get(symbol)
        if index is None:
            index = self.index(symbol)
        if self._prices[index] != price:
            self._prices[index] = price
            self._changed.add(index)

    def index(self, symbol: str) -> int:
        """The index of the price of `symbol`; a new symbol gets the next free index."""
        index = self._indices.get(symbol)
        if index is None:
            index = self._indices[symbol] = len(self._prices)
            self._symbols.append(symbol)
            self._prices.append(math.nan)
        return index

    def symbol(self, index: int) -> str:
        """The symbol at `index`; the symbol of `CASH` is empty."""
        return self._symbols[index]

    def price(self, symbol: str) -> float | None:
        """The newest price, or None while it is not known."""
        index = self._indices.get(symbol)
        if index is None or math.isnan(self._prices[index]):
            return None
        return self._prices[index]

    def take_changed(self) -> AbstractSet[int]:
        """The indices of the prices that changed since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def snapshot(self) -> NDArray[np.float64]:
        """A copy of the prices by index."""
        return np.array(self._prices)

    def snapshot_of(self, prices: Mapping[str, float]) -> NDArray[np.float64]:
        """An array with `prices` (for example the closing prices of a contest) at the indices of their symbols, and
        NaN for all other symbols."""
        indices = [self.index(symbol) for symbol in prices]
        vector = np.full(len(self._prices), np.nan)
        vector[CASH] = 1.0
        vector[indices] = list(prices.values())
        return vector

"""Prices at a moment marked in advance, such as the start or end of a contest (protocol §5, Life cycle)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from duelcast.domain.market.receipt import to_us


class PricePoint(NamedTuple):
    """A price, and its time of receipt in epoch µs."""

    price: float
    received_us: int


Prices = dict[str, PricePoint]


class Marks:
    """Keeps, for each marked moment, all prices as they were before the first record received after it.

    Moments are in wall time; all other times here are times of receipt. `until_us` returns the newest time of receipt
    that counts for a moment. Before a caller applies a price received at `next_s` (epoch seconds) or later, it calls
    `passed`; prices received before `next_s` are not after any mark that still waits for its prices. `prices` returns
    all current prices.
    """

    __slots__ = ("_marked", "_prices", "_snapshots", "_until", "_until_us", "next_s")

    def __init__(self, prices: Callable[[], Prices], until_us: Callable[[int], int]) -> None:
        self._prices = prices
        self._until_us = until_us
        self._marked: Counter[int] = Counter()
        self._until: dict[int, int] = {}
        self._snapshots: dict[int, Prices] = {}
        self.next_s = float("inf")

    def mark(self, moment_us: int) -> None:
        """Keep the prices at `moment_us` until `unmark` has been called as often as `mark`."""
        self._marked[moment_us] += 1
        self._until[moment_us] = self._until_us(moment_us)
        self._find_next()

    def unmark(self, moment_us: int) -> None:
        """Undo a `mark`; nothing happens if the moment is not marked."""
        self._marked[moment_us] -= 1
        if self._marked[moment_us] <= 0:
            del self._marked[moment_us]
            self._until.pop(moment_us, None)
            self._snapshots.pop(moment_us, None)
        self._find_next()

    def rescale(self) -> None:
        """Call this after the wall clock was set. A moment that lies in the future again no longer counts as passed."""
        for moment_us, until_us in self._until.items():
            self._until[moment_us] = self._until_us(moment_us)
            if self._until[moment_us] > until_us:
                self._snapshots.pop(moment_us, None)
        self._find_next()

    def passed(self, received_s: float) -> None:
        """Call this before a record received at `received_s` (epoch) is applied."""
        received_us = to_us(received_s)
        for moment_us, until_us in self._until.items():
            if until_us < received_us and moment_us not in self._snapshots:
                self._snapshots[moment_us] = self._prices()
        self._find_next()

    def applied_late(self, symbol: str, price: float, received_us: int) -> None:
        """Correct the snapshots for a price that was applied after records that had been received later."""
        for moment_us, snapshot in self._snapshots.items():
            if received_us <= self._until[moment_us]:
                snapshot[symbol] = PricePoint(price, received_us)

    def snapshot(self, moment_us: int) -> Prices | None:
        """The prices before the first record after `moment_us`; None if there has been no such record yet, or if the
        moment is not marked."""
        return self._snapshots.get(moment_us)

    def newest_before(self, received_us: int) -> int | None:
        """The latest `until_us` of a marked moment that is before `received_us`; None if there is none."""
        return max((until_us for until_us in self._until.values() if until_us < received_us), default=None)

    def _find_next(self) -> None:
        waiting = (until_us for moment_us, until_us in self._until.items() if moment_us not in self._snapshots)
        self.next_s = min(waiting, default=float("inf")) / 1_000_000

"""Prices at a moment that was announced: what a contest begins or ends with (protocol 5, Life cycle)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from duelcast.domain.market.receipt import to_us


class PricePoint(NamedTuple):
    """A price, and when it was received, in epoch µs."""

    price: float
    received_us: int


Prices = dict[str, PricePoint]


class Marks:
    """Keeps all prices as they were before the first record that was received after a marked moment.

    `next_s` is a time (epoch seconds) before which no record passes a mark: who takes a price compares with it, and
    calls `passed` where it is not earlier. `prices` gives all prices as they are.
    """

    __slots__ = ("_marked", "_prices", "_snapshots", "next_s")

    def __init__(self, prices: Callable[[], Prices]) -> None:
        self._prices = prices
        self._marked: Counter[int] = Counter()
        self._snapshots: dict[int, Prices] = {}
        self.next_s = float("inf")

    def mark(self, moment_us: int) -> None:
        """Keep the prices at `moment_us`, until each `mark` of it had its `unmark`."""
        self._marked[moment_us] += 1
        self._find_next()

    def unmark(self, moment_us: int) -> None:
        """Nothing happens where the moment is not marked."""
        self._marked[moment_us] -= 1
        if self._marked[moment_us] <= 0:
            del self._marked[moment_us]
            self._snapshots.pop(moment_us, None)
        self._find_next()

    def passed(self, received_s: float) -> None:
        """A record that was received at `received_s` (epoch) is about to be applied."""
        received_us = to_us(received_s)
        for moment_us in self._marked:
            if moment_us < received_us and moment_us not in self._snapshots:
                self._snapshots[moment_us] = self._prices()
        self._find_next()

    def applied_late(self, symbol: str, price: float, received_us: int) -> None:
        """A price was applied after records that were received later than it."""
        for moment_us, snapshot in self._snapshots.items():
            if received_us <= moment_us:
                snapshot[symbol] = PricePoint(price, received_us)

    def snapshot(self, moment_us: int) -> Prices | None:
        """The prices before the first record after `moment_us`; None where there was no such record, or no mark."""
        return self._snapshots.get(moment_us)

    def newest_before(self, moment_us: int) -> int | None:
        """The newest marked moment that is earlier than `moment_us`."""
        return max((marked_us for marked_us in self._marked if marked_us < moment_us), default=None)

    def _find_next(self) -> None:
        waiting = (moment_us for moment_us in self._marked if moment_us not in self._snapshots)
        self.next_s = min(waiting, default=float("inf")) / 1_000_000

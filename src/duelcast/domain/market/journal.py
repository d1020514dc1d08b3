"""Writes the market to the store, once marked moments are settled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from duelcast.domain.market.marks import Marks
from duelcast.domain.market.receipt import ReceiptTime, store_scale, to_us
from duelcast.store import market as store
from duelcast.store.database import Transaction
from duelcast.store.market import MarketWrites

Settle = Callable[[], Awaitable[None]]


class Settled(NamedTuple):
    """A time of receipt (epoch seconds), and the newest marked moment before it (epoch µs; -1: none)."""

    received_s: float
    passed_us: int


class Journal:
    """In the store a price replaces an older one of its minute, which a contest that marked a moment may still need. So
    `settle_first` is awaited before anything received after a marked moment is stored. It may wait for records received
    before, but for none that come later."""

    def __init__(self, receipt: ReceiptTime, marks: Marks, settle_first: Callable[[], Settle | None]) -> None:
        self._receipt = receipt
        self._marks = marks
        self._settle_first = settle_first

    async def settled(self) -> Settled:
        """Wait until everything received by now may be stored. Raises as `settle_first` does."""
        settled_us = -1
        while True:
            now = self._now()
            settle = self._settle_first()
            if settle is None or now.passed_us <= settled_us:
                return now
            await settle()
            settled_us = now.passed_us

    def is_settled(self, before: Settled) -> bool:
        """Whether everything received by now may be stored, since no marked moment passed after `before`."""
        return self._settle_first() is None or self._now().passed_us <= before.passed_us

    async def write(self, transaction: Transaction, writes: MarketWrites) -> None:
        """Store `writes`, with the scale of their times of receipt."""
        await store.write(transaction, writes)
        if self._receipt.scale.bends:
            await store_scale(transaction, self._receipt.scale)

    def _now(self) -> Settled:
        now_s = self._receipt.now_s()
        passed_us = self._marks.newest_before(to_us(now_s))
        return Settled(now_s, -1 if passed_us is None else passed_us)

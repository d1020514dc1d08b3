"""The order in which the market writes to the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from duelcast.domain.market.marks import Marks
from duelcast.domain.market.receipt import ReceiptTime, to_us
from duelcast.domain.market.timescale import TimeScale, store_scale
from duelcast.store.database import Database, Transaction

Settle = Callable[[], Awaitable[None]]


class Turns:
    """One writer at a time from its decision to its effect on memory, so that what it decided by still holds.

    A price replaces an older one of its minute in the store. Who marked a moment may still need the older one:
    `settle_first` is asked for, and awaited before anything is stored that was received after a marked moment. What it
    does may wait for nothing that takes a turn.
    """

    def __init__(
        self, database: Database, receipt: ReceiptTime, marks: Marks, settle_first: Callable[[], Settle | None]
    ) -> None:
        self._database = database
        self._receipt = receipt
        self._marks = marks
        self._settle_first = settle_first
        self._lock = asyncio.Lock()
        self._stored_scale = TimeScale()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Wait for the turn, which lasts until the end of the block. Gives the time of receipt (epoch seconds) up to
        which may be stored; raises what `settle_first` does."""
        async with self._lock:
            yield await self._settled_s()

    async def store(self, work: Callable[[Transaction], Awaitable[None]]) -> None:
        """Commit what `work` writes, with the scale by which its times of receipt go. Raises `errors.Unavailable`."""
        scale = self._receipt.scale

        async def with_scale(transaction: Transaction) -> None:
            await work(transaction)
            await store_scale(transaction, scale)

        if scale == self._stored_scale:
            await self._database.write(work)
        else:
            await self._database.write(with_scale)
            self._stored_scale = scale

    async def _settled_s(self) -> float:
        settled_us = -1
        while True:
            now_s = self._receipt.now_s()
            passed_us = self._marks.newest_before(to_us(now_s))
            settle = self._settle_first()
            if settle is None or passed_us is None or passed_us <= settled_us:
                return now_s
            await settle()
            settled_us = passed_us

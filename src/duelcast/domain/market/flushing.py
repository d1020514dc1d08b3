"""The way of feeds into the store: behind the prices, and never in their way."""

from __future__ import annotations

import structlog

from duelcast.clock import Clock
from duelcast.domain.market.turns import Turns
from duelcast.domain.market.unstored import Unstored
from duelcast.errors import AppError
from duelcast.logs import describe_exception
from duelcast.store import market as store

FLUSH_INTERVAL_S = 5.0
_ROWS_PER_WRITE = 200
"""So many are prepared in about 2 ms, in which nothing else is served."""

log = structlog.get_logger("duelcast.market")


class Flushing:
    """Stores what feeds brought. What cannot be stored now waits for the next time."""

    def __init__(self, clock: Clock, turns: Turns, unstored: Unstored) -> None:
        self._clock = clock
        self._turns = turns
        self._unstored = unstored

    async def run(self) -> None:
        """Store every 5 s, until cancelled."""
        while True:
            await self._clock.sleep(FLUSH_INTERVAL_S)
            await self.flush()

    async def flush(self) -> None:
        """Store what is there by now, as far as the store is in reach."""
        left = len(self._unstored)
        try:
            while left > 0:
                left -= await self._store_some()
        except AppError:
            pass  # the database has said so
        except Exception as error:
            log.error("defect", error=describe_exception(error))

    async def _store_some(self) -> int:
        async with self._turns.turn():
            writes, entries = self._unstored.take(_ROWS_PER_WRITE)
            try:
                await self._turns.store(lambda transaction: store.write(transaction, writes))
            except BaseException:
                self._unstored.changed.update(entries)
                raise
            self._unstored.stored(writes.minutes)
        return max(len(writes.tokens), len(writes.minutes), 1)

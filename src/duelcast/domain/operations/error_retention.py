"""Old errors leave the store."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from duelcast.clock import Alarm, Clock
from duelcast.errors import AppError
from duelcast.logs import describe_exception
from duelcast.store import errors as store
from duelcast.store.database import Database

INTERVAL_S = 3_600.0
MAX_ROWS = 100_000
ROWS_BETWEEN = 1_000
"""So many more than `MAX_ROWS` there may be for a moment."""
_ROWS_PER_WRITE = 1_000
"""Other writes are let in between."""
_US_PER_DAY = 86_400_000_000

log = structlog.get_logger("duelcast.errors")


class ErrorRetention:
    """Deletes what is older than `retention_days` says, and the oldest of what is more than `MAX_ROWS`."""

    def __init__(self, database: Database, clock: Clock, retention_days: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._retention_days = retention_days
        self._alarm = Alarm(clock)
        self._added = 0

    def added(self) -> None:
        """There is one more row."""
        self._added += 1
        if self._added >= ROWS_BETWEEN:
            self._alarm.ring()

    async def run(self) -> None:
        """Delete once an hour, at once, and when many were added, until cancelled."""
        while True:
            self._added = 0
            try:
                await self.delete_older(self._retention_days())
            except AppError:
                pass  # the database has said so
            except Exception as error:
                log.error("defect", error=describe_exception(error))
            await self._alarm.sleep(INTERVAL_S)

    async def delete_older(self, days: float) -> None:
        """Delete what is older than `days`, or too much. Raises `errors.Unavailable`."""
        async with self._database.read() as transaction:
            too_many = await store.nth_newest_id(transaction, MAX_ROWS + 1)
        before_id = max(int(self._clock.time() * 1e6 - days * _US_PER_DAY), too_many + 1)
        while (
            await self._database.write(lambda transaction: store.delete_before(transaction, before_id, _ROWS_PER_WRITE))
            == _ROWS_PER_WRITE
        ):
            await self._clock.sleep(0)

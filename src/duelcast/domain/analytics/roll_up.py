"""Rolls up and deletes old counts and events, piece by piece."""

from __future__ import annotations

from duelcast.clock import Clock, time_ms
from duelcast.domain.analytics.series import Series
from duelcast.domain.retention import ROWS_PER_WRITE, delete_in_pieces
from duelcast.store import analytics as store
from duelcast.store.analytics import MINUTES_PER_DAY, EventTotal
from duelcast.store.database import Database

KEPT_MINUTES_DAYS = 2
"""The age in days at which the counts of a minute are added to those of its day. When the server starts, it reads only
the counts of younger minutes."""
_MS_PER_DAY = 86_400_000


class RollUp:
    """Each method may be called at any time and may be repeated, because each write moves or deletes all of its rows or
    none, and the next write continues from there. All methods return how many rows they moved or deleted. They raise
    `errors.Unavailable`."""

    def __init__(self, database: Database, clock: Clock, series: Series) -> None:
        self._database = database
        self._clock = clock
        self._series = series

    async def roll_up_minutes(self) -> int:
        """Add the counts of minutes that are older than `KEPT_MINUTES_DAYS` to the counts of their days."""
        before_minute = time_ms(self._clock) // store.MS_PER_MINUTE - KEPT_MINUTES_DAYS * MINUTES_PER_DAY
        return await delete_in_pieces(
            self._database, lambda transaction, limit: store.roll_up_minutes(transaction, before_minute, limit)
        )

    async def delete_events(self, days: float) -> int:
        """Delete the events that were received more than `days` days ago; the counts still include them."""
        before_ms = time_ms(self._clock) - int(days * _MS_PER_DAY)
        return await delete_in_pieces(
            self._database, lambda transaction, limit: store.delete_events(transaction, before_ms, limit)
        )

    async def delete_days(self, days: float) -> int:
        """Delete the counts of the days that ended more than `days` days ago, and subtract them from the totals."""
        before_day = (time_ms(self._clock) - int(days * _MS_PER_DAY)) // _MS_PER_DAY
        deleted = 0
        while True:
            rows = await self._database.write(
                lambda transaction: store.delete_days(transaction, before_day, ROWS_PER_WRITE), self._forget
            )
            deleted += len(rows)
            if len(rows) < ROWS_PER_WRITE:
                return deleted

    def _forget(self, deleted: list[EventTotal]) -> None:
        for one in deleted:
            self._series.forget(one)

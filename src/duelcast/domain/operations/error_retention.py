"""Retention of errors, by age and number."""

from __future__ import annotations

from collections.abc import Callable

from duelcast.clock import Clock
from duelcast.domain.retention import delete_in_pieces
from duelcast.store import errors as store
from duelcast.store.database import Database

MAX_ROWS = 100_000
ROWS_BETWEEN = 1_000
"""Rows beyond `MAX_ROWS` that may exist for a moment."""
_US_PER_DAY = 86_400_000_000


class ErrorRetention:
    """Deletes errors, and says when that is due."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.on_crowded: Callable[[], None] = lambda: None
        """Called if `delete_old` should not wait for its time; to be set before the first error."""
        self._database = database
        self._clock = clock
        self._added = 0

    def added(self) -> None:
        """A row was added."""
        self._added += 1
        if self._added == ROWS_BETWEEN:
            self.on_crowded()

    async def delete_old(self, days: float) -> int:
        """Delete errors older than `days`, and the oldest beyond `MAX_ROWS`; returns how many. Raises
        `errors.Unavailable`."""
        self._added = 0
        async with self._database.read() as transaction:
            too_many = await store.nth_newest_id(transaction, MAX_ROWS + 1)
        before_id = max(int(self._clock.time() * 1e6 - days * _US_PER_DAY), too_many + 1)
        return await delete_in_pieces(
            self._database, lambda transaction, limit: store.delete_before(transaction, before_id, limit)
        )

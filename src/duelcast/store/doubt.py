"""A COMMIT that failed without telling whether it took effect.

The writer counts each commit in the commit itself, in the table `store_commits`, so that its next transaction finds
out. A database does not give it the write lock again before the doubtful transaction has ended, one way or the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.store.tables import store_commits
from duelcast.store.write_lock import InDoubt, WriteLock
from duelcast.store.write_queue import Job


@dataclass(slots=True, eq=False)
class Doubt:
    """The writes of a commit whose outcome is unknown. Nothing else is written until it is known.

    If the commit took effect, it has the `number`, and no earlier one has. `happened` is None until the next
    transaction has looked; even then, it is certain only once that one is committed.
    """

    jobs: Sequence[Job]
    number: int
    happened: bool | None = None


class CommitCount:
    """Counts the commits of the writer, which are the transactions of `lock`, as the database does."""

    def __init__(self, lock: WriteLock) -> None:
        self.doubt: Doubt | None = None
        """The commit whose outcome is unknown, if any."""
        self._lock = lock
        self._number = 0
        """The number of the newest commit that is known to have taken effect."""

    async def begin(self, connection: AsyncConnection) -> None:
        """Continue the count of the database, in a transaction that is committed next."""
        self._number = await _count(connection) + 1

    def committed(self) -> None:
        """Count a commit."""
        self._number += 1

    def failed(self, jobs: Sequence[Job]) -> Doubt:
        """Note that the commit of `jobs` failed and may have taken effect."""
        self.doubt = Doubt(jobs, self._number + 1)
        return self.doubt

    async def settle(self, doubt: Doubt) -> None:
        """Find out whether a commit took effect. Raises whatever prevents that."""
        try:
            async with self._lock.transaction() as connection:
                number = await _count(connection)
                if doubt.happened is None:
                    doubt.happened = number >= doubt.number
        except InDoubt as error:
            raise error.cause from None
        # This commit makes the answer final: without it, a transaction could still come back after a crash.
        self._number = number + 1
        self.doubt = None


async def _count(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(store_commits.c.number))).scalar_one())

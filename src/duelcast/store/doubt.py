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
from duelcast.store.write_queue import Job


class InDoubt(Exception):
    """A COMMIT failed because of `cause`, and may have taken effect."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


@dataclass(slots=True, eq=False)
class Doubt:
    """The writes of a commit whose outcome is unknown. Nothing else is written until it is known.

    If the commit took effect, it has the `number`, and no earlier one has. `happened` is None until the next
    transaction has looked; even then, it is certain only once that one is committed.
    """

    jobs: Sequence[Job]
    number: int
    happened: bool | None = None


async def count_commits(connection: AsyncConnection) -> int:
    """How many transactions the writer has committed since the database was created."""
    return int((await connection.execute(select(store_commits.c.number))).scalar_one())

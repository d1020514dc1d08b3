"""Runs the work of one write in a savepoint of its own, and within a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.store.write_queue import Job, Work

WORK_LIMIT_S = 30.0
"""How long the work of a write may take. All other writes wait meanwhile, and must not be blocked forever."""
SAVEPOINT = "SAVEPOINT work"
RELEASE = "RELEASE SAVEPOINT work"


class CutOff(Exception):
    """The work of a write took too long and was ended. If it was executing a statement, its transaction was ended,
    too."""


@contextmanager
def blamed(jobs: Sequence[Job]) -> Iterator[None]:
    """If the work of `jobs` is cut off, make that their outcome."""
    try:
        yield
    except CutOff as error:
        for job in jobs:
            job.outcome = error
        raise


async def run_apart(
    connection: AsyncConnection, work: Work[None], is_failure: Callable[[Exception], bool]
) -> Exception | None:
    """Run `work` in a savepoint. If it fails, its statements are undone, and the exception is returned. An exception
    that affects the whole transaction is raised; `is_failure` says whether an error is one of the database itself."""
    # Passed to the driver unchanged, because SQLAlchemy would compile each of them anew.
    await connection.exec_driver_sql(SAVEPOINT)
    try:
        await _limited(work, connection)
    except Exception as error:
        if connection.invalidated or is_failure(error):
            raise
        await connection.exec_driver_sql("ROLLBACK TO SAVEPOINT work")
        return error
    await connection.exec_driver_sql(RELEASE)
    return None


async def _limited(work: Work[None], connection: AsyncConnection) -> None:
    try:
        async with asyncio.timeout(WORK_LIMIT_S) as limit:
            await work(connection)
    except TimeoutError:
        if limit.expired():
            raise CutOff("The work of a write took too long.") from None
        raise
    except asyncio.CancelledError:
        writer = asyncio.current_task()
        if writer is not None and writer.cancelling():
            raise
        raise RuntimeError("The work of a write waited for something that was cancelled.") from None

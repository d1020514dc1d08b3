"""Runs the work of one write so that its failure undoes nothing else, and within a time limit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.store.write_queue import Job, Work

WORK_LIMIT_S = 30.0
"""How long the work of a write may take. All other writes wait meanwhile, and must not be blocked forever."""
SAVEPOINT = "SAVEPOINT work"
RELEASE = "RELEASE SAVEPOINT work"
_UNDO = "ROLLBACK TO SAVEPOINT work"

Run = Callable[[AsyncConnection, Work[None], Callable[[Exception], bool]], Coroutine[object, object, Exception | None]]
"""`run_first` or `run_apart`."""


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


async def run_first(
    connection: AsyncConnection, work: Work[None], is_failure: Callable[[Exception], bool]
) -> Exception | None:
    """Like `run_apart`, for the first work of a transaction: if it fails, the transaction begins anew. It needs no
    savepoint, which costs two round trips to a PostgreSQL server, and in SQLite a copy of every page that changes."""
    failure = await _tried(connection, work, is_failure)
    if failure is not None:
        await connection.rollback()
        await connection.begin()
    return failure


async def run_apart(
    connection: AsyncConnection, work: Work[None], is_failure: Callable[[Exception], bool]
) -> Exception | None:
    """Run `work` in a savepoint. If it fails, its statements are undone, and the exception is returned. An exception
    that affects the whole transaction is raised; `is_failure` says whether an error is one of the database itself."""
    # Passed to the driver unchanged, because SQLAlchemy would compile each of them anew.
    await connection.exec_driver_sql(SAVEPOINT)
    failure = await _tried(connection, work, is_failure)
    await connection.exec_driver_sql(RELEASE if failure is None else _UNDO)
    return failure


async def _tried(
    connection: AsyncConnection, work: Work[None], is_failure: Callable[[Exception], bool]
) -> Exception | None:
    try:
        await _limited(work, connection)
    except Exception as error:
        if connection.invalidated or is_failure(error):
            raise
        return error
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

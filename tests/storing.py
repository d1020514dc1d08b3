"""A database in a file, for tests: the real thing, with its writer running."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from duelcast.clock import Clock, SystemClock
from duelcast.store.database import Database
from duelcast.store.sqlite import SqliteFile

BUSY_TIMEOUT_MS = 200


@asynccontextmanager
async def opened(path: Path, clock: Clock | None = None) -> AsyncIterator[Database]:
    """The database at `path`, made where there is none, until the end of the block; what was asked for is committed."""
    database = Database(SqliteFile(path, BUSY_TIMEOUT_MS), clock or SystemClock())
    await database.open()
    writing = asyncio.create_task(database.run())
    try:
        yield database
    finally:
        database.stop_writing()
        await writing
        await database.close()


@contextmanager
def opened_in_runner(path: Path, clock: Clock | None = None) -> Iterator[tuple[asyncio.Runner, Database]]:
    """The same for functions that hypothesis calls many times: what the runner runs has the database."""
    with asyncio.Runner() as runner:
        opening = opened(path, clock)
        database = runner.run(opening.__aenter__())
        try:
            yield runner, database
        finally:
            runner.run(opening.__aexit__(None, None, None))


@contextmanager
def moved_away(path: Path) -> Iterator[None]:
    """The file is elsewhere during the block."""
    elsewhere = path.with_name(f"{path.name}.elsewhere")
    path.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(path)

"""The database as a program beside the server reads it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy.exc import DBAPIError

from duelcast.settings import ConfigurationError
from duelcast.store.database import Transaction
from duelcast.store.migrate import check_version
from duelcast.store.sqlite import FileGone, SqliteFile, describe_failure, is_fault_of_statement

Read = Callable[[], AbstractAsyncContextManager[Transaction]]
"""A consistent view of what is committed, as `Database.read` gives it. As long as it is open, a server that writes
cannot empty its write-ahead log."""


@asynccontextmanager
async def opened_beside(file: SqliteFile) -> AsyncIterator[Read]:
    """`file`, whether a server holds it or not; nothing can be written. Raises `ConfigurationError` where it is no
    database of this version; reading does so where it is out of reach."""
    file.find()
    await asyncio.to_thread(check_version, file.path)
    engine = file.engine(writes=False)

    @asynccontextmanager
    async def read() -> AsyncIterator[Transaction]:
        try:
            async with engine.connect() as connection, connection.begin():
                yield connection
        except (DBAPIError, FileGone) as error:
            if isinstance(error, DBAPIError) and is_fault_of_statement(error):
                raise
            raise ConfigurationError(f"The database {file.path} cannot be read. {describe_failure(error)}") from None

    try:
        yield read
    finally:
        await engine.dispose()

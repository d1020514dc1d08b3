"""Read access to the database for programs other than the server."""

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
"""Opens a consistent view of the committed data, like `Database.read`. While the view is open, a running server cannot
empty its write-ahead log."""


@asynccontextmanager
async def opened_beside(file: SqliteFile) -> AsyncIterator[Read]:
    """Open `file` read-only, whether or not a server is using it. Raises `ConfigurationError` if `file` is not a
    database of this version. Each read raises it, too, if the file is unreachable."""
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

"""Read access to the database for programs other than the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from sqlalchemy.exc import DBAPIError

from duelcast.settings import ConfigurationError
from duelcast.store.backend import Backend
from duelcast.store.database import Transaction

Read = Callable[[], AbstractAsyncContextManager[Transaction]]
"""Opens a consistent view of the committed data, like `Database.read`. While the view is open, a running server cannot
empty the write-ahead log of its SQLite database."""


@asynccontextmanager
async def opened_beside(backend: Backend) -> AsyncIterator[Read]:
    """Open the database read-only, whether or not a server is using it. Raises `ConfigurationError` if it is not a
    database of this version. Each read raises it, too, if the database is unreachable."""
    await backend.check_version()
    engine = backend.engine(writes=False)

    @asynccontextmanager
    async def read() -> AsyncIterator[Transaction]:
        try:
            async with engine.connect() as connection, connection.begin():
                yield connection
        except (DBAPIError, OSError) as error:
            if not backend.is_failure(error):
                raise
            reason = backend.describe_failure(error)
            raise ConfigurationError(f"The database {backend.name} cannot be read. {reason}") from None

    try:
        yield read
    finally:
        await engine.dispose()

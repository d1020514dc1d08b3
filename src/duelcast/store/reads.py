"""Concurrent transactions that only read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from duelcast.store.availability import Availability
from duelcast.store.backend import Backend
from duelcast.store.grouped_reads import GroupedReads
from duelcast.store.refusals import unavailable


class Reads:
    """The transactions of readers on `engine`. A failure of the database makes it unavailable for writers, too."""

    def __init__(self, backend: Backend, availability: Availability) -> None:
        self.engine: AsyncEngine
        """To be set before the first transaction."""
        self.grouped = GroupedReads(self.transaction)
        self._backend = backend
        self._availability = availability

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view of the committed data, from the first statement on. Raises `Unavailable`."""
        try:
            async with self.engine.connect() as connection, connection.begin():
                yield connection
        except NoConnectionFree:
            raise unavailable() from None
        except (DBAPIError, OSError) as error:
            if not self._backend.is_failure(error):
                raise
            self._availability.failed(error)
            raise unavailable() from None

    async def close(self) -> None:
        """Close the connections, once no read is running."""
        await self.grouped.close()
        await self.engine.dispose()

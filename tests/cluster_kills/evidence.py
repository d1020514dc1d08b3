"""The content of the database, read without the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

Rows = list[tuple[Any, ...]]


class Evidence:
    """A connection to the database."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, query: str, *arguments: Any) -> Rows:
        return [tuple(row) for row in await self._connection.fetch(query, *arguments)]

    async def column(self, query: str, *arguments: Any) -> list[Any]:
        """The only column of the rows."""
        return [value for (value,) in await self.rows(query, *arguments)]

    async def execute(self, statement: str) -> None:
        await self._connection.execute(statement)

    async def positions(self) -> dict[str, int]:
        """The number of the last message of each channel of kind *every*."""
        return dict(await self.rows("select channel, seq from channel_positions"))


@asynccontextmanager
async def evidence(address: str) -> AsyncIterator[Evidence]:
    """The database of a cluster."""
    connection = await asyncpg.connect(address)
    try:
        yield Evidence(connection)
    finally:
        await connection.close()

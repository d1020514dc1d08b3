"""A database on a PostgreSQL server of the tests, and the servers of Duelcast that use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from duelcast.channels.publisher import Broadcast, Published
from duelcast.clock import Clock, SystemClock
from duelcast.domain.contests.events import CHAT, ChatMessageDeleted
from duelcast.store.database import Database, Transaction
from duelcast.store.postgres.database import PostgresDatabase
from tests.databases import BUSY_TIMEOUT_MS, Databases
from tests.store.facts import until
from tests.storing import bus_of


class Place:
    """The database `name`; `data_dir` is the folder of a server that uses it."""

    def __init__(self, databases: Databases, name: str, data_dir: Path) -> None:
        self.databases = databases
        self.name = name
        self.data_dir = data_dir

    @property
    def url(self) -> str:
        return self.databases.url_of(self.name)

    def backend(self, url: str | None = None, data_dir: Path | None = None) -> PostgresDatabase:
        return PostgresDatabase(url or self.url, data_dir or self.data_dir, BUSY_TIMEOUT_MS)

    def query(self, query: str, *values: object) -> list[Any]:
        """What another program finds."""
        return [tuple(row) for row in self.databases.query(self.name, query, *values)]

    def names(self) -> list[str]:
        """All facts that are stored, sorted."""
        return [name for (name,) in self.query("select name from facts order by name")]

    @asynccontextmanager
    async def opened(
        self, url: str | None = None, data_dir: Path | None = None, clock: Clock | None = None, **options: Any
    ) -> AsyncIterator[Database]:
        """A server's database, until the end of the block; everything requested is committed."""
        clock = clock or SystemClock()
        database = Database(self.backend(url, data_dir), clock, **options)
        bus_of(database, clock)
        async with database.at_work():
            yield database

    async def epoch_of_start(self, data_dir: Path | None = None) -> str:
        """Start and stop a server; the epoch in between."""
        async with self.opened(data_dir=data_dir) as database:
            return database.epoch.name

    async def start_and_die(self, data_dir: Path | None = None) -> str:
        """Start a server that says something and is killed then; its epoch."""
        folder = data_dir or self.data_dir
        async with self.opened(data_dir=folder) as database:
            await database.publish(say_something)
            (mark,) = folder.glob("*.epoch")
            running = mark.read_bytes()
        mark.write_bytes(running)
        return database.epoch.name


async def say_something(_transaction: Transaction) -> Published[None]:
    return Published(None, [Broadcast(CHAT.channel("1"), ChatMessageDeleted(contestId=1, id=1))])


async def resumed(database: Database) -> None:
    """Wait until the database works again by itself."""
    await until(lambda: database.failure is None)

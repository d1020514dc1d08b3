"""Error records over a real database and the in-process bus, with a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from duelcast.channels.broker import Message
from duelcast.channels.names import Channel
from duelcast.clock import ManualClock
from duelcast.domain.operations.error_records import ErrorRecords
from duelcast.errors import Unavailable
from duelcast.store import errors as store
from duelcast.store.database import Database
from duelcast.store.errors import ErrorFilter, ErrorRow
from tests.store.facts import until
from tests.storing import bus_of, opened

EVERYTHING = 1_000_000


class ErrorRoom:
    """`pushed` are the records of all alerts, in order."""

    def __init__(self, database: Database, path: Path, clock: ManualClock) -> None:
        self.clock = clock
        self.path = path
        self.database = database
        self.pushed: list[dict[str, Any]] = []
        broker = bus_of(database, clock)
        broker.attach(self)
        self.records = ErrorRecords(database, clock)

    def deliver(self, message: Message) -> None:
        assert message.channel.name == "system.errors"
        alert = msgspec.json.decode(message.body)
        assert alert["type"] == "error_alert"
        self.pushed.append(alert["data"])

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        raise AssertionError("an alert is not taken back")

    def resynchronise(self) -> None:
        raise AssertionError("a bus of one process loses nothing")

    def take(self, error: str = "It failed.", **details: Any) -> None:
        self.records.take("scorer", "duelcast.contests", "error", error, details)

    async def told(self) -> list[tuple[str, int]]:
        """Text and count of each alert, once what was asked for is committed."""
        with suppress(Unavailable):
            await self.database.probe()
        return [(record["error"], record["count"]) for record in self.pushed]

    def figure(self, name: str) -> float:
        """The sum of the samples `duelcast_errors<name>` of the metrics."""
        samples = [sample for metric in self.records.collect() for sample in metric.samples]
        return sum(sample.value for sample in samples if sample.name == f"duelcast_errors{name}")

    async def stored(self) -> list[ErrorRow]:
        """The committed rows, oldest first."""
        async with self.database.read() as transaction:
            return (await store.newest(transaction, ErrorFilter(), EVERYTHING))[::-1]

    async def settled(self) -> None:
        """Let everything that waits be stored."""
        await until(lambda: self.figure("_waiting") == 0)


@asynccontextmanager
async def error_room(path: Path) -> AsyncIterator[ErrorRoom]:
    """Records that are running, over the database at `path`; closed at the end."""
    clock = ManualClock()
    async with opened(path, clock) as database:
        room = ErrorRoom(database, path, clock)
        await room.records.load()
        running = asyncio.create_task(room.records.run())
        try:
            yield room
        finally:
            running.cancel()
            await asyncio.wait([running])
            await room.records.close()

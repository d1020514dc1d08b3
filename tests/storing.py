"""Databases for tests: real ones, with the writer running."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import uvloop
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from duelcast.channels.memory import MemoryBroker
from duelcast.clock import Clock, SystemClock
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.audit import AuditTrail
from duelcast.domain.notifications.inboxes import Inboxes
from duelcast.domain.operations.error_events import SYSTEM_ERRORS
from duelcast.domain.operations.events import ALERTS
from duelcast.domain.users.service import Users
from duelcast.store.database import Database
from duelcast.store.migrate import REVISIONS, apply_migrations
from duelcast.store.stored_log import StoredLog
from tests.databases import (
    BUSY_TIMEOUT_MS,
    backend_at,
    is_postgres,
    locked_tables,
    may_hang_in_doubt,
    place_new,
    set_reachable,
)

__all__ = ["BUSY_TIMEOUT_MS", "place_new"]

LOCKER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""


class DatedBy(SystemClock):
    """Shows the time of another clock, but sleeps in real time.

    A database checks every second whether all is well, so each advance of the other clock by months would make it
    check millions of times.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def time(self) -> float:
        return self._clock.time()


@asynccontextmanager
async def opened(path: Path, clock: Clock | None = None, **options: Any) -> AsyncIterator[Database]:
    """Open the database at `path`, created if missing. The end of the block commits requested writes and closes it."""
    place_new(path)
    clock = clock or SystemClock()
    if may_hang_in_doubt(clock):
        options = {"outcome_wait_ms": 0} | options
    urgent = [ALERTS.channel(), SYSTEM_ERRORS.channel()]
    database = Database(backend_at(path), clock, urgent=urgent, **options)
    bus_of(database, clock)
    async with database.at_work():
        yield database


def bus_of(database: Database, clock: Clock) -> MemoryBroker:
    """Give the database a new bus to publish to; returns the bus."""
    broker = MemoryBroker(clock, StoredLog(database, clock, max_age_s=24 * 3600))
    database.log.bus = broker
    if hasattr(database, "epoch"):
        broker.begin(database.epoch.name, 0, database.urgent_positions)
    return broker


def earlier_revisions() -> list[str]:
    """The names of all migrations but the last."""
    return list(REVISIONS[:-1])


def make_earlier(path: Path, revision: str) -> None:
    """Create the database at `path` with the tables of an earlier version, up to the migration `revision`."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        apply_migrations(connection, revision)


@contextmanager
def opened_in_runner(path: Path, clock: Clock | None = None) -> Iterator[tuple[asyncio.Runner, Database]]:
    """Like `opened`, for functions that hypothesis calls many times and that run their coroutines with the runner."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        opening = opened(path, clock)
        database = runner.run(opening.__aenter__())
        try:
            yield runner, database
        finally:
            runner.run(opening.__aexit__(None, None, None))


async def rename_somebody(database: Database) -> None:
    """Store something, as a server would."""
    clock = SystemClock()
    audit, inboxes = AuditTrail(database, clock), Inboxes(database, clock)
    await Users(database, MemoryAccounts(), audit, inboxes, clock).rename("somebody", "Some Body")


GONE = {
    "The database file is gone.",
    "The database accepts no connections.",
    "The database server cannot be reached.",
    "The database server was shut down, or ended the connection.",
}
"""The sentences about a database that cannot be reached."""


@contextmanager
def moved_away(path: Path) -> Iterator[None]:
    """The database cannot be reached during the block: its file is elsewhere, or its server refuses everybody."""
    if is_postgres():
        set_reachable(path, reachable=False)
        try:
            yield
        finally:
            set_reachable(path, reachable=True)
        return
    elsewhere = path.with_name(f"{path.name}.elsewhere")
    path.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(path)


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """During the block, another process holds the write lock of the file, or all tables on a PostgreSQL server."""
    if is_postgres():
        with locked_tables(path):
            yield
        return
    process = await asyncio.to_thread(_locker, path)
    try:
        yield
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


def _locker(path: Path) -> Popen[bytes]:
    process = Popen([sys.executable, "-c", LOCKER, str(path)], stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"locked\n"
    return process

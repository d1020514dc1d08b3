"""The server's own database code over a simulated session: its lease and its claim run unchanged, and SQLAlchemy speaks
SQLite's dialect."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool, Connection, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from duelcast.clock import Clock
from duelcast.store.backend import COUNT_COMMIT, Held, Superseded
from duelcast.store.migrate import refusal
from duelcast.store.postgres.claim import Claim
from duelcast.store.postgres.database import PostgresDatabase
from duelcast.store.postgres.lease import PostgresLease
from tests.simulation.database import CLOSED, DatabaseServer, Session
from tests.simulation.loop import Process

BUSY_TIMEOUT_MS = 2_000
READERS = 2
_URL = "postgresql://simulated/duelcast"


class SimulatedDatabase(PostgresDatabase):
    """The database on `server`, as `process` uses it. The file of the epoch is in `data_dir`."""

    def __init__(
        self,
        server: DatabaseServer,
        process: Process,
        seed: str,
        data_dir: Path,
        node: str,
        lease_ms: int,
        clock: Clock,
    ) -> None:
        super().__init__(_URL, data_dir, BUSY_TIMEOUT_MS, node=node, lease_ms=lease_ms)
        self.lease = PostgresLease(self._address, node, lease_ms / 1000, clock)
        self._claim = Claim(self._address.name, self.lease)
        self._server = server
        self._process = process
        self._seed = seed

    async def examine(self) -> None:
        pass

    def engine(self, *, writes: bool) -> AsyncEngine:
        engine = create_async_engine(
            "sqlite+aiosqlite://",
            async_creator=partial(self._connect, writes=writes),
            poolclass=AsyncAdaptedQueuePool,
            pool_size=1 if writes else READERS,
            max_overflow=0,
            pool_timeout=5.0,
        )
        event.listen(engine.sync_engine.pool, "checkout", _refuse_closed)
        if writes:
            event.listen(engine.sync_engine.pool, "invalidate", self._on_invalidate)
            event.listen(engine.sync_engine, "commit", _count_commit)
        event.listen(engine.sync_engine, "begin", _begin_immediately if writes else _begin)
        return engine

    async def _connect(self, *, writes: bool) -> Session:
        session = await self._server.connect(self._process, self._seed, writes=writes)
        if writes:
            try:
                await self._claim.take(session)
            except BaseException:
                session.terminate()
                raise
            self._writer = session
        return session

    def is_failure(self, error: Exception) -> bool:
        if isinstance(error, OSError | Held | Superseded):
            return True
        return isinstance(error, DBAPIError) and (error.connection_invalidated or CLOSED in str(error.orig))

    def is_locked(self, error: Exception) -> bool:
        return False

    def leaves_doubt(self, error: Exception) -> bool:
        return not isinstance(error, DBAPIError) or (error.statement is None and CLOSED in str(error.orig))

    def describe_failure(self, error: Exception) -> str:
        return "The database server cannot be reached."

    def refusal(self, error: Any) -> Any:
        return refusal(self.name, self.describe_failure(error))


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _count_commit(connection: Connection) -> None:
    connection.exec_driver_sql(COUNT_COMMIT)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediately(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")

"""Connections to an SQLite file, each with a thread of its own, in which a statement takes a single turn."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing, suppress
from typing import Any, NamedTuple

import aiosqlite

from duelcast.store.backend import COUNT_COMMIT
from duelcast.store.savepoints import RELEASE, SAVEPOINT

BEGIN_READ = "BEGIN"
"""Begins a transaction that reads. SQLite does nothing for it before the next statement."""
_SENT_ALONG = frozenset({BEGIN_READ, SAVEPOINT, RELEASE})
"""Statements that are executed in the turn of the next one. They have no result; if one of them fails, SQLite has ended
the transaction, so that `ROLLBACK TO` fails, too."""


class _Closing(sqlite3.Connection):
    """A connection that ends its transaction when it is closed. Otherwise SQLite would keep the transaction and the
    write lock as long as something refers to the cursor of an abandoned statement (sqlite3_close_v2)."""

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self.rollback()
        super().close()


class _Writing(_Closing):
    """The writer's connection, which counts each commit in the commit itself, so that a commit that failed with an
    unknown outcome can be looked up. It does so in the driver's thread, because another round trip would cost more."""

    def commit(self) -> None:
        if self.in_transaction:
            self.execute(COUNT_COMMIT)
        super().commit()


class _Outcome(NamedTuple):
    """The results of a statement."""

    description: Any = None
    rowcount: int = -1
    lastrowid: int | None = None
    rows: Sequence[Any] = ()


_NO_OUTCOME = _Outcome()


class _Cursor:
    """A cursor for SQLAlchemy, which makes one, executes a statement, fetches all rows, and closes it. aiosqlite would
    do each of these in a turn of its own, and a turn, which wakes two threads, costs more than most statements."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._outcome = _NO_OUTCOME
        self.arraysize = 1

    async def __aenter__(self) -> _Cursor:
        return self

    @property
    def description(self) -> Any:
        return self._outcome.description

    @property
    def rowcount(self) -> int:
        return self._outcome.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._outcome.lastrowid

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        self._outcome = await self._connection.run(sqlite3.Cursor.execute, operation, parameters)

    async def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> None:
        self._outcome = await self._connection.run(sqlite3.Cursor.executemany, operation, parameters)

    async def fetchall(self) -> Sequence[Any]:
        return self._outcome.rows

    async def close(self) -> None:
        """Nothing is left open."""


class Connection(aiosqlite.Connection):
    """A connection to the file at `address` (a URI) without transactions of the driver's own. It waits up to `wait_ms`
    for a lock.

    The beginning of a read, and the beginning and end of a savepoint, are executed in the turn of the next statement,
    because a turn costs more than they do. A commit or rollback drops those that still wait, because it would end what
    they began.
    """

    def __init__(self, address: str, *, wait_ms: int, writes: bool) -> None:
        def connect() -> sqlite3.Connection:
            # No isolation level, because otherwise the driver would begin and end transactions by its own rules.
            return sqlite3.connect(
                address,
                uri=True,
                isolation_level=None,
                timeout=wait_ms / 1000,
                factory=_Writing if writes else _Closing,
            )

        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True  # the process need not wait for it at exit
        self._ahead: list[str] = []

    def cursor(self) -> _Cursor:  # type: ignore[override]  # SQLAlchemy needs less of a cursor than aiosqlite offers
        return _Cursor(self)

    async def run(self, method: Any, operation: str, parameters: Sequence[Any]) -> _Outcome:
        """Execute a statement in the connection's thread."""
        if operation in _SENT_ALONG:
            self._ahead.append(operation)
            return _NO_OUTCOME
        ahead, self._ahead = self._ahead, []
        execute: Callable[..., Awaitable[_Outcome]] = self._execute
        return await execute(_run, self._conn, ahead, method, operation, parameters)

    async def commit(self) -> None:
        self._ahead.clear()
        await super().commit()

    async def rollback(self) -> None:
        """End the transaction, if there is one. SQLAlchemy also calls this each time that it puts a connection back."""
        self._ahead.clear()
        if self.in_transaction:
            await super().rollback()


def _run(
    connection: sqlite3.Connection, ahead: Sequence[str], method: Any, operation: str, parameters: Sequence[Any]
) -> _Outcome:
    with closing(connection.cursor()) as cursor:
        for each in ahead:
            cursor.execute(each)
        method(cursor, operation, parameters)
        description = cursor.description
        rows = () if description is None else cursor.fetchall()
        return _Outcome(description, cursor.rowcount, cursor.lastrowid, rows)

"""Transactions with the write lock, and the wait for the lock while another process has it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from duelcast.clock import Clock
from duelcast.store.backend import Backend


class InDoubt(Exception):
    """A COMMIT failed because of `cause`, and may have taken effect."""

    def __init__(self, cause: Exception) -> None:
        super().__init__()
        self.cause = cause


class WriteLock:
    """Begins the transactions of the writer on `engine`, one at a time.

    If another process has the lock, each attempt to get it ends with `still_waiting`, which is given the time, refuses
    the writes that have waited too long, and says whether any other write waits. Once the lock has been missing for
    `notice_ms`, `noticed` is called with the driver's error at each attempt.
    """

    def __init__(
        self,
        backend: Backend,
        clock: Clock,
        notice_ms: int,
        *,
        noticed: Callable[[Exception], None],
        still_waiting: Callable[[float], bool],
    ) -> None:
        self.engine: AsyncEngine
        """To be set before the first transaction."""
        self._backend = backend
        self._clock = clock
        self._wait_s = backend.busy_timeout_ms / 1000
        self._notice_s = min(notice_ms, backend.busy_timeout_ms) / 1000
        self._missing_since_s: float | None = None
        self._noticed = noticed
        self._still_waiting = still_waiting

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction with the write lock, which is committed at the end of the block. Raises `InDoubt` if the commit
        failed and may have taken effect."""
        self._backend.check()
        connection = await self._acquire()
        committing = False
        try:
            yield connection
            self._backend.check()
            committing = True
            await connection.commit()
        except Exception as error:
            # After a failure of the database, the connection itself may remain unusable.
            with suppress(Exception):
                await connection.invalidate()
            if committing and self._backend.leaves_doubt(error):
                raise InDoubt(error) from None
            raise
        finally:
            await connection.close()

    async def _acquire(self) -> AsyncConnection:
        """Wait for the lock. Raises the driver's error if this has taken as long as a write may wait, or if no write is
        waiting any longer."""
        began_s = self._clock.monotonic()
        while True:
            try:
                connection = await self._begun()
            except DBAPIError as error:
                if not self._backend.is_locked(error):
                    raise
                now_s = self._clock.monotonic()
                if self._missing_since_s is None:
                    self._missing_since_s = began_s
                if now_s - self._missing_since_s >= self._notice_s:
                    self._noticed(error)
                if not self._still_waiting(now_s) or now_s - began_s >= self._wait_s:
                    raise
            else:
                self._missing_since_s = None
                return connection

    async def _begun(self) -> AsyncConnection:
        connection = await self.engine.connect()
        try:
            await connection.begin()
        except BaseException:
            await connection.close()
            raise
        return connection

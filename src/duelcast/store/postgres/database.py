"""A PostgreSQL database: opens and reserves it, and notices its loss."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asyncpg import InterfaceError, PostgresError
from sqlalchemy import AsyncAdaptedQueuePool, Connection, event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from duelcast.settings import ConfigurationError
from duelcast.store.backend import COUNT_COMMIT, Backend, TermLost
from duelcast.store.lease import LeaseUnavailable
from duelcast.store.migrate import Refused, check_complete, newest_applied, only_add, refusal, upgrade
from duelcast.store.postgres import failures, schema
from duelcast.store.postgres.address import parse_address
from duelcast.store.postgres.claim import Claim, held_by_another
from duelcast.store.postgres.copy_ends import PostgresSource, PostgresTarget
from duelcast.store.postgres.epoch_mark import PostgresEpochMark
from duelcast.store.postgres.lease import PostgresLease
from duelcast.store.postgres.session import (
    ANSWER_TIMEOUT_S,
    PAUSE_TIMEOUT_MS,
    connect,
    reset_answer_timeout,
    set_answer_timeout,
)
from duelcast.store.statements import ANSWER_TIMEOUT_OPTION

READERS = 4
_MAY_WRITE = "set transaction read write, isolation level read committed"
_MAY_PAUSE = f"set local idle_in_transaction_session_timeout = {PAUSE_TIMEOUT_MS}"
POOL_TIMEOUT_S = 5.0
"""How long a read waits for one of the connections. If it waits for one that then cannot be opened, it waits as long,
because the pool does not wake it."""


class PostgresDatabase:
    """The database at `url` (`postgresql://…`), with one connection that writes and reserves it, and a few that read.
    The epoch mark is in `data_dir`. `busy_timeout_ms` is how long a write may wait for a lock of another session. Terms
    of the server named `node` last `lease_ms` after each renewal.

    The connections must reach the server directly, or through a pooler that gives each of them a session of its own.
    """

    def __init__(
        self,
        url: str,
        data_dir: Path,
        busy_timeout_ms: int,
        *,
        node: str = "",
        lease_ms: int = 3_000,
    ) -> None:
        self.busy_timeout_ms = busy_timeout_ms
        self._address = parse_address(url)
        self._data_dir = data_dir
        self.lease = PostgresLease(self._address, node, lease_ms / 1000)
        self._took_lease = False
        self._claim = Claim(self._address.name, self.lease)
        self._writer: Any = None
        """The driver's connection that writes; None before the first one."""

    @property
    def name(self) -> str:
        return self._address.name

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def examine(self) -> None:
        async with self._beside() as connection:
            await connection.run_sync(schema.check_server)
            await connection.run_sync(schema.check_tables)

    def is_new(self) -> bool:
        return False

    async def check_version(self) -> None:
        await self.examine()

    async def open(self) -> None:
        """Check the server and the tables, and take a term."""
        await self.examine()
        await self._take_lease()

    async def migrate(self) -> Sequence[str]:
        """See `Backend.migrate`. Migrations that only add are applied beside servers of the version before."""
        async with self._beside() as connection:
            await connection.run_sync(schema.check_server)
            if await connection.run_sync(only_add):
                await connection.rollback()
                await connection.exec_driver_sql(_MAY_WRITE)
                # Set behind the first statement, because each transaction begins with the usual limit.
                await connection.execution_options(**{ANSWER_TIMEOUT_OPTION: None})
                applied = await connection.run_sync(upgrade)
                await connection.commit()
                return applied
        await self._take_lease()
        engine = self.engine(writes=True)
        try:
            async with self._explained(), engine.begin() as connection:
                # A busy machine takes seconds to load the migrations.
                await connection.exec_driver_sql(_MAY_PAUSE)
                await connection.execution_options(**{ANSWER_TIMEOUT_OPTION: None})
                return await connection.run_sync(upgrade)
        finally:
            await engine.dispose()
            await self.close()

    async def _take_lease(self) -> None:
        """Take a term, unless this process has one. Raises `Held`, and `ConfigurationError` if that is impossible."""
        if self.lease.term is not None:
            return
        try:
            term = await self.lease.take()
        except LeaseUnavailable as error:
            raise refusal(self.name, str(error)) from None
        if term is None:
            await self.lease.resign()
            raise held_by_another(self.name)
        self._took_lease = True

    async def close(self) -> None:
        """End the term, if `open` took it. The lock of the writer has ended with its connection."""
        self._writer = None
        if self._took_lease:
            self._took_lease = False
            await self.lease.resign()

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────

    def engine(self, *, writes: bool) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=partial(self._connect, writes=writes),
            poolclass=AsyncAdaptedQueuePool,
            pool_size=1 if writes else READERS,
            max_overflow=0,
            pool_timeout=POOL_TIMEOUT_S,
        )
        event.listen(engine.sync_engine.pool, "checkout", _refuse_closed)
        if writes:
            event.listen(engine.sync_engine.pool, "invalidate", self._on_invalidate)
            event.listen(engine.sync_engine, "commit", _count_commit)
        event.listen(engine.sync_engine, "begin", _on_begin)
        event.listen(engine.sync_engine, "set_connection_execution_options", _on_options)
        return engine

    def epoch_mark(self) -> PostgresEpochMark:
        return PostgresEpochMark(self._data_dir, self._claim)

    async def _connect(self, *, writes: bool) -> Any:
        connection = await connect(self._address, writes=writes)
        if writes:
            try:
                await self._claim.take(connection)
            except BaseException:
                connection.terminate()
                raise
            self._writer = connection
        return connection

    def _on_invalidate(self, *_: object) -> None:
        # This server closed the connection itself, so that its end is no news.
        self._writer = None

    @asynccontextmanager
    async def copy_source(self) -> AsyncIterator[PostgresSource]:
        await self._check_complete()
        async with self._reserved() as connection:
            source = PostgresSource(self.name, connection)
            await source.begin()
            yield source

    @asynccontextmanager
    async def copy_target(self) -> AsyncIterator[PostgresTarget]:
        async with self._beside() as beside:
            has_tables = await beside.run_sync(newest_applied) is not None
        if not has_tables:
            await self.migrate()
        await self._check_complete()
        async with self._reserved() as connection:
            target = PostgresTarget(self.name, connection, self._claim.identity)
            await target.check_unused()
            yield target

    async def _check_complete(self) -> None:
        await self.examine()
        async with self._beside() as beside:
            await beside.run_sync(check_complete)

    @asynccontextmanager
    async def _reserved(self) -> AsyncIterator[Any]:
        """A driver's connection that has the claim, until the end of the block, for statements that take any time.
        Raises `Held` and `ConfigurationError`."""
        async with AsyncExitStack() as ends:
            await self._take_lease()
            ends.push_async_callback(self.close)
            try:
                connection = await self._connect(writes=True)
            except (PostgresError, InterfaceError, OSError) as error:
                raise refusal(self.name, failures.describe_failure(error)) from None
            ends.push_async_callback(_close, connection)
            set_answer_timeout(connection, None)
            await connection.execute(f"set idle_in_transaction_session_timeout = {PAUSE_TIMEOUT_MS}")
            yield connection

    @asynccontextmanager
    async def _beside(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads, whether or not a server uses the database. Raises `ConfigurationError`."""
        engine = self.engine(writes=False)
        try:
            async with self._explained(), engine.connect() as connection:
                yield connection
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def _explained(self) -> AsyncIterator[None]:
        try:
            yield
        except Refused as refused:
            raise refusal(self.name, str(refused)) from None
        except (DBAPIError, OSError) as error:
            raise self.refusal(error) from None

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """A commit that succeeds is in the database, unless the term is lost."""
        if self.lease.is_lost:
            raise TermLost

    def check_idle(self) -> None:
        if self.lease.is_lost or (self._writer is not None and self._writer.is_closed()):
            raise ConnectionResetError

    def room(self) -> None:
        """The disk is the server's, and cannot be seen from here."""

    # ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────

    def is_failure(self, error: Exception) -> bool:
        return failures.is_failure(error)

    def is_locked(self, error: Exception) -> bool:
        return failures.is_locked(error)

    def leaves_doubt(self, error: Exception) -> bool:
        return failures.leaves_doubt(error)

    def describe_failure(self, error: Exception) -> str:
        return failures.describe_failure(error)

    def refusal(self, error: DBAPIError | OSError) -> ConfigurationError:
        return refusal(self.name, failures.describe_failure(error))


async def _close(connection: Any) -> None:
    with suppress(PostgresError, InterfaceError, OSError):
        await connection.close(timeout=ANSWER_TIMEOUT_S)


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool replace a connection that the server has closed, instead of failing a transaction with it."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _on_begin(connection: Connection) -> None:
    reset_answer_timeout(connection.connection.driver_connection)


def _count_commit(connection: Connection) -> None:
    connection.exec_driver_sql(COUNT_COMMIT)


def _on_options(connection: Connection, options: dict[str, Any]) -> None:
    if ANSWER_TIMEOUT_OPTION in options:
        set_answer_timeout(connection.connection.driver_connection, options[ANSWER_TIMEOUT_OPTION])


if TYPE_CHECKING:
    _conforms: type[Backend] = PostgresDatabase

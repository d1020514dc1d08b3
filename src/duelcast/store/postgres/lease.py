"""The lease on a PostgreSQL server: a row with the number of the term, and an advisory lock of the leader's session.

- If the leader's process dies, its session ends, and with it the lock: the next node has it at once.
- If the leader hangs, its lock stays, but its row expires: another node then ends the leader's session.
- If only the session is lost, the leader takes the lock again, and its term continues, unless another node was faster.

A term is not lost because the database cannot be reached: nobody else can begin one then, either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import asyncpg

from duelcast.backoff import Backoff
from duelcast.clock import Alarm, Clock, SystemClock
from duelcast.settings import ConfigurationError
from duelcast.store.backend import TermLost
from duelcast.store.lease import Leader, Lease, LeaseUnavailable
from duelcast.store.postgres.address import Address
from duelcast.store.postgres.failures import describe_failure
from duelcast.store.postgres.locks import LEADER, LOCK
from duelcast.store.postgres.session import LOCK_TIMEOUT_MS, connect

RENEWALS = 3
"""How often a term is renewed within its duration."""
FIRST_RETRY_S, LONGEST_RETRY_S = 0.05, 1.0
_CLOSE_TIMEOUT_S = 1.0
LAST_WAIT_MS = 10
"""How long after the end of a term a node that waits for the lock looks again."""
_IS_THERE = "select to_regclass('leaders') is not null"
_BEGIN = """
with earlier as (delete from leaders returning term)
insert into leaders (term, node, pid, expires_at)
select greatest(coalesce(max(term), 0), $1::bigint) + 1, $2, pg_backend_pid(),
    clock_timestamp() + $3::float8 * interval '1 second'
from earlier returning term
"""
_RENEW = """
update leaders set expires_at = clock_timestamp() + $2::float8 * interval '1 second', pid = pg_backend_pid()
where term = $1 returning term
"""
_TERM = "select term from leaders"
_END_EXPIRED_OR_OWN = """
select pg_terminate_backend(leader.pid) from leaders as leader join pg_locks as lock using (pid)
where (leader.expires_at < clock_timestamp() or leader.term = $1) and leader.pid <> pg_backend_pid()
    and lock.locktype = 'advisory' and lock.granted and lock.objsubid = 1
    and (lock.classid::bigint << 32 | lock.objid::bigint) = $2
    and lock.database = (select oid from pg_database where datname = current_database())
"""
_ANNOUNCE = "update leaders set address = $2, epoch = $3 where term = $1 returning term"
_FIND = "select term, node, address, epoch from leaders where epoch is not null and expires_at >= clock_timestamp()"
_VOUCH = "update leaders set log_reached_at = clock_timestamp()"
_IS_VOUCHED = "select log_reached_at > clock_timestamp() - $1::float8 * interval '1 second' from leaders"
_RESIGN = "update leaders set epoch = null, expires_at = clock_timestamp() where term = $1"
_ASYNCHRONOUS = "set synchronous_commit = local"
"""A renewal need not wait for a standby, whose failure would otherwise end the term."""
_SYNCHRONOUS = "set local synchronous_commit = default"
"""A standby that takes over must know the number of each term."""
_WAIT_UNTIL_EXPIRY = """
with term as (select ceil(1000 * extract(epoch from max(expires_at) - clock_timestamp())) as left_ms from leaders)
select set_config('lock_timeout', ($1 + least($2, greatest(coalesce(left_ms, $2), 0)))::text, true) from term
"""
"""A leader that hangs is replaced as soon as its term has expired."""
_WAIT_AS_USUAL = "set local lock_timeout to default"
_FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class _LockedByAnother(Exception):
    """Another session has the lock of the leader."""


class PostgresLease:
    """The lease of the server named `node`, whose terms last `duration_s` after each renewal. It has a connection of
    its own."""

    def __init__(self, address: Address, node: str, duration_s: float, clock: Clock | None = None) -> None:
        self.duration_s = duration_s
        self.term: int | None = None
        self._address = address
        self._node = node
        # The database's time is real, whatever the clock of the server says.
        self._clock = clock or SystemClock()
        self._session: Any = None
        """The driver's connection."""
        self._locked_by: Any = None
        """The session that took the lock."""
        self._using = asyncio.Lock()
        self._alarm = Alarm(self._clock)
        self._lost = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    @property
    def is_lost(self) -> bool:
        return self._lost.is_set()

    async def take(self, above: int = 0) -> int | None:
        """See `Lease.take`. If the database has no table of leaders yet, only the lock is taken, and the term is 0."""
        self._stop_keeping()
        async with self._asking() as session:
            term = await self._begin(session, above)
            if term is None and await self._end_leader(session):
                term = await self._begin(session, above)
        if term is not None:
            self.term = term
            self._lost.clear()
            self._keeping = asyncio.create_task(self._keep(term)) if term else None
        return term

    async def lost(self) -> None:
        if (keeping := self._keeping) is not None:
            await asyncio.wait([keeping])
            if not keeping.cancelled():
                keeping.result()
        await self._lost.wait()

    async def check(self) -> None:
        async with self._asking() as session:
            if await session.fetchval(_TERM) != self.term:
                raise TermLost

    async def announce(self, address: str, epoch: str) -> None:
        async with self._asking() as session:
            if await session.fetchval(_ANNOUNCE, self.term, address, epoch) is None:
                raise TermLost

    async def find(self) -> Leader | None:
        async with self._asking() as session:
            row = await session.fetchrow(_FIND)
        return None if row is None else Leader(*row)

    async def vouch(self) -> None:
        async with self._asking() as session:
            await session.execute(_VOUCH)

    async def is_vouched(self) -> bool:
        async with self._asking() as session:
            return bool(await session.fetchval(_IS_VOUCHED, self.duration_s))

    async def resign(self) -> None:
        self._stop_keeping()
        with suppress(LeaseUnavailable, *_FAILURES):
            if self.term:
                async with self._asking() as session:
                    await session.execute(_RESIGN, self.term)
            if self._session is not None:
                await self._session.close(timeout=_CLOSE_TIMEOUT_S)
        self.term = None
        self._drop()

    # ── the term ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _begin(self, session: Any, above: int) -> int | None:
        """Begin a term; None if another session has the lock.

        A node that hangs between lock and term loses both, because its session then pauses within a transaction.
        """
        term: int = 0
        try:
            async with session.transaction():
                if await session.fetchval(_IS_THERE):
                    await session.fetchval(_WAIT_UNTIL_EXPIRY, LAST_WAIT_MS, LOCK_TIMEOUT_MS)
                await self._lock(session)
                if await session.fetchval(_IS_THERE):
                    await session.execute(_WAIT_AS_USUAL)
                    await session.execute(_SYNCHRONOUS)
                    term = await session.fetchval(_BEGIN, above, self._node, self.duration_s)
        except _LockedByAnother:
            return None
        self._locked_by = session
        return term

    @staticmethod
    async def _lock(session: Any) -> None:
        """Take the lock of the leader. Raises `_LockedByAnother`."""
        try:
            await session.fetchval(LOCK, LEADER)
        except asyncpg.exceptions.LockNotAvailableError:
            raise _LockedByAnother from None

    async def _keep(self, term: int) -> None:
        """Renew the term until it is lost."""
        while True:
            await self._alarm.sleep(self.duration_s / RENEWALS)
            if not await self._renewed(term):
                break
        # The lock may be free just now; whoever leads must be able to take it.
        self._drop()
        self._lost.set()

    async def _renewed(self, term: int) -> bool:
        """Renew the term as soon as the database can be reached; returns whether that is still possible."""
        backoff = Backoff(self._clock, first_s=FIRST_RETRY_S, longest_s=LONGEST_RETRY_S)
        while True:
            with suppress(LeaseUnavailable):
                async with self._asking() as session:
                    is_renewed = await self._renew(session, term)
                if is_renewed is not None:
                    return is_renewed
            await backoff.wait()

    async def _renew(self, session: Any, term: int) -> bool | None:
        """Whether the term was renewed; None if this cannot be said yet."""
        if self._locked_by is not session:
            try:
                await self._lock(session)
            except _LockedByAnother:
                if await session.fetchval(_TERM) != term:
                    return False
                # Perhaps the lost session still exists on the database server, and only its connection is gone.
                await self._end_leader(session)
                return None
            self._locked_by = session
        return await session.fetchval(_RENEW, term, self.duration_s) is not None

    async def _end_leader(self, session: Any) -> bool:
        """End the session that has the lock, if its term has expired, or is that of this node; returns whether there
        was one."""
        return bool(await session.fetchval(_END_EXPIRED_OR_OWN, self.term, LEADER))

    def _stop_keeping(self) -> None:
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None

    # ── the session ─────────────────────────────────────────────────────────────────────────────────────────────

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[Any]:
        """The session, for one use at a time. Raises `LeaseUnavailable`, and the session is then given up."""
        async with self._using:
            try:
                yield await self._connected()
            except _FAILURES as error:
                self._drop()
                raise LeaseUnavailable(describe_failure(error)) from None
            except asyncio.CancelledError:
                self._drop()  # a statement may be under way
                raise

    async def _connected(self) -> Any:
        if self._session is None or self._session.is_closed():
            try:
                self._session = await connect(self._address, writes=True)
            except ConfigurationError as error:  # such as certificates that are being replaced
                raise LeaseUnavailable(str(error)) from None
            await self._session.execute(_ASYNCHRONOUS)
            self._session.add_termination_listener(lambda _session: self._alarm.ring())
        return self._session

    def _drop(self) -> None:
        session, self._session, self._locked_by = self._session, None, None
        if session is not None and not session.is_closed():
            session.terminate()


if TYPE_CHECKING:
    _conforms: type[Lease] = PostgresLease

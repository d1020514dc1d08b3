"""The claim of a server to its database: an advisory lock that belongs to the session in which the server writes.

A transaction can therefore be committed only while the lock is held, and a server whose session is lost writes nothing
until it has the lock again. By then, all its earlier transactions have ended, one way or the other.

The server that has the lease may take the lock from any other session, such as that of a server that led before it and
hangs. A server whose term is over does not get the lock again. So no transaction of an earlier term can be committed
once the server of the next term has the lock, and no statement in each transaction is needed to check that.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import asyncpg

from duelcast.store.backend import Held, Superseded, TermLost
from duelcast.store.postgres.failures import Standby
from duelcast.store.postgres.lease import PostgresLease
from duelcast.store.postgres.locks import LEADER, LOCK, WRITER

# All in one statement: a server whose term has ended meanwhile must end nobody's session.
_END_OTHER = """
with locks as (
    select pid, classid::bigint << 32 | objid::bigint as key from pg_locks
    where locktype = 'advisory' and granted and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
)
select count(pg_terminate_backend(pid)) from locks
where key = $2 and exists (select from leaders join locks using (pid) where term = $1 and key = $3)
"""
_IS_CURRENT = "select exists (select from leaders where term = $1)"
_IDENTITY = """
select (select system_identifier from pg_control_system()),
    (select oid::bigint from pg_database where datname = current_database()),
    to_regclass('epochs')::oid::bigint,
    case when not pg_is_in_recovery()
        then ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint end
"""
_STARTS = "select starts from epochs"


class Identity(NamedTuple):
    """Which database it is: the identifier of its cluster, its number therein, the number of a table, which changes if
    a dump is restored into the database, and the timeline, which changes if a standby is promoted or an earlier state
    is recovered. `table_oid` is None before the first migration, `timeline` on a standby."""

    cluster_id: int
    database_oid: int
    table_oid: int | None
    timeline: int | None


class Claim:
    """Taken by each new session of the writer."""

    def __init__(self, name: str, lease: PostgresLease) -> None:
        self.identity: Identity
        """Set by `take`."""
        self._name = name
        self._lease = lease
        self._term: int | None = None
        """The term of the newest session."""
        self._starts: int | None = None

    def began(self, starts: int) -> None:
        """Note that this server wrote its start, which made it the `starts`-th."""
        self._starts = starts

    async def take(self, connection: Any) -> None:
        """Lock the database for the session of a driver's connection.

        Raises `Standby`, `Held` if another server has the lock, and `Superseded` if the database is no longer as this
        server left it: another server was started on it, or a standby, which may lack transactions, has taken its
        place.
        """
        await self._lock(connection)
        identity = Identity(*await connection.fetchrow(_IDENTITY))
        if identity.timeline is None:
            raise Standby
        if self._lease.term and not await connection.fetchval(_IS_CURRENT, self._lease.term):
            raise TermLost
        if self._starts is not None:
            starts = await connection.fetchval(_STARTS)
            if identity != self.identity or starts != self._starts:
                raise Superseded("The database was changed or replaced meanwhile: the server has to be restarted.")
        self.identity, self._term = identity, self._lease.term

    async def _lock(self, connection: Any) -> None:
        if self._lease.term != self._term:
            # The session that writes belongs to an earlier term. In the same term, it is this server's, which may be
            # committing.
            await self._end_other(connection)
        try:
            await connection.fetchval(LOCK, WRITER)
        except asyncpg.exceptions.LockNotAvailableError:
            if not await self._end_other(connection):
                raise held_by_another(self._name) from None
            try:
                await connection.fetchval(LOCK, WRITER)
            except asyncpg.exceptions.LockNotAvailableError:
                raise held_by_another(self._name) from None

    async def _end_other(self, connection: Any) -> bool:
        """End the session that has the lock, if this server has the lease; returns whether there was one."""
        return bool(self._lease.term and await connection.fetchval(_END_OTHER, self._lease.term, WRITER, LEADER))


def held_by_another(name: str) -> Held:
    """The error if another server uses the database `name`."""
    return Held(f"Another server uses the database {name}: stop it, or set DUELCAST_DATABASE_URL to another.")

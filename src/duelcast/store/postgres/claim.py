"""The claim of a server to its database: an advisory lock that belongs to the session in which the server writes.

A transaction can therefore be committed only while the lock is held, and a server whose session is lost writes nothing
until it has the lock again. By then, all its earlier transactions have ended, one way or the other.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import asyncpg

from duelcast.store.backend import Held, Superseded
from duelcast.store.postgres.failures import Standby

KEY = int.from_bytes(b"duelcast", "big")
_LOCK = "select pg_advisory_lock($1)"
_END = "select pg_terminate_backend(pid, $3) from pg_stat_activity where pid = $1 and backend_start = $2"
_END_TIMEOUT_MS = 1_000
_SESSION = "select pid, backend_start from pg_stat_activity where pid = pg_backend_pid()"
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


class _Session(NamedTuple):
    pid: int
    began: datetime


class Claim:
    """Taken by each new session of the writer."""

    def __init__(self, name: str) -> None:
        self.identity: Identity
        """Set by `take`."""
        self._name = name
        self._session: _Session | None = None
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
        try:
            await connection.fetchval(_LOCK, KEY)
        except asyncpg.exceptions.LockNotAvailableError:
            await self._end_own_session(connection)
        session = _Session(*await connection.fetchrow(_SESSION))
        identity = Identity(*await connection.fetchrow(_IDENTITY))
        if identity.timeline is None:
            raise Standby
        if self._starts is not None:
            starts = await connection.fetchval(_STARTS)
            if identity != self.identity or starts != self._starts:
                raise Superseded("The database was changed or replaced meanwhile: the server has to be restarted.")
        self.identity, self._session = identity, session

    async def _end_own_session(self, connection: Any) -> None:
        """The session that was lost may still exist on the server, if only the connection is gone."""
        if self._session is not None and await connection.fetchval(_END, *self._session, _END_TIMEOUT_MS):
            try:
                await connection.fetchval(_LOCK, KEY)
            except asyncpg.exceptions.LockNotAvailableError:
                pass
            else:
                return
        raise Held(f"Another server uses the database {self._name}: stop it, or set DUELCAST_DATABASE_URL to another.")

"""The port to a kind of database: how it is opened, reserved for one server, brought up to date, and understood when it
fails. `store.sqlite` and `store.postgres` implement it; `store.choosing` picks one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from duelcast.settings import ConfigurationError
from duelcast.store.copy_port import CopySource, CopyTarget
from duelcast.store.epoch import EpochMark
from duelcast.store.lease import Lease

COUNT_COMMIT = "update store_commits set number = number + 1"
"""The statement that counts a commit."""


class Held(ConfigurationError):
    """Another server uses the database."""


class Superseded(ConfigurationError):
    """The database was changed by somebody else since this process opened it, so what the process remembers of it is
    outdated: only a restart helps."""


class TermLost(Superseded):
    """Another server has begun a later term, so the term of this process is over."""

    def __init__(self) -> None:
        super().__init__("Another server has taken over: this one has to be restarted.")


class Room(NamedTuple):
    """How many bytes the database takes on its disk, and how many are free there for the server's user."""

    database_bytes: int
    wal_bytes: int
    free_bytes: int


class Backend(Protocol):
    """A database that one server at a time may write to.

    Errors of a connection are `DBAPIError` or `OSError`; `is_failure` says which of them are failures of the database.
    All methods that raise `ConfigurationError` say in one sentence what to do, without a secret or the driver's text.
    """

    @property
    def name(self) -> str:
        """The name of the database in messages: its address without user and password."""

    @property
    def busy_timeout_ms(self) -> int:
        """How long after its request a write may wait while another process has locked the database."""

    @property
    def lease(self) -> Lease | None:
        """Decides which of several servers may `open` the database; None if they must not share it. Unless this process
        has a term already, `open` takes one."""

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def examine(self) -> None:
        """Raise `ConfigurationError` as `open` does, without writing anything; a database that is in use is no
        error."""

    def is_new(self) -> bool:
        """Whether a server is yet to create the database."""

    async def check_version(self) -> None:
        """Check that the database exists and has everything that this version needs; nothing is written. Raises
        `ConfigurationError`."""

    async def migrate(self) -> Sequence[str]:
        """Apply pending migrations; returns their revisions. Unless the kind of database permits that migrations which
        only add are applied beside servers, no server may use the database. Raises
        `ConfigurationError` if the database is not ours, is in use, or was made by a later version; it is then left
        unchanged."""

    async def open(self) -> None:
        """Reserve the database for this process, and ensure that its tables are up to date. Raises
        `ConfigurationError`. A database that is reserved by its writing connection raises `Held` there."""

    async def close(self) -> None:
        """Let another process open the database, once the engines are disposed of."""

    def engine(self, *, writes: bool) -> AsyncEngine:
        """An engine whose transactions have the database's write lock if `writes`, with at most one connection, and
        count each commit in the commit itself (`store.doubt`). Otherwise, they only read, and see one moment of the
        committed data."""

    def epoch_mark(self) -> EpochMark:
        """The evidence at a start that the database is still the one that issued its numbers."""

    # ── copies ──────────────────────────────────────────────────────────────────────────────────────────────────

    def copy_source(self) -> AbstractAsyncContextManager[CopySource]:
        """Reserve the database for a copy, and read it. Raises `Held`, and `ConfigurationError` as `check_version`
        does."""

    def copy_target(self) -> AbstractAsyncContextManager[CopyTarget]:
        """Reserve the database, which must be unused, and create its tables if it has none. Raises `Held`, and
        `ConfigurationError` if it is not empty or cannot be opened."""

    # ── state ───────────────────────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """Raise `OSError` if a commit would be lost although the connection works, and `Superseded` if it must not be
        tried."""

    def check_idle(self) -> None:
        """Raise `OSError` if the database is known to be lost, even though nobody is using it."""

    def room(self) -> Room | None:
        """The current room; None if the server cannot see the disk. Raises `OSError` if the database is gone."""

    # ── errors ──────────────────────────────────────────────────────────────────────────────────────────────────

    def is_failure(self, error: Exception) -> bool:
        """Whether the database or the connection is at fault, rather than a statement or its values."""

    def is_locked(self, error: Exception) -> bool:
        """Whether another process has the database locked at the moment."""

    def leaves_doubt(self, error: Exception) -> bool:
        """Whether a COMMIT that raised `error` may have taken effect, or may still do so."""

    def describe_failure(self, error: Exception) -> str:
        """Why the database does not work, in a sentence of our own."""

    def refusal(self, error: DBAPIError | OSError) -> ConfigurationError:
        """The error for a database that cannot be opened."""

"""The databases of tests. A test names a path; with `--database postgres`, that stands for a database of its own on a
PostgreSQL server that the tests start once in each process."""

from __future__ import annotations

import asyncio
import atexit
import os
import re
import sqlite3
import threading
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path
from shutil import copyfile, rmtree
from tempfile import mkdtemp
from typing import Any, TypeVar

import asyncpg

from duelcast.clock import Clock, ManualClock
from duelcast.store.backend import Backend
from duelcast.store.postgres.database import PostgresDatabase
from duelcast.store.postgres.locks import LEADER, WRITER
from duelcast.store.sqlite.file import SqliteFile
from duelcast.store.sqlite.schema import migrate
from duelcast.store.tables import metadata
from tests.postgres_server import PostgresServer

KIND_VARIABLE = "TESTS_DATABASE"
SERVER_VARIABLE = "TESTS_POSTGRES_URL"
"""Variables of the environment for processes that tests start: the kind of database, and the server to use."""
BUSY_TIMEOUT_MS = 200
QUICK = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "max_connections=200",
    "max_wal_size=256MB",
    "autovacuum=off",
)
"""Settings of a server whose databases need not survive a crash."""
_TEMPLATE = "template_of_tests"
_END_HOLDERS = """
select pg_terminate_backend(pid) from pg_locks
where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())
    and pid <> $1
"""
_KEPT = 10
"""If a test makes twice as many databases, such as one for each example, only this many unused ones are kept."""

T = TypeVar("T")


def is_postgres() -> bool:
    """Whether the paths of tests stand for databases on a PostgreSQL server."""
    return os.environ.get(KIND_VARIABLE) == "postgres"


def backend_at(path: Path, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Backend:
    """The database that `path` stands for."""
    if is_postgres():
        return PostgresDatabase(postgres_url(path), path.parent, busy_timeout_ms)
    return SqliteFile(path, busy_timeout_ms)


def settings_at(path: Path) -> dict[str, str]:
    """The settings of a server that uses this database, beside its `data_dir`."""
    if not is_postgres():
        return {}
    place_new(path)  # a server would not make the tables
    return {"database_url": postgres_url(path)}


def may_hang_in_doubt(clock: Clock | None) -> bool:
    """Whether a server with this clock might wait forever for the outcome of a COMMIT: because the clock stands still,
    and `set_reachable` may end the session of a COMMIT."""
    return is_postgres() and isinstance(clock, ManualClock)


def place_new(path: Path) -> None:
    """Make an empty database at `path`, if there is none: a server would take a tenth of a second to make it."""
    if is_postgres():
        _server().make(_name_of(path))
    elif path.parent.is_dir() and not path.exists():
        copyfile(_new_file(), path)
        path.chmod(0o600)


def rows_in(path: Path, query: str, *values: object) -> list[Any]:
    """What another program finds in the database. A `?` in `query` stands for the next of `values`."""
    if is_postgres():
        return [tuple(row) for row in _server().query(_name_of(path), _numbered(query), *values)]
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(query, values).fetchall()


def change_in(path: Path, statement: str, *values: object) -> None:
    """Have another program change the database. A `?` in `statement` stands for the next of `values`."""
    if is_postgres():
        _server().query(_name_of(path), _numbered(statement), *values)
        return
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def drop_unused() -> None:
    """Drop the PostgreSQL databases that nobody is connected to."""
    if is_postgres():
        _server().drop_unused()


@contextmanager
def locked_tables(path: Path) -> Iterator[None]:
    """During the block, another session lets nobody write to a PostgreSQL database."""
    with _server().locked_tables(_name_of(path)):
        yield


def set_reachable(path: Path, *, reachable: bool) -> None:
    """Let nobody connect to a PostgreSQL database, and end all connections to it; or let everybody connect again."""
    _server().set_reachable(_name_of(path), reachable=reachable)


def empty_postgres_url(path: Path) -> str:
    """The address of a new PostgreSQL database without tables, which `path` stands for."""
    _server().query("postgres", f"create database {_name_of(path)}")
    return postgres_url(path)


def postgres_url(path: Path) -> str:
    """The address of the PostgreSQL database that `path` stands for."""
    return _server().url_of(_name_of(path))


def _numbered(statement: str) -> str:
    """`statement` with `$1`, `$2` … in place of the marks."""
    numbers = count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", statement)


def _name_of(path: Path) -> str:
    return f"test_{sha256(str(path.resolve()).encode()).hexdigest()[:24]}"


@cache
def _new_file() -> Path:
    folder = mkdtemp(prefix="duelcast-")
    atexit.register(rmtree, folder)
    path = Path(folder) / "new.db"
    path.touch()
    migrate(path)
    return path


@cache
def _server() -> Databases:
    if SERVER_VARIABLE not in os.environ:
        server = PostgresServer(*QUICK)
        atexit.register(server.remove)
        server.start()
        os.environ[SERVER_VARIABLE] = server.url()
    return Databases(os.environ[SERVER_VARIABLE])


class Databases:
    """The databases of a server. Its methods block, and may be called while the event loop of a test runs, since they
    have one of their own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: dict[str, None] = {}
        self._has_template = False
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def url_of(self, name: str) -> str:
        return f"{self._url.rpartition('/')[0]}/{name}"

    def make(self, name: str) -> None:
        """Make an empty database, if there is none of that name."""
        if name in self._made:
            return
        if not self._has_template:
            self._make_template()
        with suppress(asyncpg.exceptions.DuplicateDatabaseError):
            self.query("postgres", f"create database {name} template {_TEMPLATE}")
            self._made[name] = None
        if len(self._made) > 2 * _KEPT:
            self.drop_unused(keep=_KEPT)

    def _make_template(self) -> None:
        with suppress(asyncpg.exceptions.DuplicateDatabaseError):
            self.query("postgres", f"create database {_TEMPLATE}")
            self._run(PostgresDatabase(self.url_of(_TEMPLATE), Path(), BUSY_TIMEOUT_MS).migrate())
        self._has_template = True

    def drop_unused(self, keep: int = 0) -> None:
        """Drop the databases that nobody is connected to, except for the newest, of which it keeps `keep`."""
        if len(self._made) > keep:
            for name in self._run(self._drop_unused(list(self._made)[: len(self._made) - keep])):
                del self._made[name]

    async def _drop_unused(self, names: list[str]) -> list[str]:
        connection = await asyncpg.connect(self.url_of("postgres"))
        try:
            used = {row["datname"] for row in await connection.fetch("select datname from pg_stat_activity")}
            unused = [name for name in names if name not in used]
            for name in unused:
                await connection.execute(f"drop database if exists {name} with (force)")
        finally:
            await connection.close()
        return unused

    def set_reachable(self, name: str, *, reachable: bool) -> None:
        self.query("postgres", f"alter database {name} allow_connections {reachable}")
        if not reachable:
            self.query("postgres", "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)

    @contextmanager
    def locked_tables(self, name: str) -> Iterator[None]:
        connection = self._run(asyncpg.connect(self.url_of(name)))
        try:
            self._run(connection.execute(f"begin; lock table {', '.join(metadata.tables)} in exclusive mode"))
            yield
        finally:
            self._run(connection.close())

    @contextmanager
    def taken(self, name: str) -> Iterator[None]:
        """During the block, another session has the locks of a database, from whatever server had them before."""
        connection = self._run(asyncpg.connect(self.url_of(name)))
        try:
            taking = asyncio.run_coroutine_threadsafe(
                connection.execute(f"select pg_advisory_lock({LEADER}), pg_advisory_lock({WRITER})"), self._loop
            )
            while not taking.done():
                self.query(name, _END_HOLDERS, connection.get_server_pid())
            taking.result()
            yield
        finally:
            self._run(connection.close())

    def query(self, database: str, query: str, *values: object) -> list[Any]:
        return self._run(self._query(database, query, *values))

    async def _query(self, database: str, query: str, *values: object) -> list[Any]:
        connection = await asyncpg.connect(self.url_of(database))
        try:
            rows: list[Any] = await connection.fetch(query, *values)
            return rows
        finally:
            await connection.close()

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

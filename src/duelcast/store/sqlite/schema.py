"""The tables of an SQLite file: brings them up to date, and examines files without writing to them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from duelcast.settings import ConfigurationError
from duelcast.store import migrate as migrations
from duelcast.store.copy_port import IS_USED, not_empty
from duelcast.store.migrate import (
    FOREIGN,
    REVISIONS,
    Refused,
    apply_migrations,
    newest_applied,
    pending,
    refusal,
    upgrade,
)
from duelcast.store.sqlite.failures import describe_failure, is_fault_of_statement
from duelcast.store.sqlite.paths import file_uri, is_empty, read_only_uri


def migrate(path: Path) -> tuple[str, ...]:
    """Apply pending migrations to the SQLite file at `path`, and return them; blocks.

    Raises `ConfigurationError` if the file is not a database of Duelcast, is locked, or was made by a later version;
    the file is then left unchanged.
    """
    with _opened(path, file_uri(path)) as connection:
        with connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            applied = upgrade(connection)
        # This writes to the file, so it must wait until the file is known to be ours.
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        return applied


def examine(path: Path, name: Path | None = None) -> None:
    """Check that the SQLite file at `path` is an intact database of Duelcast that `migrate` accepts; blocks, for
    seconds if it is large. Nothing is written. Raises `ConfigurationError` with a message that names `name`."""
    with _opened(name or path, read_only_uri(path)) as connection:
        if newest_applied(connection) is None:
            raise Refused(FOREIGN)
        if connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one() != "ok":
            raise Refused("The database file is damaged.")


def check_schema(path: Path, name: Path) -> None:
    """Check that the tables, indices, triggers and views of the SQLite file at `path` are exactly those of its applied
    migrations; blocks. A trigger could change what the server writes, and a view could change what it reads.

    Raises `ConfigurationError` with a message that names `name`.
    """
    with _opened(name, read_only_uri(path)) as connection:
        found, made = _schema(connection), _schema_after(newest_applied(connection))
        for (kind, label), statement in (found | made).items():
            if (kind, label) not in made:
                shown = "".join(each if each.isprintable() else "?" for each in label[:64])
                raise Refused(f"Duelcast never creates the {kind} `{shown}`: drop it in a copy, and restore the copy.")
            if found.get((kind, label)) != statement:
                raise Refused(f"Its {kind} `{label}` differs from what Duelcast creates: use another backup.")


def is_ours(path: Path) -> bool:
    """Whether the file at `path` is a database that some version of Duelcast made, damaged or not."""
    try:
        with closing(sqlite3.connect(read_only_uri(path), uri=True)) as connection:
            tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    except sqlite3.Error:
        return False
    return {"alembic_version", "facts", "contests"} <= tables


def check_takes(path: Path) -> None:
    """Check that `migrate` accepts the version of the SQLite file at `path`, if there is one; blocks. Nothing is
    written. Raises `ConfigurationError`."""
    if path.exists() and (path.stat().st_size or Path(f"{path}-wal").exists()):
        with _opened(path, read_only_uri(path)) as connection:
            pending(connection)


def check_version(path: Path) -> None:
    """Check that the SQLite file at `path` has everything that this version needs; blocks. Nothing is written. Raises
    `ConfigurationError`."""
    with _opened(path, read_only_uri(path)) as connection:
        newest = newest_applied(connection)
        if newest is None:
            raise Refused(FOREIGN)
        if newest != REVISIONS[-1]:
            raise Refused("It was made by an earlier version of Duelcast: start a server of this version on it first.")


def check_complete(path: Path) -> None:
    """Check that this version knows all tables and columns of the SQLite file at `path`; blocks. Nothing is written.
    Raises `ConfigurationError`."""
    with _opened(path, read_only_uri(path)) as connection:
        migrations.check_complete(connection)


def check_unused(path: Path) -> None:
    """Check that the file at `path`, which is held, is empty, or a database that no server was started on and that has
    no rows; blocks. Afterwards, no write-ahead log is left beside it. Raises `ConfigurationError`."""
    if is_empty(path):
        return
    if not path.stat().st_size:
        raise not_empty(path)
    check_version(path)
    with _opened(path, file_uri(path)) as connection:
        if connection.execute(IS_USED).scalar_one():
            raise not_empty(path)
    # The last connection that may write deletes the log when it closes.
    if Path(f"{path}-wal").exists():
        raise refusal(path, "Another process has it open.")


def refusal_of(name: Path, error: DBAPIError | OSError) -> ConfigurationError:
    """The error for a database that SQLite refuses."""
    is_foreign = isinstance(error, DBAPIError) and is_fault_of_statement(error)
    return refusal(name, FOREIGN if is_foreign else describe_failure(error))


@contextmanager
def _opened(name: Path, uri: str) -> Iterator[Connection]:
    engine = create_engine("sqlite://", creator=lambda: _connect(uri), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except Refused as refused:
        raise refusal(name, str(refused)) from None
    except DBAPIError as error:
        raise refusal_of(name, error) from None
    finally:
        engine.dispose()


def _connect(uri: str) -> sqlite3.Connection:
    # Turn off the driver's implicit transactions, so that a migration is applied completely or not at all.
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _schema(connection: Connection) -> dict[tuple[str, str], str]:
    """The statements that created the objects of the database, by kind and name, without SQLite's internal ones."""
    rows = connection.exec_driver_sql("select type, name, sql from sqlite_master").all()
    return {
        (kind, name): " ".join((statement or "").split())
        for kind, name, statement in rows
        if kind not in ("table", "index") or not name.startswith("sqlite_")
    }


def _schema_after(revision: str | None) -> dict[tuple[str, str], str]:
    """The schema of a new database with the migrations up to `revision`."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            if revision is not None:
                apply_migrations(connection, revision)
            return _schema(connection)
    finally:
        engine.dispose()

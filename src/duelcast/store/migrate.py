"""Brings the tables up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, StaticPool

from duelcast.settings import ConfigurationError
from duelcast.store.sqlite import describe_failure, file_uri, is_fault_of_statement, read_only_uri

MIGRATIONS = Path(__file__).with_name("migrations")
REVISIONS = tuple(sorted(step.name[1:5] for step in MIGRATIONS.glob("versions/v[0-9][0-9][0-9][0-9]_*.py")))
"""All migrations, in their order: the names of their files begin with `v` and their number."""
_FOREIGN = "It is not a database of Duelcast."


class _Refused(Exception):
    """Carries the reason why a database is refused, in our own words."""


def migrate(path: Path) -> None:
    """Apply pending migrations to the SQLite file at `path`; blocks.

    Raises `ConfigurationError` if the file is not a database of Duelcast, is locked, or was made by a later version;
    the file is then left unchanged.
    """
    with _opened(path, file_uri(path)) as connection:
        with connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _upgrade(connection)
        # This writes to the file, so it must wait until the file is known to be ours.
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def examine(path: Path, name: Path | None = None) -> None:
    """Check that the SQLite file at `path` is an intact database of Duelcast that `migrate` accepts; blocks, for
    seconds if it is large. Nothing is written. Raises `ConfigurationError` with a message that names `name`."""
    with _opened(name or path, read_only_uri(path)) as connection:
        if not _seen(connection):
            raise _Refused(_FOREIGN)
        if connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one() != "ok":
            raise _Refused("The database file is damaged.")


def check_schema(path: Path, name: Path) -> None:
    """Check that the tables, indices, triggers and views of the SQLite file at `path` are exactly those of its applied
    migrations; blocks. A trigger could change what the server writes, and a view could change what it reads.

    Raises `ConfigurationError` with a message that names `name`.
    """
    with _opened(name, read_only_uri(path)) as connection:
        found, made = _schema(connection), _schema_after(_seen(connection))
        for (kind, label), statement in (found | made).items():
            if (kind, label) not in made:
                shown = "".join(each if each.isprintable() else "?" for each in label[:64])
                raise _Refused(f"Duelcast never creates the {kind} `{shown}`: drop it in a copy, and restore the copy.")
            if found.get((kind, label)) != statement:
                raise _Refused(f"Its {kind} `{label}` differs from what Duelcast creates: use another backup.")


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
            _seen_of_ours(connection)


def check_version(path: Path) -> None:
    """Check that the SQLite file at `path` has everything that this version needs; blocks. Nothing is written. Raises
    `ConfigurationError`."""
    with _opened(path, read_only_uri(path)) as connection:
        seen = _seen(connection)
        if not seen:
            raise _Refused(_FOREIGN)
        if seen != {REVISIONS[-1]}:
            raise _Refused("It was made by an earlier version of Duelcast: start a server of this version on it first.")


@contextmanager
def _opened(name: Path, uri: str) -> Iterator[Connection]:
    engine = create_engine("sqlite://", creator=lambda: _connect(uri), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except _Refused as refused:
        raise _refusal(name, str(refused)) from None
    except DBAPIError as error:
        raise refusal(name, error) from None
    finally:
        engine.dispose()


def _connect(uri: str) -> sqlite3.Connection:
    # Turn off the driver's implicit transactions, so that a migration is applied completely or not at all.
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _upgrade(connection: Connection) -> None:
    if _seen_of_ours(connection) != {REVISIONS[-1]}:
        apply_migrations(connection, REVISIONS[-1])


def _seen_of_ours(connection: Connection) -> set[str]:
    """Like `_seen`, but raises `_Refused` if the database has tables that are not ours."""
    seen = _seen(connection)
    if not seen and inspect(connection).get_table_names():
        raise _Refused(_FOREIGN)
    return seen


def _seen(connection: Connection) -> set[str]:
    """The newest migration that was applied to the database; empty if the database is new or not ours."""
    seen: set[str] = set()
    if inspect(connection).has_table("alembic_version"):
        seen.update(connection.exec_driver_sql("select version_num from alembic_version").scalars())
    if not seen <= set(REVISIONS):
        raise _Refused("It was made by a later version of Duelcast: use that version.")
    return seen


def _schema(connection: Connection) -> dict[tuple[str, str], str]:
    """The statements that created the objects of the database, by kind and name, without SQLite's internal ones."""
    rows = connection.exec_driver_sql("select type, name, sql from sqlite_master").all()
    return {
        (kind, name): " ".join((statement or "").split())
        for kind, name, statement in rows
        if kind not in ("table", "index") or not name.startswith("sqlite_")
    }


def _schema_after(seen: set[str]) -> dict[tuple[str, str], str]:
    """The schema of a new database with these migrations."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            for revision in seen:
                apply_migrations(connection, revision)
            return _schema(connection)
    finally:
        engine.dispose()


def apply_migrations(connection: Connection, revision: str) -> None:
    """Apply the migrations up to `revision` that the database lacks, in the caller's transaction."""
    from alembic import command  # takes a third of a second, which most starts need not spend
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def refusal(name: Path, error: DBAPIError) -> ConfigurationError:
    """The error for a database that SQLite refuses."""
    return _refusal(name, _FOREIGN if is_fault_of_statement(error) else describe_failure(error))


def _refusal(name: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(f"The database {name} cannot be opened. {reason}")

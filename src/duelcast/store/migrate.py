"""Bringing the tables up to date."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from duelcast.settings import ConfigurationError
from duelcast.store.sqlite import describe_failure, is_fault_of_statement

MIGRATIONS = Path(__file__).with_name("migrations")
_FOREIGN = "It is no database of Duelcast."


def migrate(path: Path) -> None:
    """Apply the migrations that the SQLite file at `path` has not seen; blocks.

    Raises `ConfigurationError` where the file is no database of ours, is locked, or was made by a later version; it is
    left as it was then.
    """
    engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            with connection.begin():
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                _upgrade(path, connection)
            # Written into the file: not before it is known to be ours.
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    except DBAPIError as error:
        raise _refusal(path, _FOREIGN if is_fault_of_statement(error) else describe_failure(error)) from None
    finally:
        engine.dispose()


def _connect(path: Path) -> sqlite3.Connection:
    # Without the driver's own guess of when a transaction begins, a migration is applied whole or not at all.
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, isolation_level=None)


def _upgrade(path: Path, connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    current = set(MigrationContext.configure(connection).get_current_heads())
    if not current <= known:
        raise _refusal(path, "It was made by a later version of Duelcast: use that one.")
    if not current and inspect(connection).get_table_names():
        raise _refusal(path, _FOREIGN)
    if current != set(scripts.get_heads()):
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refusal(path: Path, reason: str) -> ConfigurationError:
    return ConfigurationError(f"The database {path} cannot be opened. {reason}")

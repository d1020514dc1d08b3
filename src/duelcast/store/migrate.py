"""The migrations of the tables, and which of them a database has."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

from duelcast.settings import ConfigurationError

MIGRATIONS = Path(__file__).with_name("migrations")
REVISIONS = tuple(sorted(step.name[1:5] for step in MIGRATIONS.glob("versions/v[0-9][0-9][0-9][0-9]_*.py")))
"""All migrations, in their order: the names of their files begin with `v` and their number."""
FOREIGN = "It is not a database of Duelcast."


class Refused(Exception):
    """Carries the reason why a database is refused, in our own words."""


def refusal(name: object, reason: str) -> ConfigurationError:
    """The error for the database `name`, which cannot be opened for a `reason`, a sentence."""
    return ConfigurationError(f"The database {name} cannot be opened. {reason}")


def pending(connection: Connection) -> tuple[str, ...]:
    """The migrations that the database lacks, in their order. Raises `Refused` if it has tables that are not ours, or
    was made by a later version."""
    seen = newest_applied(connection)
    if seen is None:
        if inspect(connection).get_table_names():
            raise Refused(FOREIGN)
        return REVISIONS
    return REVISIONS[REVISIONS.index(seen) + 1 :]


def newest_applied(connection: Connection) -> str | None:
    """The newest migration that was applied to the database; None if the database is new or not ours. Raises `Refused`
    if it was made by a later version."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    seen = connection.exec_driver_sql("select version_num from alembic_version").scalars().first()
    if seen is not None and seen not in REVISIONS:
        raise Refused("It was made by a later version of Duelcast: use that version.")
    return seen


def upgrade(connection: Connection) -> tuple[str, ...]:
    """Apply pending migrations in the caller's transaction; returns them. Raises `Refused` as `pending` does."""
    lacking = pending(connection)
    if lacking:
        apply_migrations(connection, lacking[-1])
    return lacking


def apply_migrations(connection: Connection, revision: str) -> None:
    """Apply the migrations up to `revision` that the database lacks, in the caller's transaction."""
    from alembic import command  # takes a third of a second, which most starts need not spend
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)

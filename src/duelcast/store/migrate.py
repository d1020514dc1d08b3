"""The migrations of the tables, and which of them a database has.

A migration that only adds leaves the tables usable for versions that do not know it, so that servers of both versions
can work together while one replaces the other. Each migration therefore names the `oldest` version that may use the
tables after it, by that version's newest migration; the database stores it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, select, update

from duelcast.settings import ConfigurationError
from duelcast.store.tables import schema_users

if TYPE_CHECKING:
    from alembic.config import Config

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
    """The newest migration of this version that was applied to the database; None if the database is new or not ours.
    Raises `Refused` if it was made by a later version, and this one must not use it."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    seen = connection.exec_driver_sql("select version_num from alembic_version").scalars().first()
    if seen is None or seen in REVISIONS:
        return seen
    if not inspect(connection).has_table("schema_users") or _oldest_user(connection) > REVISIONS[-1]:
        raise Refused("It was made by a later version of Duelcast: use that version.")
    return REVISIONS[-1]


def check_complete(connection: Connection) -> None:
    """Check that this version knows all tables and columns, as a copy requires. Raises `Refused`."""
    if connection.exec_driver_sql("select version_num from alembic_version").scalar() != REVISIONS[-1]:
        raise Refused("It was made by another version of Duelcast: use that version.")


def only_add(connection: Connection) -> bool:
    """Whether the pending migrations leave the tables usable for servers of the version before. Raises `Refused` as
    `pending` does."""
    seen = newest_applied(connection)
    return seen is not None and all(_oldest_after(revision) <= seen for revision in pending(connection))


def upgrade(connection: Connection) -> tuple[str, ...]:
    """Apply pending migrations in the caller's transaction; returns them. Raises `Refused` as `pending` does."""
    lacking = pending(connection)
    if lacking:
        apply_migrations(connection, lacking[-1])
        connection.execute(update(schema_users).values(oldest=_oldest_after(lacking[-1])))
    return lacking


def apply_migrations(connection: Connection, revision: str) -> None:
    """Apply the migrations up to `revision` that the database lacks, in the caller's transaction."""
    from alembic import command  # takes a third of a second, which most starts need not spend

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _oldest_user(connection: Connection) -> str:
    return str(connection.execute(select(schema_users.c.oldest)).scalar_one())


def _oldest_after(revision: str) -> str:
    """The oldest version that may use the tables after a migration, by that version's newest migration."""
    from alembic.script import ScriptDirectory

    module = ScriptDirectory.from_config(_config()).get_revision(revision).module
    return str(getattr(module, "oldest", revision))


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config

"""Checks of a PostgreSQL server and of the tables of a database."""

from __future__ import annotations

from sqlalchemy import Connection

from duelcast.store.migrate import Refused, newest_applied, pending

_LEAST_VERSION = 150_000
_MIGRATE = "run `duelcast migrate`, with the settings of the server."


def check_server(connection: Connection) -> None:
    """Check that the database can be used, whatever its tables. Raises `Refused`."""

    def shown(setting: str) -> str:
        return str(connection.exec_driver_sql(f"show {setting}").scalar_one())

    if int(shown("server_version_num")) < _LEAST_VERSION:
        raise Refused("Its server is too old: Duelcast needs PostgreSQL 15 or later.")
    if shown("server_encoding") != "UTF8":
        raise Refused("Its encoding is not UTF8: create a database with `encoding 'UTF8' template template0`.")
    if connection.exec_driver_sql("select pg_is_in_recovery()").scalar_one():
        raise Refused("Its server is a standby: name the primary.")


def check_tables(connection: Connection) -> None:
    """Check that the tables are those of this version. Raises `Refused`."""
    lacking = pending(connection)
    if lacking and newest_applied(connection) is None:
        raise Refused(f"It has no tables yet: {_MIGRATE}")
    if lacking:
        raise Refused(f"Migrations up to {lacking[-1]} are pending: {_MIGRATE}")

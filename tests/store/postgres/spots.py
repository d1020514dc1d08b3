"""Databases that are copied, of both kinds, with rows in all tables, and what an independent program finds in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sqlalchemy import JSON, BigInteger, Boolean, Column, Double, Integer, LargeBinary, SmallInteger, Table, insert

from duelcast.clock import SystemClock
from duelcast.domain.operations.events import ALERTS
from duelcast.store.backend import Backend
from duelcast.store.copying import Copied, Progress, copy_database
from duelcast.store.database import Database, Transaction
from duelcast.store.sqlite.file import SqliteFile
from duelcast.store.tables import (
    channel_messages,
    channel_positions,
    epochs,
    leaders,
    metadata,
    schema_users,
    store_commits,
    store_probe,
)
from tests.store.postgres.place import Place, say_something
from tests.storing import BUSY_TIMEOUT_MS, bus_of

Rows = dict[str, list[dict[str, Any]]]
"""By table. A JSON value is the tuple `("JSON", value)`, and a truth value is a number."""
IDENTITY = {"cluster_id", "database_oid", "table_oid", "timeline"}
GENERATED = [table for table in metadata.sorted_tables if table.autoincrement_column is not None]
"""The tables with generated ids."""
_OWN = (channel_messages, channel_positions, epochs, leaders, schema_users, store_commits, store_probe)
"""Tables whose rows the store writes itself."""
_FIXED = {"status": "pending", "boundary": "start"}
_PLACES = {"id", "contest_id", "entry_id", "event_id"}


class Spot(Protocol):
    """A database, wherever it is."""

    @property
    def address(self) -> str:
        """The address as an operator gives it."""

    @property
    def data_dir(self) -> Path:
        """The data folder of a server that uses the database."""

    def backend(self) -> Backend: ...

    def rows(self) -> Rows:
        """The rows that an independent program finds, except for the identity and the leader that a PostgreSQL database
        has."""

    def execute(self, statement: str) -> None:
        """Have an independent program change the database."""


class Ends(NamedTuple):
    """A database and an empty one of the other kind."""

    source: Spot
    target: Spot


class SqliteSpot:
    """The file at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.address = f"sqlite:///{path}"
        self.data_dir = path.parent

    def backend(self) -> SqliteFile:
        return SqliteFile(self.path, BUSY_TIMEOUT_MS)

    def rows(self) -> Rows:
        if not self.path.exists() or not self.path.stat().st_size:
            return {}
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            names = connection.execute(
                "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name != 'leaders'"
            )
            found = {}
            for (name,) in names.fetchall():
                columns = {column: kind for _, column, kind, *_ in connection.execute(f'pragma table_info("{name}")')}
                rows = connection.execute(f'select * from "{name}"').fetchall()
                found[name] = _sorted([_plain(columns, dict(zip(columns, row, strict=True))) for row in rows])
            return found

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(statement)


class PostgresSpot:
    """The database at `place`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.address = place.url
        self.data_dir = place.data_dir

    def backend(self) -> Backend:
        return self.place.backend()

    def rows(self) -> Rows:
        kinds: dict[str, dict[str, str]] = {}
        query = (
            "select table_name, column_name, data_type from information_schema.columns"
            " where table_schema = 'public' and table_name != 'leaders'"
        )
        for name, column, kind in self.place.query(query):
            kinds.setdefault(name, {})[column] = kind.upper()
        found = {}
        for name, columns in kinds.items():
            rows = self.place.databases.query(self.place.name, f'select * from "{name}"')
            found[name] = _sorted([_plain(columns, dict(row)) for row in rows])
        return found

    def execute(self, statement: str) -> None:
        self.place.query(statement)


def _plain(columns: Mapping[str, str], row: dict[str, Any]) -> dict[str, Any]:
    for name, kind in columns.items():
        value = row[name]
        if kind == "JSON" and value is not None:
            row[name] = ("JSON", json.loads(value) if isinstance(value, str) else value)
        elif kind == "BOOLEAN":
            row[name] = None if value is None else int(value)
    return {name: value for name, value in row.items() if name not in IDENTITY}


def _sorted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """By all values that do not depend on how a number is written."""
    return sorted(rows, key=lambda row: repr([value for value in row.values() if not isinstance(value, float | tuple)]))


# ── filling ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def opened(spot: Spot) -> AsyncIterator[Database]:
    """A server's database, until the end of the block; everything requested is committed."""
    clock = SystemClock()
    database = Database(spot.backend(), clock, urgent=[ALERTS.channel()])
    bus_of(database, clock)
    async with database.at_work():
        yield database


async def epoch_of_start(spot: Spot) -> str:
    """Start and stop a server; the epoch in between."""
    async with opened(spot) as database:
        return database.epoch.name


async def fill(spot: Spot, count: int = 3, value_of: Callable[[Column[Any], int], Any] | None = None) -> str:
    """Store `count` rows in each table, with the values that `value_of` gives a column in a row of this number, and
    messages of a channel; returns the epoch."""

    async def add(transaction: Transaction) -> None:
        for table in metadata.sorted_tables:
            if table not in _OWN:
                rows = [_row(table, number, value_of or plain_value) for number in range(1, count + 1)]
                await transaction.execute(insert(table), rows)

    async with opened(spot) as database:
        await database.write(add)
        for _ in range(count):
            await database.publish(say_something)
        return database.epoch.name


def _row(table: Table, number: int, value_of: Callable[[Column[Any], int], Any]) -> dict[str, Any]:
    return {column.name: _value(column, number, value_of) for column in table.columns}


def _value(column: Column[Any], number: int, value_of: Callable[[Column[Any], int], Any]) -> Any:
    if column.name in _FIXED:
        return _FIXED[column.name]
    if column.name in _PLACES and isinstance(column.type, Integer):
        return number
    if column.name == "wallet":
        return f"wallet{number}"
    return value_of(column, number)


def plain_value(column: Column[Any], number: int) -> Any:
    """A value that shows whether it was copied exactly; every second row has nulls."""
    if column.nullable and number % 2 == 0:
        return None
    kind = column.type
    if isinstance(kind, Boolean):
        return number % 2 == 1
    if isinstance(kind, SmallInteger):
        return 32_767
    if isinstance(kind, BigInteger):
        return 2**53 + number
    if isinstance(kind, Integer):
        return 2**31 - number
    if isinstance(kind, Double):
        return number / 10
    if isinstance(kind, JSON):
        return [0.1, {"text": "\0 \u2028 ü", "number": 2**53 + 1}, number, None, True][number % 5]
    if isinstance(kind, LargeBinary):
        return bytes([0, 255, number]) * 5
    return f"{column.name} {number} Ω 💥 '\"\\\n"


# ── copying ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def ignore(table: str, rows: int, *, is_complete: bool) -> None:
    """No progress is shown."""


async def copied(ends: Ends, progress: Progress = ignore) -> Copied:
    """Copy the source, as the command does."""
    return await copy_database(ends.source.backend(), ends.target.backend(), progress)


def is_unused(spot: Spot) -> bool:
    """Whether there is nothing but the rows of migrations."""
    rows = spot.rows()
    others = rows.keys() - {
        "alembic_version",
        *(table.name for table in (epochs, schema_users, store_commits, store_probe)),
    }
    return not any(rows[name] for name in others) and not any(row["starts"] for row in rows.get("epochs", []))

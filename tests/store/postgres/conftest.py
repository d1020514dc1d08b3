from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.databases import Databases
from tests.postgres_server import PostgresServer
from tests.store.postgres.place import Place
from tests.store.postgres.spots import Ends, PostgresSpot, SqliteSpot

NAMES = (f"own_{number}" for number in count())


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server for the tests of a module, which may do anything to it but leave it down."""
    server = PostgresServer("fsync=off", "wal_level=replica")
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def place(server: PostgresServer, tmp_path: Path) -> Place:
    """A new database with all tables."""
    databases, name = Databases(server.url()), next(NAMES)
    databases.make(name)
    return Place(databases, name, tmp_path / "data")


@pytest.fixture
def empty(server: PostgresServer, tmp_path: Path) -> Place:
    """A new database without tables."""
    databases, name = Databases(server.url()), next(NAMES)
    databases.query("postgres", f"create database {name}")
    return Place(databases, name, tmp_path / "data")


@pytest.fixture
def file(tmp_path: Path) -> SqliteSpot:
    """The place of an SQLite file, which does not exist."""
    return SqliteSpot(tmp_path / "data" / "duelcast.db")


@pytest.fixture(params=["to PostgreSQL", "to SQLite"])
def ends(request: pytest.FixtureRequest, file: SqliteSpot) -> Ends:
    """A copy in each direction."""
    if request.param == "to SQLite":
        return Ends(PostgresSpot(request.getfixturevalue("place")), file)
    return Ends(file, PostgresSpot(request.getfixturevalue("empty")))

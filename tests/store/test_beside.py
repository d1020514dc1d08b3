"""A database as a program beside the server reads it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import insert

from duelcast.settings import ConfigurationError
from duelcast.store import key_values
from duelcast.store.beside import opened_beside
from duelcast.store.tables import facts as table
from tests.databases import backend_at
from tests.store.contest_rows import do
from tests.storing import moved_away, opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


async def test_what_a_running_server_commits_is_read(path: Path) -> None:
    async with opened(path) as database, opened_beside(backend_at(path)) as read:
        await do(database, key_values.add_value, "a", 1)
        async with read() as transaction:
            assert await key_values.find_value(transaction, "a") == 1
            await do(database, key_values.put_value, "a", 2)
            assert await key_values.find_value(transaction, "a") == 1, "of one moment"
        async with read() as transaction:
            assert await key_values.find_value(transaction, "a") == 2


async def test_a_database_is_read_without_a_server_and_is_not_held(path: Path) -> None:
    async with opened(path) as database:
        await do(database, key_values.add_value, "a", 1)
    async with opened_beside(backend_at(path)) as read:
        async with read() as transaction:
            assert await key_values.find_value(transaction, "a") == 1
        async with opened(path) as database:
            await do(database, key_values.put_value, "a", 2)


async def test_nothing_can_be_written(path: Path) -> None:
    async with opened(path), opened_beside(backend_at(path)) as read:
        with pytest.raises(ConfigurationError, match=r"may not write|only reads"):
            async with read() as transaction:
                await transaction.execute(insert(table).values(name="a", value=1))


def content(path: Path) -> bytes:
    return path.read_bytes()


async def refusal(path: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        async with opened_beside(backend_at(path)):
            pass
    return str(refused.value)


async def test_a_file_that_is_not_there_does_not_come_into_being(path: Path) -> None:
    assert await refusal(path) == f"There is no database {path}."
    assert list(path.parent.iterdir()) == []


async def test_what_is_no_database_of_ours_is_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table a (b)")
    connection.close()
    before = content(path)
    assert await refusal(path) == f"The database {path} cannot be opened. It is not a database of Duelcast."
    assert content(path) == before


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("0001", "It was made by an earlier version of Duelcast: start a server of this version on it first."),
        ("9999", "It was made by a later version of Duelcast: use that version."),
    ],
)
async def test_a_database_of_another_version_is_refused(path: Path, revision: str, reason: str) -> None:
    async with opened(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("update alembic_version set version_num = ?", (revision,))
        connection.execute("update schema_users set oldest = ?", (revision,))
    connection.close()
    assert await refusal(path) == f"The database {path} cannot be opened. {reason}"


async def test_a_database_that_goes_away_cannot_be_read_any_more(path: Path) -> None:
    async with opened(path):
        pass
    async with opened_beside(backend_at(path)) as read:
        with moved_away(path), pytest.raises(ConfigurationError, match=r"cannot be read\. The database"):
            async with read():
                pass

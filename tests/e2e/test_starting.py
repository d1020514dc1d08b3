"""A server that cannot start leaves nothing behind, and one that cannot write starts."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from duelcast.app import App, Claim
from duelcast.clock import Clock, ManualClock
from duelcast.settings import ConfigurationError, Settings
from duelcast.store.database import Database
from tests.databases import rows_in, settings_at
from tests.e2e.contest.contest_room import stage
from tests.serving import SECRET, running


def app_in(folder: Path, clock: Clock | None = None, claim: Claim | None = None, **settings: Any) -> App:
    values: dict[str, Any] = {"port": 0, "feed": "none", "jwt_secret": SecretStr(SECRET), "data_dir": folder}
    return App(Settings(**settings_at(folder / "duelcast.db") | values | settings), clock, claim=claim)


async def assert_starts(folder: Path) -> None:
    """The database is free, and no task of an earlier server runs."""
    assert asyncio.all_tasks() == {asyncio.current_task()}
    app = app_in(folder)
    await app.start()
    await app.stop()


async def test_where_the_port_is_taken_the_database_is_free_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        with pytest.raises(ConfigurationError, match="DUELCAST_PORT"):
            await app_in(tmp_path, port=other.getsockname()[1]).start()
        assert asyncio.all_tasks() == {asyncio.current_task()}
    await assert_starts(tmp_path)


async def test_where_the_database_is_refused_its_port_and_file_are_free_again(tmp_path: Path) -> None:
    async def refuse(_database: Database) -> None:
        raise ConfigurationError("Not this one.")

    app = app_in(tmp_path, claim=refuse)
    with pytest.raises(ConfigurationError, match="Not this one"):
        await app.start()
    await assert_starts(tmp_path)
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", app.port)


async def test_where_the_database_is_in_use_the_other_server_goes_on(tmp_path: Path) -> None:
    async with running(data_dir=tmp_path) as first:
        with pytest.raises(ConfigurationError, match="Another server uses the database"):
            await app_in(tmp_path).start()
        assert first.readiness().missing == []


async def overdue(folder: Path, clock: ManualClock) -> int:
    """The id of a contest in `folder` that nobody entered and that should have started while no server ran."""
    async with stage(clock, data_dir=folder) as scene:
        contest = await scene.contest(starts_in_s=60)
    await clock.jump(61)
    return contest


async def test_a_database_that_is_refused_is_left_alone(tmp_path: Path) -> None:
    async def refuse(database: Database) -> None:
        raise ConfigurationError("Not this one.")

    clock = ManualClock()
    await overdue(tmp_path, clock)
    with pytest.raises(ConfigurationError):
        await app_in(tmp_path, clock, refuse).start()
    assert rows_in(tmp_path / "duelcast.db", "select status from contests") == [("pending",)]


async def test_what_is_overdue_waits_for_a_database_that_takes_it(tmp_path: Path) -> None:
    clock = ManualClock()
    contest = await overdue(tmp_path, clock)
    with closing(sqlite3.connect(tmp_path / "duelcast.db", isolation_level=None)) as other:

        async def lock(_database: Database) -> None:
            other.execute("begin immediate")

        app = app_in(tmp_path, clock, lock, database_busy_timeout_ms=100)
        starting = asyncio.create_task(app.start())
        # Its writes wait for the lock, and the clock stands still unless it is moved.
        while not starting.done():
            await clock.advance(0.1)
        await starting
        assert [failure.part for failure in app.readiness().missing] == ["store"]
        assert app.leader.contests.book[contest].row.status == "pending"
        other.execute("rollback")
    while app.leader.contests.book[contest].row.status == "pending":
        await clock.advance(1)
    assert app.readiness().missing == []
    await app.stop()


CHECK = {"type": "http", "url": "http://localhost/", "intervalMs": 5_000}


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (
            {"name": "web", "kind": "probe", "layer": "data", "check": CHECK | {"url": "ftp://ann:hunter2@localhost/"}},
            "`web`: `check.url` must begin with `http://` or `https://`",
        ),
        (
            {"name": "web", "kind": "reported", "layer": "data", "dependencies": ["nothing"]},
            "`web` depends on `nothing`",
        ),
        ({"name": "store", "kind": "reported", "layer": "data"}, "There is already a service `store`"),
    ],
)
async def test_a_service_of_the_configuration_that_cannot_be_had_is_named(
    table: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await app_in(tmp_path, services=(table,)).start()
    assert reason in str(refused.value)
    assert "hunter2" not in str(refused.value)
    await assert_starts(tmp_path)


async def test_a_configured_service_that_may_not_be_asked_is_named(tmp_path: Path) -> None:
    table = {"name": "web", "kind": "probe", "layer": "data", "check": CHECK | {"url": "http://127.0.0.1/"}}
    with pytest.raises(ConfigurationError, match="`web`: The host"):
        await app_in(tmp_path, services=(table,), probe_targets=("10.0.0.0/8",)).start()
    app = app_in(tmp_path, services=(table,), probe_targets=("10.0.0.0/8", "127.0.0.1"))
    await app.start()
    await app.stop()

"""A server that cannot start leaves nothing behind."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from duelcast.app import App
from duelcast.settings import ConfigurationError, Settings
from duelcast.store.database import Database
from tests.serving import SECRET, running


def app_in(folder: Path, **settings: Any) -> App:
    values: dict[str, Any] = {"port": 0, "feed": "none", "jwt_secret": SecretStr(SECRET), "data_dir": folder}
    return App(Settings(**values | settings))


async def assert_starts(folder: Path) -> None:
    """The database is free, and no task of an earlier server runs."""
    assert asyncio.all_tasks() == {asyncio.current_task()}
    app = app_in(folder)
    await app.start()
    await app.stop()


async def test_where_the_port_is_taken_the_database_is_free_again(tmp_path: Path) -> None:
    async with running() as other:
        before = asyncio.all_tasks()
        with pytest.raises(ConfigurationError, match="DUELCAST_PORT"):
            await app_in(tmp_path, port=other.port).start()
        assert asyncio.all_tasks() == before
    await assert_starts(tmp_path)


async def test_where_the_database_is_refused_its_port_and_file_are_free_again(tmp_path: Path) -> None:
    async def refuse(_database: Database) -> None:
        raise ConfigurationError("Not this one.")

    app = app_in(tmp_path)
    with pytest.raises(ConfigurationError, match="Not this one"):
        await app.start(refuse)
    await assert_starts(tmp_path)
    with pytest.raises(OSError, match="Connect"):
        await asyncio.open_connection("127.0.0.1", app.port)


async def test_where_the_database_is_in_use_the_other_server_goes_on(tmp_path: Path) -> None:
    async with running(data_dir=tmp_path) as first:
        with pytest.raises(ConfigurationError, match="DUELCAST_DATA_DIR"):
            await app_in(tmp_path).start()
        assert first.readiness().missing == []

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from duelcast.channels.names import Role
from duelcast.cli.demo.companion import claim
from duelcast.clock import SystemClock
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.settings import ConfigurationError
from duelcast.store import key_values
from duelcast.store.database import Database
from tests.storing import opened, rename_somebody

Put = Callable[[Database], Awaitable[None]]


async def is_demo(database: Database) -> bool:
    async with database.read() as transaction:
        return await key_values.find_value(transaction, key_values.DEMO) is not None


async def audit_something(database: Database) -> None:
    trail = AuditTrail(database, SystemClock())
    await database.write(lambda transaction: trail.record(transaction, Actor("boss", Role.ADMIN), "a.b", "target"))


async def add_another_fact(database: Database) -> None:
    await database.write(lambda transaction: key_values.add_value(transaction, "another", 1))


async def test_an_empty_database_becomes_the_demos(tmp_path: Path) -> None:
    async with opened(tmp_path / "duelcast.db") as database:
        assert not await is_demo(database)
        await claim(database)
        assert await is_demo(database)


async def test_what_is_the_demos_stays_so_with_whatever_is_in_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "duelcast.db") as database:
        await claim(database)
        await rename_somebody(database)
    async with opened(tmp_path / "duelcast.db") as database:
        await claim(database)
        assert await is_demo(database)


@pytest.mark.parametrize("put_in", [rename_somebody, audit_something, add_another_fact])
async def test_a_database_with_anything_else_in_it_is_refused(tmp_path: Path, put_in: Put) -> None:
    async with opened(tmp_path / "duelcast.db") as database:
        await put_in(database)
        with pytest.raises(ConfigurationError, match="DUELCAST_DATA_DIR"):
            await claim(database)
        assert not await is_demo(database)

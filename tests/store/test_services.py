"""Services that were put: stored by name, replaced as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import pytest_asyncio

from duelcast.store import services as store
from duelcast.store.database import Database
from duelcast.store.services import ServiceRow
from tests.storing import opened


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(tmp_path / "test.db") as database:
        yield database


async def save(database: Database, *rows: ServiceRow) -> None:
    for row in rows:
        await database.write(partial(store.save_service, service=row))


async def stored(database: Database) -> Sequence[ServiceRow]:
    async with database.read() as transaction:
        return await store.all_services(transaction)


def row(name: str, *, layer: str = "wallet", by: str = "boss") -> ServiceRow:
    definition = {"kind": "reported", "layer": layer, "circuit_breaker": {"slow_call_ms": None}, "text": "ü"}
    return ServiceRow(name, definition, 2**45, by)


async def test_they_come_back_as_they_were_by_name(database: Database) -> None:
    assert await stored(database) == []
    await save(database, row("b"), row("a"), row("c"))
    assert await stored(database) == [row("a"), row("b"), row("c")]


async def test_saving_one_again_replaces_all_of_it_and_no_other(database: Database) -> None:
    await save(database, row("a"), row("b"))
    changed = ServiceRow("a", {"kind": "probe"}, 7, "other")
    await save(database, changed)
    assert await stored(database) == [changed, row("b")]


async def test_deleting_takes_one_and_may_be_repeated(database: Database) -> None:
    await save(database, row("a"), row("b"))
    for name in ("a", "a", "nowhere"):
        await database.write(partial(store.delete_service, name=name))
    assert await stored(database) == [row("b")]


async def test_they_are_there_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path / "again.db") as database:
        await save(database, row("a"))
    async with opened(tmp_path / "again.db") as database:
        assert await stored(database) == [row("a")]

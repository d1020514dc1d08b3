"""The repository of notifications, function by function, over a real file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from sqlalchemy.exc import IntegrityError

from duelcast.store import notifications as store
from duelcast.store.database import Database
from duelcast.store.notifications import EVERYBODY, NewNotificationRow, NotificationRow
from tests.store.contest_rows import statements
from tests.storing import opened

MORE_THAN_ONE_STATEMENT = 1_201
T = TypeVar("T")


class Tables:
    """A database whose functions are called one by one."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def write(self, function: Callable[..., Awaitable[T]], *arguments: object, **more: object) -> T:
        return await self.database.write(lambda transaction: function(transaction, *arguments, **more))

    async def read(self, function: Callable[..., Awaitable[T]], *arguments: object, **more: object) -> T:
        async with self.database.read() as transaction:
            return await function(transaction, *arguments, **more)

    async def add(self, *wallets: str, **more: Any) -> list[NotificationRow]:
        return await self.write(store.add_notifications, [row(wallet, **more) for wallet in wallets])

    async def titles(self, wallet: str = "ann", limit: int = 100, **more: Any) -> list[str]:
        return [found.title for found in await self.read(store.newest, wallet, limit, **more)]

    async def count(self, wallet: str = "ann") -> int:
        return (await self.read(store.unread_counts, [wallet]))[wallet]


@pytest_asyncio.fixture
async def tables(tmp_path: Path) -> AsyncIterator[Tables]:
    async with opened(tmp_path / "notifications.db") as database:
        yield Tables(database)


def row(wallet: str = "ann", **more: Any) -> NewNotificationRow:
    values: dict[str, Any] = {
        "type": "NEWS",
        "title": "title",
        "content": "content",
        "priority": "medium",
        "link": "/somewhere",
        "data": {"a": [1, None]},
        "dedupe_key": None,
        "created_ms": 1_000,
        "expires_ms": None,
    }
    return NewNotificationRow(wallet=wallet, **values | more)


# ── adding ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_added_is_found_as_it_was(tables: Tables) -> None:
    added = await tables.add("ann", expires_ms=5_000, dedupe_key="k")
    assert await tables.read(store.newest, "ann", 10) == added
    assert added[0].data == {"a": [1, None]}


async def test_ids_grow_in_the_order_given(tables: Tables) -> None:
    new = [row(title=str(number)) for number in range(MORE_THAN_ONE_STATEMENT)]
    added = await tables.write(store.add_notifications, new)
    assert [each.id for each in added] == list(range(1, MORE_THAN_ONE_STATEMENT + 1))
    stored = await tables.read(store.newest, "ann", MORE_THAN_ONE_STATEMENT)
    assert [(each.id, each.title) for each in reversed(stored)] == [(each.id, each.title) for each in added]


async def test_repeated_keys_are_found_per_wallet(tables: Tables) -> None:
    wallets = [f"w{number}" for number in range(MORE_THAN_ONE_STATEMENT)]
    await tables.add(*wallets, EVERYBODY, dedupe_key="k")
    await tables.add("w0")
    asked = [*((wallet, "k") for wallet in wallets), (EVERYBODY, "k"), ("w0", "other"), ("new", "k")]
    assert await tables.read(store.find_repeated, asked) == set(asked[:-2])


async def test_a_key_is_stored_once_per_wallet(tables: Tables) -> None:
    await tables.add("ann", "bob", dedupe_key="k")
    with pytest.raises(IntegrityError):
        await tables.add("ann", dedupe_key="k")


# ── counts and versions ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_read_or_removed_does_not_count(tables: Tables) -> None:
    added = await tables.add("ann", "ann", "ann", "bob", EVERYBODY)
    await tables.write(store.mark_read, [added[0].id], 2_000)
    await tables.write(store.erase, [added[1].id], 2_000)
    assert await tables.read(store.unread_counts, ["ann", "bob", "eve"]) == {"ann": 1, "bob": 1, "eve": 0}


async def test_counts_are_those_of_as_many_wallets_as_asked_for(tables: Tables) -> None:
    wallets = [f"w{number}" for number in range(MORE_THAN_ONE_STATEMENT)]
    await tables.add(*wallets)
    assert await tables.read(store.unread_counts, wallets) == dict.fromkeys(wallets, 1)


async def test_versions_grow_each_by_its_own(tables: Tables) -> None:
    assert await tables.read(store.versions, ["ann", "bob"]) == {"ann": 0, "bob": 0}
    assert await tables.write(store.grow_versions, {"ann": 1, "bob": 2}) == {"ann": 1, "bob": 2}
    assert await tables.write(store.grow_versions, {"ann": 3, "eve": 1}) == {"ann": 4, "eve": 1}
    assert await tables.read(store.versions, ["ann", "bob", "eve"]) == {"ann": 4, "bob": 2, "eve": 1}


async def test_many_versions_grow_at_once(tables: Tables) -> None:
    wallets = [f"w{number}" for number in range(MORE_THAN_ONE_STATEMENT)]
    await tables.write(store.grow_versions, dict.fromkeys(wallets[:700], 1))
    await tables.write(store.grow_versions, dict.fromkeys(wallets, 1))
    found = await tables.read(store.versions, wallets)
    assert found == dict.fromkeys(wallets[:700], 2) | dict.fromkeys(wallets[700:], 1)


# ── pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_pages_go_by_time_and_id(tables: Tables) -> None:
    for title, created_ms in (("a", 2_000), ("b", 1_000), ("c", 2_000), ("d", 3_000)):
        await tables.add("ann", "bob", title=title, created_ms=created_ms)
    assert await tables.titles() == ["d", "c", "a", "b"]
    assert await tables.titles(limit=2) == ["d", "c"]
    assert await tables.titles(before=(2_000, 5)) == ["a", "b"]
    assert await tables.titles(before=(2_000, 1)) == ["b"]


async def test_pages_are_of_types_and_of_what_is_unread(tables: Tables) -> None:
    for number, kind in enumerate(("NEWS", "PRIZE", "NEWS", "LEVEL")):
        await tables.add("ann", title=str(number), type=kind)
    await tables.write(store.mark_read, [1], 2_000)
    await tables.write(store.erase, [4], 2_000)
    assert await tables.titles() == ["2", "1", "0"]
    assert await tables.titles(only_unread=True) == ["2", "1"]
    assert await tables.titles(types=["NEWS", "LEVEL"]) == ["2", "0"]
    assert await tables.titles(types=["NEWS"], only_unread=True, before=(1_000, 3)) == []


async def test_what_is_unread_is_told_for_each_wallet_newest_first(tables: Tables) -> None:
    added = await tables.add("ann", "bob", "ann", "ann", "ann", "eve")
    late = await tables.add("ann", "bob", created_ms=500)
    await tables.write(store.mark_read, [added[0].id], 2_000)
    await tables.write(store.erase, [added[2].id], 2_000)
    assert await tables.read(store.all_unread, ["ann", "bob", "ivy"]) == {
        "ann": [added[4], added[3], late[0]],
        "bob": [added[1], late[1]],
        "ivy": [],
    }


async def test_what_is_unread_of_some_is_found_without_looking_at_that_of_all(tables: Tables) -> None:
    ((statement, parameters),) = await statements(tables.database, store.all_unread, ["ann", "bob"])
    async with tables.database.read() as transaction:
        plan = (await transaction.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).scalars("detail")
        (step,) = plan
    assert "ix_notifications_wallet_" in step

"""Settings and their changes in the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from duelcast.store import settings as store
from duelcast.store.database import Database, Transaction
from duelcast.store.settings import SettingChangeRow, SettingRow, Usage
from tests.storing import opened


def row(key: str = "a.b", value: Any = 1, version: int = 1) -> SettingRow:
    return SettingRow(
        key=key,
        value=value,
        value_type="json",
        description="",
        visibility="admin",
        secret=False,
        version=version,
        updated_ms=5,
        updated_by="w",
    )


def change(version: int, key: str = "a.b", value: Any = 1) -> SettingChangeRow:
    return SettingChangeRow(key=key, version=version, value=value, deleted=False, secret=False, at_ms=5, by="w")


async def save(database: Database, *rows: SettingRow, is_new: bool = True) -> None:
    async def work(transaction: Transaction) -> None:
        for one in rows:
            await store.save_setting(transaction, one, is_new=is_new)

    await database.write(work)


@pytest.mark.parametrize("value", [None, True, 0, 2**53 - 1, -0.5, "", "é\u2028😀", [], {"b": [None, {}]}])
async def test_a_value_comes_back_as_it_was(tmp_path: Path, value: Any) -> None:
    async with opened(tmp_path / "db") as database:
        await save(database, row(value=value))
        async with database.read() as transaction:
            assert await store.find_setting(transaction, "a.b") == row(value=value)
            assert await store.all_settings(transaction) == [row(value=value)]


async def test_a_setting_is_replaced_and_deleted(tmp_path: Path) -> None:
    async with opened(tmp_path / "db") as database:
        await save(database, row(), row("c"))
        await save(database, row(value=2, version=2), is_new=False)
        await database.write(lambda transaction: store.delete_setting(transaction, "c"))
        async with database.read() as transaction:
            assert await store.all_settings(transaction) == [row(value=2, version=2)]
            assert await store.find_setting(transaction, "c") is None


async def test_changes_are_numbered_and_listed_newest_first(tmp_path: Path) -> None:
    async with opened(tmp_path / "db") as database:

        async def work(transaction: Transaction) -> list[int]:
            assert await store.last_change_id(transaction) == 0
            assert await store.last_version(transaction, "a.b") == 0
            made = [change(1), change(1, "other"), change(2), change(3)]
            return [await store.add_change(transaction, one) for one in made]

        ids = await database.write(work)
        assert ids == sorted(set(ids))
        async with database.read() as transaction:
            assert await store.last_change_id(transaction) == ids[-1]
            assert await store.last_version(transaction, "a.b") == 3
            assert await store.changes_of(transaction, "a.b", limit=2) == [change(3), change(2)]
            assert await store.changes_of(transaction, "a.b", limit=9, before_version=3) == [change(2), change(1)]


async def test_a_version_is_given_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "db") as database:
        await database.write(lambda transaction: store.add_change(transaction, change(1)))
        with pytest.raises(IntegrityError):
            await database.write(lambda transaction: store.add_change(transaction, change(1)))


async def test_usage_counts_what_is_beside_a_key(tmp_path: Path) -> None:
    async with opened(tmp_path / "db") as database:
        async with database.read() as transaction:
            assert await store.usage_without(transaction, "a.b") == Usage(0, 0)
        await save(database, row(value="xxx"), row("c", "yy"), row("d", [1]))
        async with database.read() as transaction:
            assert await store.usage_without(transaction, "a.b") == Usage(2, len('"yy"[1]'))

"""Settings that change at run time, and every change made to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct, structs
from sqlalchemy import Text, cast, delete, func, insert, select, update

from duelcast.store.database import Transaction
from duelcast.store.tables import setting_changes, settings

ValueType = Literal["string", "number", "boolean", "json"]
Visibility = Literal["public", "user", "admin"]


class SettingRow(Struct, frozen=True, kw_only=True):
    """A stored value with its metadata. `value` is JSON; `value_type` and `visibility` are as on the wire."""

    key: str
    value: Any
    value_type: ValueType
    description: str
    visibility: Visibility
    secret: bool
    version: int
    updated_ms: int
    updated_by: str


class SettingChangeRow(Struct, frozen=True, kw_only=True):
    """A change of a setting. `value` is None if the setting was deleted, or is secret."""

    key: str
    version: int
    value: Any
    deleted: bool
    secret: bool
    at_ms: int
    by: str


class Usage(Struct, frozen=True):
    """The number of stored settings, and the total number of characters in their values."""

    settings: int
    characters: int


_CHANGE_COLUMNS = tuple(setting_changes.c[name] for name in SettingChangeRow.__struct_fields__)


async def all_settings(transaction: Transaction) -> Sequence[SettingRow]:
    """Every stored setting, sorted by key."""
    rows = await transaction.execute(select(settings).order_by(settings.c.key))
    return [SettingRow(**row) for row in rows.mappings()]


async def find_setting(transaction: Transaction, key: str) -> SettingRow | None:
    """The stored setting."""
    query = select(settings).where(settings.c.key == key)
    row = (await transaction.execute(query)).mappings().one_or_none()
    return None if row is None else SettingRow(**row)


async def save_setting(transaction: Transaction, row: SettingRow, *, is_new: bool) -> None:
    """Add a setting, or replace the stored one."""
    values = structs.asdict(row)
    if is_new:
        await transaction.execute(insert(settings).values(**values))
    else:
        await transaction.execute(update(settings).where(settings.c.key == row.key).values(**values))


async def delete_setting(transaction: Transaction, key: str) -> None:
    await transaction.execute(delete(settings).where(settings.c.key == key))


async def usage_without(transaction: Transaction, key: str) -> Usage:
    """The usage of all settings except `key`."""
    characters = func.coalesce(func.sum(func.length(cast(settings.c.value, Text))), 0)
    query = select(func.count(), characters).select_from(settings).where(settings.c.key != key)
    return Usage(*(await transaction.execute(query)).one())


async def add_change(transaction: Transaction, change: SettingChangeRow) -> int:
    """Record a change; returns its id, which is higher than all earlier ones."""
    query = insert(setting_changes).values(**structs.asdict(change)).returning(setting_changes.c.id)
    change_id: int = (await transaction.execute(query)).scalar_one()
    return change_id


async def last_version(transaction: Transaction, key: str) -> int:
    """The highest version that a setting ever had; 0 if there was none."""
    query = select(func.max(setting_changes.c.version)).where(setting_changes.c.key == key)
    return await transaction.scalar(query) or 0


async def last_change_id(transaction: Transaction) -> int:
    """The id of the newest change of any setting; 0 if there was none."""
    return await transaction.scalar(select(func.max(setting_changes.c.id))) or 0


async def changes_of(
    transaction: Transaction, key: str, *, limit: int, before_version: int | None = None
) -> Sequence[SettingChangeRow]:
    """At most `limit` changes of a setting, newest first; with `before_version`, only older ones."""
    query = select(*_CHANGE_COLUMNS).where(setting_changes.c.key == key)
    if before_version is not None:
        query = query.where(setting_changes.c.version < before_version)
    rows = await transaction.execute(query.order_by(setting_changes.c.version.desc()).limit(limit))
    return [SettingChangeRow(**row) for row in rows.mappings()]

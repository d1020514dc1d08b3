"""A change of a setting: the request, its validation, the limits on values, and the row to store."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import Actor
from duelcast.domain.settings.declared import DeclaredSetting
from duelcast.domain.settings.errors import ValidationFailed
from duelcast.store import accounts
from duelcast.store import settings as store
from duelcast.store.database import Transaction
from duelcast.store.settings import SettingRow, ValueType, Visibility

MAX_DESCRIPTION_CHARACTERS = 1_000
MAX_VALUE_BYTES = 64 * 1024
MAX_VALUE_DEPTH = 24
"""Answers nest a value deeper than the request did, and must not exceed the 32 levels of a message."""
MAX_AUDITED_BYTES = 4 * 1024
MAX_SETTINGS = 10_000
MAX_CHARACTERS = 8 * 1024 * 1024
"""The limit for all stored values together, because one answer may carry them all."""


class SettingChange(Struct, frozen=True, kw_only=True):
    """A change of a setting. `value` is the new value; the other fields are left as they are if they are None. By
    default, a new setting is visible only to admins, and not secret.

    If `expected_version` is given, the change applies only to that version; 0 stands for a setting that is not stored.
    """

    value: Any
    description: str | None = None
    visibility: Visibility | None = None
    secret: bool | None = None
    expected_version: int | None = None


def changed(
    key: str,
    before: SettingRow | None,
    declared: DeclaredSetting | None,
    change: SettingChange,
    *,
    version: int,
    now_ms: int,
    by: str,
) -> SettingRow:
    """The row after `change`. Raises `ValidationFailed`."""
    check_value(change.value)
    secret = before.secret if before is not None else bool(change.secret and declared is None)
    if change.secret is not None and change.secret != secret:
        raise ValidationFailed("`secret` can only be chosen when a setting is created.", field="secret")
    if declared is not None:
        declared.validate(change.value)
        if change.visibility not in (None, declared.visibility):
            raise ValidationFailed("The visibility of a setting of the server is fixed.", field="visibility")
        value_type, visibility, description = declared.value_type, declared.visibility, declared.description
    else:
        value_type, visibility, description = value_type_of(change.value), "admin", ""
        if before is not None and value_type != before.value_type:
            raise ValidationFailed(f"The value of this setting must be of type {before.value_type}.", field="value")
        if before is not None:
            visibility = before.visibility
    if before is not None:
        description = before.description
    return SettingRow(
        key=key,
        value=change.value,
        value_type=value_type,
        description=description if change.description is None else change.description,
        visibility=change.visibility or visibility,
        secret=secret,
        version=version,
        updated_ms=now_ms,
        updated_by=by,
    )


def value_type_of(value: Any) -> ValueType:
    """The type of a JSON value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    return "string" if isinstance(value, str) else "json"


def check_value(value: Any) -> None:
    """Raise `ValidationFailed` if a value is too big or too deep."""
    if _depth(value) > MAX_VALUE_DEPTH:
        raise ValidationFailed(f"Nest a value at most {MAX_VALUE_DEPTH} levels deep.", field="value")
    if len(msgspec.json.encode(value)) > MAX_VALUE_BYTES:
        raise ValidationFailed(f"A value may take at most {MAX_VALUE_BYTES} bytes as JSON.", field="value")


async def acting(transaction: Transaction, by: Identity) -> Actor:
    """The actor, with the role that is stored now, or with the role at the time of the request if none is stored. A
    banned user acts with the role `user`."""
    stored = await accounts.find_user(transaction, by.wallet)
    if stored is None:
        return Actor.of(by)
    role = Role.USER if stored.banned else by.role if stored.role is None else Role(stored.role)
    return Actor(by.wallet, role)


async def check_room(transaction: Transaction, after: SettingRow, *, is_new: bool) -> None:
    """Raise `ValidationFailed` if there are too many settings, or if all values together are too long."""
    usage = await store.usage_without(transaction, after.key)
    if is_new and usage.settings >= MAX_SETTINGS:
        raise ValidationFailed(f"There are {MAX_SETTINGS} settings: delete some before you create another.")
    # The value is measured in the form in which it is stored.
    if usage.characters + len(json.dumps(after.value)) > MAX_CHARACTERS:
        raise ValidationFailed(f"All values together may have at most {MAX_CHARACTERS} characters.", field="value")


def differences(before: SettingRow | None, after: SettingRow | None) -> dict[str, Any]:
    """The audit details: version, value, description and visibility, each before and after; None if there is no row."""
    old, new = _described(before), _described(after)
    return {name: [old.get(name), new.get(name)] for name in ("version", "value", "description", "visibility")}


def _described(row: SettingRow | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        "version": row.version,
        "value": _audited(row.value, secret=row.secret),
        "description": row.description,
        "visibility": row.visibility,
    }


def _audited(value: Any, *, secret: bool) -> Any:
    """A value as the audit trail shows it: a secret one is hidden, and of a long one only the size is shown."""
    if secret:
        return "[secret]"
    size = len(msgspec.json.encode(value))
    return value if size <= MAX_AUDITED_BYTES else f"[{size} bytes]"


def _depth(value: Any) -> int:
    """How many levels of objects and arrays are nested. Values come from messages, which are not deep enough to exhaust
    the stack."""
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0

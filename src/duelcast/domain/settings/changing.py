"""A change of a setting: the request, its validation, and the row to store."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import Actor
from duelcast.domain.settings.declared import DeclaredSetting
from duelcast.domain.settings.errors import ValidationFailed
from duelcast.domain.settings.values import audited, check_value, stored_characters, value_type_of
from duelcast.store import accounts
from duelcast.store import settings as store
from duelcast.store.database import Transaction
from duelcast.store.settings import SettingRow, Visibility

MAX_DESCRIPTION_CHARACTERS = 1_000
MAX_SETTINGS = 10_000
MAX_CHARACTERS = 8 * 1024 * 1024
"""The bound of all stored values together: one answer may carry them all."""


class SettingChange(Struct, frozen=True, kw_only=True):
    """A change of a setting. None leaves a field as it is; by default a new setting is for admins, and not secret.

    `expected_version`: the change applies to that version alone; 0 is a setting that is not stored.
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
        raise ValidationFailed("A setting can only be made secret, or not, when it is created.", field="secret")
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


async def acting(transaction: Transaction, by: Identity) -> Actor:
    """The actor: the role stored now counts, whatever it was at the request; a ban takes it away."""
    stored = await accounts.find_user(transaction, by.wallet)
    if stored is None:
        return Actor.of(by)
    role = Role.USER if stored.banned else by.role if stored.role is None else Role(stored.role)
    return Actor(by.wallet, role)


async def check_room(transaction: Transaction, after: SettingRow, *, is_new: bool) -> None:
    """Raises `ValidationFailed` if there are too many settings, or too much in them."""
    usage = await store.usage_without(transaction, after.key)
    if is_new and usage.settings >= MAX_SETTINGS:
        raise ValidationFailed(f"There are {MAX_SETTINGS} settings: delete some before you create another.")
    if usage.characters + stored_characters(after.value) > MAX_CHARACTERS:
        raise ValidationFailed(f"All values together take at most {MAX_CHARACTERS} characters.", field="value")


def differences(before: SettingRow | None, after: SettingRow | None) -> dict[str, Any]:
    """The audit details: old and new value, description and visibility; None if nothing is stored."""
    old, new = _described(before), _described(after)
    return {name: [old.get(name), new.get(name)] for name in ("version", "value", "description", "visibility")}


def _described(row: SettingRow | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        "version": row.version,
        "value": audited(row.value, secret=row.secret),
        "description": row.description,
        "visibility": row.visibility,
    }

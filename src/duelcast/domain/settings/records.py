"""All settings in memory. Stored values override configured ones, which override defaults
(protocol §9, §12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import structlog
from msgspec import UNSET, Struct

from duelcast.channels.names import Role
from duelcast.domain.settings.declared import Bounds, DeclaredSetting
from duelcast.domain.settings.errors import ValidationFailed
from duelcast.domain.settings.events import SEEN_FROM, Setting, split_key
from duelcast.store.settings import SettingRow, ValueType, Visibility
from duelcast.wire.timestamps import format_ms

SettingSource = Literal["default", "configuration", "stored"]

_log = structlog.get_logger("duelcast.settings")


class Grounds(Struct, frozen=True, kw_only=True):
    """The source of a setting's value in force, and if the setting is declared, the value that the start configuration
    sets, the default, and the bounds of a number. UNSET stands for a value that does not exist, or that is secret."""

    source: SettingSource
    configured: Any = UNSET
    default: Any = UNSET
    bounds: Bounds | None = None


class SettingBook:
    """The current settings. A stored value that the setting's declaration no longer accepts is ignored, with a
    warning."""

    def __init__(self, declared: Mapping[str, DeclaredSetting], configured: Mapping[str, Any]) -> None:
        self._declared = declared
        self._configured = configured
        self._fallback = {key: one.default for key, one in declared.items()} | dict(configured)
        self._rows: dict[str, SettingRow] = {}
        self._unfit: set[str] = set()

    def put(self, key: str, row: SettingRow | None) -> None:
        """Set the stored row of a setting; None means that no row is stored."""
        self._unfit.discard(key)
        if row is None:
            self._rows.pop(key, None)
            return
        self._rows[key] = row
        declared = self._declared.get(key)
        if declared is not None:
            try:
                declared.validate(row.value)
            except ValidationFailed:
                self._unfit.add(key)
                _log.warning("stored_setting_ignored", key=key, reason="Its declaration does not accept the value.")

    def declared(self, key: str) -> DeclaredSetting | None:
        return self._declared.get(key)

    def row(self, key: str) -> SettingRow | None:
        """The stored row of a setting."""
        return self._rows.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self._rows or key in self._declared

    def keys(self, category: str | None = None) -> Iterable[str]:
        """The keys of all settings, or of those in a category, sorted."""
        known = self._rows.keys() | self._declared.keys()
        return sorted(key for key in known if category is None or split_key(key)[0] == category)

    def value(self, key: str) -> Any:
        """The value in force, secret or not; None if there is no such setting."""
        row = self._rows.get(key)
        return self._fallback.get(key) if row is None or key in self._unfit else row.value

    def rows(self) -> Iterable[SettingRow]:
        """All stored rows."""
        return self._rows.values()

    def is_stored(self, key: str) -> bool:
        """Whether the value in force is the stored one."""
        return key in self._rows and key not in self._unfit

    def grounds(self, key: str) -> Grounds:
        """The grounds of a setting, which must exist."""
        declared, row = self._declared.get(key), self._rows.get(key)
        if declared is None:
            return Grounds(source="stored")
        otherwise: SettingSource = "configuration" if key in self._configured else "default"
        is_secret = row is not None and row.secret
        return Grounds(
            source="stored" if self.is_stored(key) else otherwise,
            configured=UNSET if is_secret else self._configured.get(key, UNSET),
            default=UNSET if is_secret else declared.default,
            bounds=declared.bounds,
        )

    def seen_from(self, key: str) -> Role:
        """The lowest role that sees a setting; for a missing one, admin."""
        return SEEN_FROM[_visibility(self._declared.get(key), self._rows.get(key))]

    def record(self, key: str, *, for_admin: bool) -> Setting | None:
        """The record of a setting, or None if there is none."""
        return self._record(key, self._rows.get(key), self.value(key), for_admin=for_admin)

    def record_of(self, key: str, row: SettingRow | None) -> Setting | None:
        """The record of a setting for admins, with `row` instead of the stored row in memory; None if there is no such
        setting."""
        return self._record(key, row, self._fallback.get(key) if row is None else row.value, for_admin=True)

    def _record(self, key: str, row: SettingRow | None, value: Any, *, for_admin: bool) -> Setting | None:
        declared = self._declared.get(key)
        if declared is None and row is None:
            return None
        category, name = split_key(key)
        secret = row is not None and row.secret
        updated_by = None if row is None else row.updated_by
        return Setting(
            key=key,
            name=name,
            category=category,
            value=None if secret else value,
            value_type=_value_type(declared, row),
            description=row.description if row is not None else declared.description if declared else "",
            visibility=_visibility(declared, row),
            secret=secret,
            version=0 if row is None else row.version,
            updatedAt=None if row is None else format_ms(row.updated_ms),
            updatedBy=updated_by if for_admin else UNSET,
        )


def _visibility(declared: DeclaredSetting | None, row: SettingRow | None) -> Visibility:
    if declared is not None:
        return declared.visibility
    return "admin" if row is None else row.visibility


def _value_type(declared: DeclaredSetting | None, row: SettingRow | None) -> ValueType:
    if declared is not None:
        return declared.value_type
    assert row is not None
    return row.value_type

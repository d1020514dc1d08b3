"""The settings in force, as every node reads them (protocol §9)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import structlog
from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.clock import Clock
from duelcast.domain.settings.declared import DeclaredSetting
from duelcast.domain.settings.errors import UnderMaintenance
from duelcast.domain.settings.maintenance import MAINTENANCE_KEY, Maintenance, maintenance_of, refusal_of
from duelcast.domain.settings.records import SettingBook
from duelcast.logs import exception_fields
from duelcast.store.settings import SettingRow

ChangeListener = Callable[[str, Any], None]
"""Called with the key and the value in force, secret or not; the value is None if the setting is gone."""
HiddenListener = Callable[[str, Role, Role], None]
"""Called with a key, the lowest role that could see the setting before, and the higher role that is needed to see it
now."""
RowListener = Callable[[str, SettingRow | None], None]
"""Called with a key and the row that is stored now; None if no row is stored."""

_log = structlog.get_logger("duelcast.settings")


class Seen(Struct, frozen=True):
    """A change, as those who may see it are shown it. `seen_from` is the lowest role that sees the change. `previous`
    is the value before, or None if that role may not see it."""

    key: str
    seen_from: Role
    previous: Any


class CurrentSettings:
    """A stored value overrides `configured` (environment and file), which overrides the declared default."""

    def __init__(self, declared: Mapping[str, DeclaredSetting], configured: Mapping[str, Any], clock: Clock) -> None:
        self._book = SettingBook(declared, configured)
        self._clock = clock
        self._listeners: list[tuple[str, ChangeListener]] = []
        self._hidden_listeners: list[HiddenListener] = []
        self._row_listeners: list[RowListener] = []
        self._maintenance = Maintenance(enabled=False)
        """Maintenance as the setting describes it; its end may have passed."""

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    def value(self, key: str) -> Any:
        """The value in force of a declared setting. Raises `KeyError` for any other key."""
        if self._book.declared(key) is None:
            raise KeyError(key)
        return self._book.value(key)

    def seen_from(self, key: str) -> Role:
        """The lowest role that sees a setting; for a missing one, admin, so that lower roles cannot tell it from a
        hidden one."""
        return self._book.seen_from(key)

    def rows(self) -> Iterable[SettingRow]:
        """All stored rows."""
        return self._book.rows()

    def row(self, key: str) -> SettingRow | None:
        """The stored row of a setting."""
        return self._book.row(key)

    def maintenance(self) -> Maintenance:
        """The state of maintenance now."""
        return self._maintenance.at(self._clock.time())

    def maintenance_refusal(self) -> UnderMaintenance | None:
        """The error for callers who want to write and are not admins, or None if they may write now."""
        return refusal_of(self.maintenance(), self._clock.time())

    # ── listening ───────────────────────────────────────────────────────────────────────────────────────────────

    def on_change(self, prefix: str, listener: ChangeListener) -> None:
        """Call `listener` after each commit that changes a setting whose key begins with `prefix`; an empty prefix
        stands for all."""
        self._listeners.append((prefix, listener))

    def on_hidden(self, listener: HiddenListener) -> None:
        """Call `listener` when fewer people may see a setting than before, just before the change is published."""
        self._hidden_listeners.append(listener)

    def on_row(self, listener: RowListener) -> None:
        """Call `listener` after each commit that changes the stored row of a setting, before the change is
        published."""
        self._row_listeners.append(listener)

    # ── changing ────────────────────────────────────────────────────────────────────────────────────────────────

    def fill(self, rows: Iterable[SettingRow]) -> None:
        """Take the stored rows without calling listeners; call this once, before the first use."""
        for row in rows:
            self._book.put(row.key, row)
        self._take_maintenance()

    def put(self, key: str, row: SettingRow | None, publish: Callable[[Seen], None] = lambda _seen: None) -> None:
        """Replace the stored row of a setting, or remove it (None), and call the listeners. `publish` is called in
        between, once nobody follows the setting any longer who may not see it."""
        seen = self._replace(key, row)
        publish(seen)
        if key == MAINTENANCE_KEY:
            self._take_maintenance()
        value = self._book.value(key)
        for prefix, listener in self._listeners:
            if key.startswith(prefix):
                _guarded(partial(listener, key, value))

    def _replace(self, key: str, row: SettingRow | None) -> Seen:
        book = self._book
        before, was_seen_from, existed = book.row(key), book.seen_from(key), key in book
        previous = None if before is not None and before.secret else book.value(key)
        book.put(key, row)
        for row_listener in self._row_listeners:
            _guarded(partial(row_listener, key, row))
        # The deletion of a setting is published to those who could see it.
        seen_from = book.seen_from(key) if key in book else was_seen_from
        if existed and seen_from > was_seen_from:
            for hidden in self._hidden_listeners:
                _guarded(partial(hidden, key, was_seen_from, seen_from))
        return Seen(key, seen_from, previous if existed and was_seen_from <= seen_from else None)

    def _take_maintenance(self) -> None:
        row = self._book.row(MAINTENANCE_KEY)
        updated_at_s, updated_by = (None, None) if row is None else (row.updated_ms / 1000, row.updated_by)
        self._maintenance = maintenance_of(self._book.value(MAINTENANCE_KEY), updated_at_s, updated_by)


def _guarded(call: Callable[[], None]) -> None:
    """Make a call and log exceptions, because a defect in one listener must not keep the others from being called."""
    try:
        call()
    except Exception as error:
        _log.error("defect", **exception_fields(error))

"""The settings in force, each with its source: settings read at the start, and settings that change at run time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from duelcast.app.live_settings import declared_of
from duelcast.domain.settings.declared import DeclaredSetting, configured_values
from duelcast.domain.settings.records import SettingBook
from duelcast.endpoints.registry import find_endpoints
from duelcast.settings import LoadedSettings, Settings
from duelcast.settings.loading import variable
from duelcast.settings.table import MASK, masked
from duelcast.store import settings as store
from duelcast.store.beside import opened_beside
from duelcast.store.choosing import backend_of
from duelcast.store.settings import SettingRow

STORED = "database"


class InForce(NamedTuple):
    """A setting for display; a secret value is masked. `name` is an environment variable, or the key of a setting that
    changes at run time. `is_changed` is true if the value differs from the default, or if there is no default."""

    name: str
    value: str
    source: str
    what_for: str
    is_changed: bool


async def stored_settings(settings: Settings) -> Sequence[SettingRow]:
    """The settings in the database; empty if its file does not exist yet. It is safe to call this while a server is
    using the database.

    Raises `ConfigurationError` if the database cannot be read, or if its schema has another version.
    """
    backend = backend_of(settings)
    if backend.is_new():
        return ()
    async with opened_beside(backend) as read, read() as transaction:
        return await store.all_settings(transaction)


def settings_in_force(loaded: LoadedSettings, stored: Iterable[SettingRow]) -> Iterator[InForce]:
    """All settings. A stored value takes precedence over the environment and the file."""
    declared = declared_of(find_endpoints().values())
    book = SettingBook(declared, configured_values(loaded.settings))
    for row in stored:
        book.put(row.key, row)
    yield from _of_the_start(loaded, book, {one.field: one for one in declared.values() if one.field is not None})
    yield from (_of_run_time(loaded, book, key) for key in book.keys(None))


def _of_the_start(loaded: LoadedSettings, book: SettingBook, by_field: dict[str, DeclaredSetting]) -> Iterator[InForce]:
    default = Settings()
    for name, field in Settings.model_fields.items():
        value, source = getattr(loaded.settings, name), loaded.sources[name].value
        at_run_time = by_field.get(name)
        if at_run_time is not None and book.is_stored(at_run_time.key):
            value, source = book.value(at_run_time.key), STORED
            value = value if at_run_time.scale == 1 else value / at_run_time.scale
        is_changed = value != getattr(default, name)
        yield InForce(variable(name), masked(name, value), source, field.description or "", is_changed)


def _of_run_time(loaded: LoadedSettings, book: SettingBook, key: str) -> InForce:
    declared, row, value = book.declared(key), book.row(key), book.value(key)
    source = STORED
    if not book.is_stored(key):
        source = loaded.sources[declared.field].value if declared is not None and declared.field else "default"
    description = row.description if row is not None else ""
    if declared is not None:
        description = description or declared.description
    shown = MASK if row is not None and row.secret else _json(value)
    return InForce(key, shown, source, description, declared is None or value != declared.default)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()

"""Applies stored changes: to memory, to clients and to listeners."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.channels.publisher import Publisher
from duelcast.domain.settings.events import SETTING, SettingUpdate
from duelcast.domain.settings.records import SettingBook
from duelcast.logs import exception_fields
from duelcast.store.settings import SettingRow

ChangeListener = Callable[[str, Any], None]
"""Called with the key and the value in force, secret or not; the value is None if the setting is gone."""
HiddenListener = Callable[[str, Role, Role], None]
"""Called with a key, the lowest role that could see the setting before, and the higher role that is needed to see it
now."""

_log = structlog.get_logger("duelcast.settings")


class Committed(Struct, frozen=True):
    """A stored change: the row before and after it."""

    key: str
    before: SettingRow | None
    after: SettingRow | None


class SettingOutlet:
    """Applies changes to the book and publishes them, in the order of their commits."""

    def __init__(self, publisher: Publisher, book: SettingBook) -> None:
        self._publisher = publisher
        self._book = book
        self._listeners: list[tuple[str, ChangeListener]] = []
        self._hidden_listeners: list[HiddenListener] = []

    def on_change(self, prefix: str, listener: ChangeListener) -> None:
        """Call `listener` for each change of a setting whose key begins with `prefix`."""
        self._listeners.append((prefix, listener))

    def on_hidden(self, listener: HiddenListener) -> None:
        """Call `listener` when fewer people may see a setting than before, just before the change is published."""
        self._hidden_listeners.append(listener)

    def committed(self, change: Committed) -> None:
        """Apply a change, publish it for those who may see it, and call the listeners."""
        key, before, book = change.key, change.before, self._book
        was_seen_from, existed = book.seen_from(key), key in book
        previous = None if before is not None and before.secret else book.value(key)
        book.put(key, change.after)
        # The deletion of a setting is published to those who could see it.
        seen_from = book.seen_from(key) if key in book else was_seen_from
        if existed and seen_from > was_seen_from:
            for hidden in self._hidden_listeners:
                _guarded(partial(hidden, key, was_seen_from, seen_from))
        update = SettingUpdate(
            key=key,
            setting=book.record(key, for_admin=False),
            previous=previous if existed and was_seen_from <= seen_from else None,
        )
        self._publisher.publish(SETTING.channel(key), update, least_role=seen_from)
        value = book.value(key)
        for prefix, listener in self._listeners:
            if key.startswith(prefix):
                _guarded(partial(listener, key, value))


def _guarded(call: Callable[[], None]) -> None:
    """Make a call and log exceptions, because a defect in one listener must not keep the others from being called."""
    try:
        call()
    except Exception as error:
        _log.error("defect", **exception_fields(error))

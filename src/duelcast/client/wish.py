"""Wishes for stores, which streams, rooms and inboxes hold while they are open."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .core.stores.base import Store
from .driver import Driver
from .errors import DuelcastError, Refused, error_in


class Wish:
    """Follows stores of an endpoint until `end`, which calls `stop`.

    `changed` is called with the key of each change of a value, and `woken` after each change of the connection's state.
    """

    def __init__(
        self,
        driver: Driver,
        endpoint: str,
        stores: Sequence[Store],
        changed: Callable[[str], None],
        woken: Callable[[], None],
        stop: Callable[[], None] = lambda: None,
    ) -> None:
        self._driver = driver
        self._endpoint = endpoint
        self._stores = stores
        self._changed = changed
        self._woken = woken
        self._stop = stop
        self._is_open = True
        for store in stores:
            store.watchers.append(changed)
        driver.watchers.append(woken)

    def error(self) -> DuelcastError | None:
        """Why nothing will arrive: the state of the connection, or that everything is refused for good."""
        if (error := error_in(self._driver.core.state(self._endpoint))) is not None:
            return error
        if not all(store.is_refused_for_good for store in self._stores):
            return None
        refusal = self._stores[0].refusal
        assert refusal is not None
        return Refused(refusal.code, refusal.message)

    def end(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        for store in self._stores:
            store.watchers.remove(self._changed)
        self._driver.watchers.remove(self._woken)
        self._stop()
        for store in self._stores:
            self._driver.release(self._endpoint, store)

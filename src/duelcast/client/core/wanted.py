"""The stores that the application wants on an endpoint. They are left a little later than it stops wanting them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from .stores.base import Store
from .stores.channel import Channel
from .stores.inbox import Inbox
from .stores.latest import Latest
from .stores.room import Room

LINGER_MS = 5_000
"""How long the client goes on following what nobody wants any more."""

S = TypeVar("S", bound=Store)


@dataclass(slots=True)
class _Holding:
    store: Store
    count: int = 0
    leave_ms: int | None = None


class Wanted:
    """Counts who wants each store."""

    def __init__(self) -> None:
        self._holdings: dict[Hashable, _Holding] = {}
        self.requested: dict[str, None] = {}
        """Channels that requests joined and did not leave, in that order."""

    def __bool__(self) -> bool:
        """Whether anything is wanted now."""
        return bool(self.requested) or any(holding.count for holding in self._holdings.values())

    def want(self, key: Hashable, make: Callable[[], Store]) -> tuple[Store, bool]:
        """The store of `key`, and whether it is new."""
        holding = self._holdings.get(key)
        is_new = holding is None
        if holding is None:
            holding = self._holdings[key] = _Holding(make())
            holding.store.key = key
        holding.count += 1
        holding.leave_ms = None
        return holding.store, is_new

    def drop(self, store: Store, now_ms: int) -> None:
        """Take back one `want`."""
        holding = self._holdings[store.key]
        holding.count -= 1
        if holding.count == 0:
            holding.leave_ms = now_ms + LINGER_MS

    def next_leave_ms(self) -> int | None:
        """When the next store is to be left; None if none is."""
        return min(
            (holding.leave_ms for holding in self._holdings.values() if holding.leave_ms is not None), default=None
        )

    def take_due(self, now_ms: int) -> list[Store]:
        """Remove the stores that are to be left by now."""
        due = [key for key, one in self._holdings.items() if one.leave_ms is not None and one.leave_ms <= now_ms]
        return [self._holdings.pop(key).store for key in due]

    def take_unwanted(self) -> list[Store]:
        """Remove all stores that nobody wants."""
        return self.take_due(max((one.leave_ms or 0 for one in self._holdings.values()), default=0))

    def stores(self) -> list[Store]:
        return [holding.store for holding in self._holdings.values()]

    def channels(self) -> list[str]:
        """The channels to subscribe to, each once."""
        return list(dict.fromkeys([*channels_of(self.stores()), *self.requested]))

    def rooms(self) -> list[int]:
        return rooms_of(self.stores())


def channels_of(stores: Iterable[Store]) -> list[str]:
    """The channels that are subscribed to for `stores`."""
    return list(dict.fromkeys(one.channel for one in stores if isinstance(one, Latest | Channel)))


def rooms_of(stores: Iterable[Store]) -> list[int]:
    """The contests whose rooms are joined for `stores`."""
    return [store.contest_id for store in stores if isinstance(store, Room)]


def inboxes_of(stores: Iterable[Store]) -> list[Inbox]:
    return [store for store in stores if isinstance(store, Inbox)]

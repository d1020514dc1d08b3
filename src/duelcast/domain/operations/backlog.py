"""A backlog of items to store, which keeps them while the store is unreachable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice
from math import inf
from typing import Generic, TypeVar

from duelcast.clock import Alarm, Clock
from duelcast.errors import AppError
from duelcast.store.savepoints import CutOff

RETRY_S = 1.0
_WRITES_PER_ROUND = 200
"""Requesting this many writes takes about 2 ms, during which nothing else is served."""

T = TypeVar("T")


class Backlog(Generic[T]):
    """Items that wait to be stored, oldest first. The owner limits their number.

    `write` must store an item and, after the commit, `discard` it; many writes run at once. If a write fails although
    the store is reachable, the item is discarded, and `give_up` is called with it and the error.
    """

    def __init__(
        self, clock: Clock, write: Callable[[T], Awaitable[object]], give_up: Callable[[T, BaseException], None]
    ) -> None:
        self._write = write
        self._give_up = give_up
        self._items: dict[T, None] = {}
        self._alarm = Alarm(clock)
        self._failing = False

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item: T) -> bool:
        return item in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def add(self, item: T) -> None:
        """Queue `item`, which is stored in the state that it has when its turn comes."""
        self._items[item] = None
        if not self._failing:
            self._alarm.ring()

    def retry(self, item: T) -> None:
        """Queue `item`, whose write has just failed, for the next retry."""
        self._items[item] = None
        if not self._failing:
            self._failing = True
            self._alarm.ring()

    def discard(self, item: T) -> None:
        """Forget `item`."""
        self._items.pop(item, None)

    async def run(self) -> None:
        """Until cancelled, store items as they arrive; while the store is unreachable, retry every second."""
        while True:
            if not self._items:
                await self._alarm.sleep(inf)
                continue
            if self._failing:
                await self._alarm.sleep(RETRY_S)
            await self._store_some()

    async def flush(self) -> None:
        """Store all items, if the store is reachable."""
        while self._items and await self._store_some():
            pass

    async def _store_some(self) -> bool:
        """Store some items; returns whether the store was reachable."""
        items = list(islice(self._items, _WRITES_PER_ROUND))
        outcomes = await asyncio.gather(*map(self._write, items), return_exceptions=True)
        self._failing = any(isinstance(outcome, AppError | CutOff) for outcome in outcomes)
        for item, outcome in zip(items, outcomes, strict=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, AppError | CutOff):
                self.discard(item)
                self._give_up(item, outcome)
        return not self._failing

"""Events that other processes report, for tests that wait for them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

WAIT_S = 300.0


class News:
    """Counts events by name."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._changed = asyncio.Event()

    def post(self, name: str) -> None:
        """The event `name` has happened."""
        self._counts[name] += 1
        self._changed.set()
        self._changed = asyncio.Event()

    def more(self, name: str, count: int = 1) -> Coroutine[Any, Any, None]:
        """Waits until `name` has happened `count` times from this call on, whenever it is awaited."""
        return self._reach(name, self._counts[name] + count)

    async def _reach(self, name: str, enough: int) -> None:
        async with asyncio.timeout(WAIT_S):
            while self._counts[name] < enough:
                await self._changed.wait()

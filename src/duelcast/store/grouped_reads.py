"""Reads that many ask for at once, done as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.errors import AppError

MAX_KEYS = 100
"""In one read; then the next ones, and other tasks, get their turn."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
BatchRead: TypeAlias = Callable[[AsyncConnection, Sequence[K]], Awaitable[Mapping[K, V]]]
"""Reads what is asked for by keys, none of them twice; gives the value of each."""

_Askers: TypeAlias = list["asyncio.Future[Any]"]


class GroupedReads:
    """While a read is on its way those who ask gather for the next one, so that under load many share one, and alone
    none waits. Nobody is given what was read before they asked.

    `read` begins a transaction. Where a read of several keys fails by a defect, each is tried by itself, so that only
    the one at fault fails.
    """

    def __init__(self, read: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        self._read = read
        self._waiting: dict[BatchRead[Any, Any], dict[Any, _Askers]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, batch: BatchRead[K, V], key: K) -> V:
        """What `batch` reads for `key`; others may be given the same object. Raises what the reading raises."""
        asker = asyncio.get_running_loop().create_future()
        # Equal, not identical: a bound method is another object each time.
        waiting = self._waiting.get(batch)
        if waiting is None:
            waiting = self._waiting[batch] = {}
            task = asyncio.create_task(self._work_off(batch, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.setdefault(key, []).append(asker)
        value: V = await asker
        return value

    async def close(self) -> None:
        """Return once nothing is read any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _work_off(self, batch: BatchRead[Any, Any], waiting: dict[Any, _Askers]) -> None:
        try:
            while waiting:
                await self._answer(batch, {key: waiting.pop(key) for key in list(islice(waiting, MAX_KEYS))})
        finally:
            del self._waiting[batch]

    async def _answer(self, batch: BatchRead[Any, Any], group: Mapping[Any, _Askers]) -> None:
        try:
            async with self._read() as transaction:
                values = await batch(transaction, list(group))
        except Exception as error:
            if len(group) > 1 and not isinstance(error, AppError):
                for key, askers in group.items():
                    await self._answer(batch, {key: askers})
                return
            for asker in _unanswered(group):
                asker.set_exception(error)
            return
        for key, askers in group.items():
            for asker in _unanswered({key: askers}):
                asker.set_result(values[key])


def _unanswered(group: Mapping[Any, _Askers]) -> Iterable[asyncio.Future[Any]]:
    """Those who still wait."""
    return [asker for askers in group.values() for asker in askers if not asker.done()]

"""Combines concurrent reads into one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import chain, islice
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.errors import AppError

MAX_KEYS = 25
"""The maximum number of keys per read. The rows are converted to objects in one loop iteration, which takes a few
milliseconds for 500 rows."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
BatchRead: TypeAlias = Callable[[AsyncConnection, Sequence[K]], Awaitable[Mapping[K, V]]]
"""Reads the values of distinct keys."""

_Askers: TypeAlias = list["asyncio.Future[Any]"]


class GroupedReads:
    """Combines the requests that arrive during a read, and answers them with the next read. Under load, many requests
    share a read; a lone request is not delayed. A result is never older than its request.

    `read` begins a transaction. If a read of several keys fails because of a defect, each key is read again by itself,
    so that only the faulty one fails.
    """

    def __init__(self, read: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        self._read = read
        self._waiting: dict[BatchRead[Any, Any], dict[Any, _Askers]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def get(self, batch: BatchRead[K, V], key: K) -> V:
        """Return the value that `batch` reads for `key`; other callers may receive the same object. Raises whatever the
        read raises."""
        asker = asyncio.get_running_loop().create_future()
        # Compared by equality, because a bound method is a new object each time.
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
        """Return once no read is running."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _work_off(self, batch: BatchRead[Any, Any], waiting: dict[Any, _Askers]) -> None:
        group: dict[Any, _Askers] = {}
        try:
            while waiting:
                group = {key: waiting.pop(key) for key in list(islice(waiting, MAX_KEYS))}
                await self._answer(batch, {key: askers for key, askers in group.items() if _waits(askers)})
        except BaseException:
            # This task was cancelled, perhaps within a read; no caller may wait forever.
            for asker in chain.from_iterable((*group.values(), *waiting.values())):
                asker.cancel()
            raise
        finally:
            del self._waiting[batch]

    async def _answer(self, batch: BatchRead[Any, Any], group: Mapping[Any, _Askers]) -> None:
        if not group:
            return
        try:
            async with self._read() as transaction:
                found = await batch(transaction, list(group))
            values = [found[key] for key in group]
        except Exception as error:
            if len(group) > 1 and not isinstance(error, AppError):
                for key, askers in group.items():
                    await self._answer(batch, {key: askers})
                return
            for asker in chain.from_iterable(group.values()):
                if not asker.done():
                    asker.set_exception(error)
            return
        for askers, value in zip(group.values(), values, strict=True):
            for asker in askers:
                if not asker.done():
                    asker.set_result(value)


def _waits(askers: _Askers) -> bool:
    """Whether any of `askers` is still waiting."""
    return not all(asker.done() for asker in askers)

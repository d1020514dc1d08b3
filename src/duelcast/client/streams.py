"""Asynchronous iterators over what arrives.

Their feeds collect while nobody reads, so a slow reader never holds up a connection. A stream begins to follow when it
is entered with `async with` or first iterated, and ends when it is closed or nobody refers to it any more.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from .errors import Closed, DuelcastError, Overflow

T = TypeVar("T")
V = TypeVar("V", covariant=True)


class Bell:
    """Wakes readers up."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self, _key: str = "") -> None:
        """Wake everybody up who waits."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self) -> None:
        """Return after the next ring. Cancelling concerns this call alone."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)


class Newest(Generic[T]):
    """Yields the newest value of each key that has changed, however often it has changed meanwhile."""

    def __init__(self, read: Callable[[str], T | None]) -> None:
        self.bell = Bell()
        self._read = read
        self._changed: dict[str, None] = {}

    def change(self, key: str) -> None:
        """The value of `key` has changed."""
        self._changed[key] = None
        self.bell.ring()

    def take(self) -> T | None:
        while self._changed:
            key = next(iter(self._changed))
            del self._changed[key]
            if (value := self._read(key)) is not None:
                return value
        return None


class Every(Generic[T]):
    """Yields every value, in order. If `maxsize` values wait, the oldest is dropped."""

    def __init__(self, maxsize: int) -> None:
        if maxsize < 1:
            raise ValueError("maxsize must be at least 1")
        self.bell = Bell()
        self._maxsize = maxsize
        self._values: deque[T] = deque()
        self._lost = 0

    def put(self, value: T) -> None:
        if len(self._values) >= self._maxsize:
            self._values.popleft()
            self._lost += 1
        self._values.append(value)
        self.bell.ring()

    def take(self) -> T | None:
        if self._lost:
            lost, self._lost = self._lost, 0
            raise Overflow(lost)
        return self._values.popleft() if self._values else None


class Following(Protocol):
    """The wishes of a stream while it is open."""

    def error(self) -> DuelcastError | None:
        """Why nothing arrives any more; None if something may."""

    def end(self) -> None:
        """Follow no longer."""


class Stream(Generic[V]):
    """An asynchronous iterator. It never ends by itself: it raises `Closed`, `SignedOut`, `Refused` or `Overflow`.

    Once the client is closed, it raises `Closed`, even if items wait. After any other error, iterating again goes on
    where it was interrupted.
    """

    def __init__(self, begin: Callable[[], tuple[Newest[V] | Every[V], Following]]) -> None:
        self._begin = begin
        self._open: tuple[Newest[V] | Every[V], Following] | None = None

    def __aiter__(self) -> Stream[V]:
        return self

    async def __anext__(self) -> V:
        feed, following = self._opened()
        while not isinstance(error := following.error(), Closed):
            if (value := feed.take()) is not None:
                return value
            if error is not None:
                raise error
            await feed.bell.wait()
        raise error

    async def aclose(self) -> None:
        """Follow no longer. Iterating again begins anew."""
        self._end()

    async def __aenter__(self) -> Stream[V]:
        self._opened()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end()

    def __del__(self) -> None:
        self._end()

    def _opened(self) -> tuple[Newest[V] | Every[V], Following]:
        self._open = self._open or self._begin()
        return self._open

    def _end(self) -> None:
        opened, self._open = self._open, None
        if opened is not None:
            opened[1].end()

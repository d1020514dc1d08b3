"""The common part of rooms and inboxes: they are followed while they are open, and change."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from .core.core import Core
from .core.stores.base import Status, Store
from .driver import Driver
from .streams import Bell, Newest, Stream
from .wish import Wish

S = TypeVar("S", bound=Store)


class Followed(Generic[S]):
    """Follows a store of an endpoint while it is open as a context manager. `want` asks the core for the store."""

    def __init__(self, driver: Driver, endpoint: str, want: Callable[[Core], S]) -> None:
        self._driver = driver
        self._name = endpoint
        self._want = want
        self._bell = Bell()
        self._opened: tuple[S, Wish] | None = None

    async def __aenter__(self) -> Self:
        if self._opened is None:
            self._opened = self._follow(self._bell.ring, self._bell.ring)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[1].end()
            self._bell.ring()

    async def ready(self) -> None:
        """Return once everything has arrived. Raises `Refused`, `SignedOut` or `Closed`."""
        while self.status != "live":
            if (error := self._entered[1].error()) is not None:
                raise error
            await self._bell.wait()

    @property
    def status(self) -> Status:
        """`loading`, `live`, `stale` (not connected, or not complete again yet) or `refused`."""
        return self._store.status

    def changes(self) -> Stream[Self]:
        """Yields this object at once, and again whenever anything in it has changed since."""

        def begin() -> tuple[Newest[Self], Wish]:
            feed: Newest[Self] = Newest(lambda _key: self)
            feed.change("")
            return feed, self._follow(feed.change, feed.bell.ring)[1]

        return Stream(begin)

    def _follow(
        self, changed: Callable[[str], None], woken: Callable[[], None], stop: Callable[[], None] = lambda: None
    ) -> tuple[S, Wish]:
        """Want the store once more, until the wish ends."""
        with self._driver.turn() as core:
            store = self._want(core)
        return store, Wish(self._driver, self._name, [store], changed, woken, stop)

    @property
    def _store(self) -> S:
        return self._entered[0]

    @property
    def _entered(self) -> tuple[S, Wish]:
        if self._opened is None:
            raise RuntimeError(f"the {type(self).__name__.lower()} is not open: use it with `async with`")
        return self._opened

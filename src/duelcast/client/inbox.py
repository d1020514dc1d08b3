"""The notifications of the signed-in user, and the announcements to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Literal

from .core.stores import inbox as stores
from .core.stores.base import Status
from .driver import Driver
from .endpoint import DEFAULT_TIMEOUT_S, Endpoint
from .generated.notifications import MarkAllRead, MarkRead, ReadConfirmed
from .generated.records import Notification
from .streams import Bell, Newest, Stream
from .types import record_of
from .wish import Wish

_KEY = ("inbox",)


class Inbox:
    """An inbox that is followed while it is open as a context manager. Its values survive lost connections; `status`
    says whether they are current."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._endpoint: Endpoint[Literal["notifications"]] = Endpoint(driver, "notifications")
        self._bell = Bell()
        self._opened: tuple[stores.Inbox, Wish] | None = None

    async def __aenter__(self) -> Inbox:
        if self._opened is None:
            with self._driver.turn() as core:
                store = core.inbox()
            self._opened = store, Wish(self._driver, "notifications", {_KEY: store}, self._bell.ring, self._bell.ring)
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

    @property
    def unread(self) -> int | None:
        """How many notifications are unread; None until it is known, and without a token."""
        unread = self._store.unread
        return unread.count if unread is not None else None

    @property
    def notifications(self) -> list[Notification]:
        """The newest first."""
        return _records(self._store.notifications)

    @property
    def announcements(self) -> list[Notification]:
        """The newest first."""
        return _records(self._store.announcements)

    async def mark_read(self, *ids: int, timeout: float | None = DEFAULT_TIMEOUT_S) -> ReadConfirmed:
        """Mark notifications as read, also on the user's other devices. Raises `RequestFailed` and `Closed`."""
        return await self._endpoint.request(MarkRead(ids=list(ids)), timeout=timeout)

    async def mark_all_read(
        self, types: Sequence[str] | None = None, *, timeout: float | None = DEFAULT_TIMEOUT_S
    ) -> ReadConfirmed:
        """Mark all notifications as read, or all of these types. Raises `RequestFailed` and `Closed`."""
        command = MarkAllRead() if types is None else MarkAllRead(types=list(types))
        return await self._endpoint.request(command, timeout=timeout)

    def changes(self) -> Stream[Inbox]:
        """Yields this inbox at once, and again whenever anything in it has changed since."""
        driver = self._driver

        def begin() -> tuple[Newest[Inbox], Wish]:
            feed: Newest[Inbox] = Newest(lambda _key: self)
            feed.change("")
            with driver.turn() as core:
                store = core.inbox()
            return feed, Wish(driver, "notifications", {_KEY: store}, feed.change, feed.bell.ring)

        return Stream(begin)

    @property
    def _store(self) -> stores.Inbox:
        return self._entered[0]

    @property
    def _entered(self) -> tuple[stores.Inbox, Wish]:
        if self._opened is None:
            raise RuntimeError("the inbox is not open: use `async with client.inbox() as inbox`")
        return self._opened


def _records(items: list[stores.Item]) -> list[Notification]:
    records = (record_of(item, Notification) for item in items)
    return [record for record in records if record is not None]

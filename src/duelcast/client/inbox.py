"""The notifications of the signed-in user, and the announcements to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .core.core import Core
from .core.stores import inbox as stores
from .driver import Driver
from .endpoint import DEFAULT_TIMEOUT_S, Endpoint
from .followed import Followed
from .generated.notifications import MarkAllRead, MarkRead, ReadConfirmed
from .generated.records import Notification
from .types import record_of


class Inbox(Followed[stores.Inbox]):
    """An inbox that is followed while it is open as a context manager. Its values survive lost connections; `status`
    says whether they are current."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver, "notifications", Core.inbox)
        self._endpoint: Endpoint[Literal["notifications"]] = Endpoint(driver, "notifications")

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


def _records(items: list[stores.Item]) -> list[Notification]:
    records = (record_of(item, Notification) for item in items)
    return [record for record in records if record is not None]

"""Messages about notifications, and their channels (protocol §2, §10, §12)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind
from duelcast.domain.accounts.identity import WALLET_PATTERN
from duelcast.store.notifications import NotificationRow, Priority
from duelcast.wire.messages import MAX_SAFE_INTEGER, Event, Record
from duelcast.wire.timestamps import format_ms

NotificationType = Annotated[
    str, Meta(pattern=r"^[A-Z0-9_]{1,64}(?!\n)$", description="1 to 64 of A-Z 0-9 _, such as `CONTEST_INVITE`")
]

# Wherever an id is expected, a string of its digits is accepted as well (protocol §1.1).
NotificationId = (
    Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]
    | Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,15}(?!\n)$", description="the digits of an id")]
)


class Notification(Record):
    """A notification (protocol §12). `link` is an `https:` URL or a path. For announcements, `read` is always false."""

    id: int
    type: str
    title: str
    content: str
    priority: Priority
    link: str | None
    data: dict[str, Any]
    timestamp: str
    read: bool
    read_at: str | None
    expires_at: str | None


def record_of(row: NotificationRow) -> Notification:
    """The record of a row for its owner."""
    return Notification(
        id=row.id,
        type=row.type,
        title=row.title,
        content=row.content,
        priority=row.priority,
        link=row.link,
        data=row.data,
        timestamp=format_ms(row.created_ms),
        read=row.read_ms is not None,
        read_at=None if row.read_ms is None else format_ms(row.read_ms),
        expires_at=None if row.expires_ms is None else format_ms(row.expires_ms),
    )


class NotificationAdded(Event, tag="notification"):
    """A new notification."""

    data: Notification


class NotificationBatch(Event, tag="notification_batch"):
    """Notifications, newest first. `nextCursor`, if present, is the cursor of the next page; if `subtype` is `unread`,
    send it together with `onlyUnread`."""

    data: list[Notification]
    count: int
    hasMore: bool
    subtype: Literal["announcements", "unread"] | UnsetType = UNSET
    nextCursor: str | UnsetType = UNSET


class UnreadCount(Event, tag="unread_count"):
    """How many unread notifications are stored. `version` increases with each change to the user's notifications."""

    count: int
    version: int


class ReadConfirmed(Event, tag="read_confirmed"):
    """The notifications `ids` are now read or, if `all` is true, all notifications (of the given `types`, if present).
    `count` is how many of them were unread before."""

    count: int
    ids: list[int] | UnsetType = UNSET
    all: bool | UnsetType = UNSET
    types: list[str] | UnsetType = UNSET


class NotificationRemoved(Event, tag="notification_removed"):
    """These notifications were deleted or have expired."""

    ids: list[int]


USER_NOTIFICATIONS = Family(
    "user.notifications",
    Kind.EVERY,
    (NotificationAdded, UnreadCount, ReadConfirmed, NotificationRemoved),
    "The notifications of one user.",
    parameter=WALLET_PATTERN,
    placeholder="wallet",
)
ANNOUNCEMENTS = Family(
    "system.announcements",
    Kind.EVERY,
    (NotificationAdded, NotificationRemoved),
    "Announcements for everybody.",
)

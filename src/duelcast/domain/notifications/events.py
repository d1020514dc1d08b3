"""Messages about notifications, and their channels (protocol §2, §10, §12)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from duelcast.channels.names import Family, Kind
from duelcast.domain.accounts.identity import WALLET_PATTERN
from duelcast.store.notifications import NotificationRow, Priority
from duelcast.wire.messages import MAX_SAFE_INTEGER, Event, Record, Timestamp
from duelcast.wire.timestamps import format_ms

NotificationType = Annotated[
    str, Meta(pattern=r"^[A-Z0-9_]{1,64}(?!\n)$", description="1 to 64 of A-Z 0-9 _, such as `CONTEST_INVITE`")
]

# Wherever an id is expected, a string of its digits is accepted as well (protocol §1.1).
NotificationId = (
    Annotated[int, Meta(ge=1, le=MAX_SAFE_INTEGER)]
    | Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,15}(?!\n)$", description="The digits of an id.")]
)


class Notification(Record):
    """A notification (protocol §12)."""

    id: int
    """The id of the notification."""
    type: str
    """The kind of notification, such as `CONTEST_RESULT`: 1 to 64 of A-Z 0-9 _."""
    title: str
    """The title, plain text."""
    content: str
    """The text, plain text."""
    priority: Priority
    """How urgent it is."""
    link: str | None
    """Where it leads: an `https:` URL, or a path that begins with one `/`; null if it leads nowhere."""
    data: dict[str, Any]
    """Facts of this type of notification, such as the `contestId`."""
    timestamp: Timestamp
    """When the notification was stored."""
    read: bool
    """Whether it is marked as read; always false for announcements."""
    read_at: Timestamp | None
    """When it was marked as read; null if it is unread."""
    expires_at: Timestamp | None
    """When it will be removed; null if it will not."""


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
    """The notification."""


class NotificationBatch(Event, tag="notification_batch"):
    """Notifications, newest first."""

    data: list[Notification]
    """The notifications."""
    count: int
    """How many notifications this batch has."""
    hasMore: bool
    """Whether there are older ones."""
    subtype: Literal["announcements", "unread"] | UnsetType = UNSET
    """`unread` or `announcements`; absent in the answer to `get_notifications`."""
    nextCursor: str | UnsetType = UNSET
    """The cursor of the next page for `get_notifications`, with `onlyUnread` if `subtype` is `unread`; absent on the
    last page."""


class UnreadCount(Event, tag="unread_count"):
    """How many notifications are unread."""

    count: int
    """The number of unread notifications."""
    version: int
    """Grows with each change to the user's notifications; the count with the highest version is right."""


class ReadConfirmed(Event, tag="read_confirmed"):
    """Notifications are marked as read."""

    count: int
    """How many of them were unread before."""
    ids: list[int] | UnsetType = UNSET
    """The notifications that are read now; absent if `all` is present."""
    all: bool | UnsetType = UNSET
    """True if all notifications, or all of `types`, are read now; otherwise absent."""
    types: list[str] | UnsetType = UNSET
    """The types that were given with `mark_all_read`; absent if none were."""


class NotificationRemoved(Event, tag="notification_removed"):
    """These notifications were deleted or have expired."""

    ids: list[int]
    """The ids of the notifications."""


USER_NOTIFICATIONS = Family(
    "user.notifications",
    Kind.EVERY,
    (NotificationAdded, UnreadCount, ReadConfirmed, NotificationRemoved),
    "The notifications of one user.",
    parameter=rf"(?P<wallet>{WALLET_PATTERN})",
)
ANNOUNCEMENTS = Family(
    "system.announcements",
    Kind.EVERY,
    (NotificationAdded, NotificationRemoved),
    "Announcements for everybody.",
)

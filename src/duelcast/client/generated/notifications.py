"""The messages of `notifications`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from ..messages import Command, Message
from .common import (
    AuthSuccess,
    ConnectionEstablished,
    ErrorEvent,
    HeartbeatAck,
    Pong,
    SessionUpdated,
    SubscriptionConfirmed,
    SubscriptionList,
    UnsubscriptionConfirmed,
)
from .records import Notification, NotificationsCapabilities


class NotificationAdded(Message, frozen=True, kw_only=True, tag="notification"):
    """A new notification."""

    data: Notification
    channel: str
    seq: int
    timestamp: str


class NotificationBatch(Message, frozen=True, kw_only=True, tag="notification_batch"):
    """Notifications, newest first. `nextCursor`, if present, is the cursor of the next page; if `subtype` is
    `unread`, send it together with `onlyUnread`."""

    data: list[Notification]
    count: int
    hasMore: bool
    subtype: str | None = None
    """Known values: `announcements`, `unread`."""
    nextCursor: str | None = None
    timestamp: str


class NotificationRemoved(Message, frozen=True, kw_only=True, tag="notification_removed"):
    """These notifications were deleted or have expired."""

    ids: list[int]
    channel: str
    seq: int
    timestamp: str


class NotificationsWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    capabilities: NotificationsCapabilities
    timestamp: str


class ReadConfirmed(Message, frozen=True, kw_only=True, tag="read_confirmed"):
    """The notifications `ids` are now read or, if `all` is true, all notifications (of the given `types`, if
    present). `count` is how many of them were unread before."""

    count: int
    ids: list[int] | None = None
    all: bool | None = None
    types: list[str] | None = None
    timestamp: str


class UnreadCount(Message, frozen=True, kw_only=True, tag="unread_count"):
    """How many unread notifications are stored. `version` increases with each change to the user's notifications."""

    count: int
    version: int
    timestamp: str


class GetNotifications(Command[NotificationBatch], frozen=True, kw_only=True, tag="get_notifications"):
    """Asks for a page of notifications, newest first; `cursor` is the `nextCursor` of the previous page."""

    limit: int | None = None
    cursor: str | None = None
    types: Sequence[str] | None = None
    onlyUnread: bool | None = None


class GetUnread(Command[NotificationBatch], frozen=True, kw_only=True, tag="get_unread"):
    """Asks for the newest unread notifications."""

    limit: int | None = None


class MarkAllRead(Command[ReadConfirmed], frozen=True, kw_only=True, tag="mark_all_read"):
    """Marks all notifications as read, or all those of some types."""

    types: Sequence[str] | None = None


class MarkRead(Command[ReadConfirmed], frozen=True, kw_only=True, tag="mark_read"):
    """Marks one notification (`id`) or several (`ids`) as read. Unknown `ids` are ignored, unless none of them is
    known."""

    id: int | str | None = None
    ids: Sequence[int | str] | None = None


NotificationsMessage: TypeAlias = (
    ReadConfirmed
    | UnreadCount
    | NotificationBatch
    | HeartbeatAck
    | Pong
    | SubscriptionConfirmed
    | UnsubscriptionConfirmed
    | SubscriptionList
    | AuthSuccess
    | NotificationsWelcome
    | ConnectionEstablished
    | SessionUpdated
    | ErrorEvent
    | NotificationAdded
    | NotificationRemoved
)


MESSAGES: dict[str, type[Message]] = {
    "read_confirmed": ReadConfirmed,
    "unread_count": UnreadCount,
    "notification_batch": NotificationBatch,
    "heartbeat_ack": HeartbeatAck,
    "pong": Pong,
    "subscription_confirmed": SubscriptionConfirmed,
    "unsubscription_confirmed": UnsubscriptionConfirmed,
    "subscriptions": SubscriptionList,
    "auth_success": AuthSuccess,
    "welcome": NotificationsWelcome,
    "connection_established": ConnectionEstablished,
    "session_updated": SessionUpdated,
    "error": ErrorEvent,
    "notification": NotificationAdded,
    "notification_removed": NotificationRemoved,
}
"""The messages of the server on `notifications`, by `type`."""

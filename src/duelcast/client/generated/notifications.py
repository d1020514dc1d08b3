"""The messages of `notifications`.

Written by `make docs`; do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from ..messages import Command, Message
from .common import (
    Authenticate as Authenticate,
    AuthSuccess as AuthSuccess,
    ConnectionEstablished as ConnectionEstablished,
    ErrorEvent as ErrorEvent,
    GetSubscriptions as GetSubscriptions,
    Heartbeat as Heartbeat,
    HeartbeatAck as HeartbeatAck,
    Ping as Ping,
    Pong as Pong,
    SessionUpdated as SessionUpdated,
    Subscribe as Subscribe,
    SubscriptionConfirmed as SubscriptionConfirmed,
    SubscriptionList as SubscriptionList,
    Unsubscribe as Unsubscribe,
    UnsubscriptionConfirmed as UnsubscriptionConfirmed,
)
from .records import Notification, NotificationsCapabilities


class NotificationAdded(Message, frozen=True, kw_only=True, tag="notification"):
    """A new notification."""

    data: Notification
    """The notification."""
    channel: str
    seq: int
    timestamp: str


class NotificationBatch(Message, frozen=True, kw_only=True, tag="notification_batch"):
    """Notifications, newest first."""

    data: list[Notification]
    """The notifications."""
    count: int
    """How many notifications this batch has."""
    hasMore: bool
    """Whether there are older ones."""
    subtype: str | None = None
    """`unread` or `announcements`; absent in the answer to `get_notifications`. Known values: `announcements`,
    `unread`."""
    nextCursor: str | None = None
    """The cursor of the next page for `get_notifications`, with `onlyUnread` if `subtype` is `unread`; absent on the
    last page."""
    timestamp: str


class NotificationRemoved(Message, frozen=True, kw_only=True, tag="notification_removed"):
    """These notifications were deleted or have expired."""

    ids: list[int]
    """The ids of the notifications."""
    channel: str
    seq: int
    timestamp: str


class NotificationsWelcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    capabilities: NotificationsCapabilities
    """The rights of this connection."""
    timestamp: str


class ReadConfirmed(Message, frozen=True, kw_only=True, tag="read_confirmed"):
    """Notifications are marked as read."""

    count: int
    """How many of them were unread before."""
    ids: list[int] | None = None
    """The notifications that are read now; absent if `all` is present."""
    all: bool | None = None
    """True if all notifications, or all of `types`, are read now; otherwise absent."""
    types: list[str] | None = None
    """The types that were given with `mark_all_read`; absent if none were."""
    timestamp: str


class UnreadCount(Message, frozen=True, kw_only=True, tag="unread_count"):
    """How many notifications are unread."""

    count: int
    """The number of unread notifications."""
    version: int
    """Grows with each change to the user's notifications; the count with the highest version is right."""
    timestamp: str


class GetNotifications(
    Command[NotificationBatch, Literal["notifications"]], frozen=True, kw_only=True, tag="get_notifications"
):
    """Asks for a page of notifications, newest first."""

    limit: int | None = None
    """How many notifications the page has at most; 20 by default."""
    cursor: str | None = None
    """The `nextCursor` of the previous page."""
    types: Sequence[str] | None = None
    """The types of notifications to list; without it, all."""
    onlyUnread: bool | None = None
    """Whether to leave out those that are read; false by default."""


class GetUnread(Command[NotificationBatch, Literal["notifications"]], frozen=True, kw_only=True, tag="get_unread"):
    """Asks for the newest unread notifications."""

    limit: int | None = None
    """How many notifications the batch has at most; 20 by default."""


class MarkAllRead(Command[ReadConfirmed, Literal["notifications"]], frozen=True, kw_only=True, tag="mark_all_read"):
    """Marks all notifications as read, or all those of some types."""

    types: Sequence[str] | None = None
    """The types of notifications to mark; without it, all."""


class MarkRead(Command[ReadConfirmed, Literal["notifications"]], frozen=True, kw_only=True, tag="mark_read"):
    """Marks notifications as read."""

    id: int | str | None = None
    """The notification to mark; excludes `ids`."""
    ids: Sequence[int | str] | None = None
    """The notifications to mark; unknown ones are ignored, unless none of them is known. Excludes `id`."""


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

"""Notifications of a user, and announcements (protocol §10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct

from duelcast.channels.names import Channel, Role
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.notifications.events import (
    ANNOUNCEMENTS,
    USER_NOTIFICATIONS,
    NotificationBatch,
    NotificationId,
    NotificationType,
    ReadConfirmed,
    UnreadCount,
)
from duelcast.domain.notifications.inboxes import Marked
from duelcast.domain.notifications.service import Notifications
from duelcast.endpoints.context import Context, Join, Snapshot
from duelcast.endpoints.kit import KIB, Auth, Endpoint
from duelcast.errors import InvalidRequest
from duelcast.wire.messages import Command, Event

MAX_IDS = 500
DEFAULT_LIMIT = 20

Limit = Annotated[int, Meta(ge=1, le=100)]
Types = Annotated[list[NotificationType], Meta(min_length=1, max_length=100)]

endpoint = Endpoint(
    "notifications",
    "Notifications of a user, in sync on all devices, and announcements to everybody.",
    auth=Auth.TOKEN,
    max_message_bytes=64 * KIB,
    messages_per_minute=60,
    public_name="system.announcements",
)


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────────


class Capabilities(Struct):
    """The rights of this connection."""

    inbox: bool
    """Whether it has notifications of its own."""
    announcements: bool
    """Whether it is sent announcements."""


class Welcome(Event, tag="welcome"):
    """The first frame of a connection, or the second if the token was sent in a message."""

    capabilities: Capabilities
    """The rights of this connection."""


class MarkRead(Command, tag="mark_read"):
    """Marks notifications as read."""

    id: NotificationId | None = None
    """The notification to mark; excludes `ids`."""
    ids: Annotated[list[NotificationId], Meta(min_length=1, max_length=MAX_IDS)] | None = None
    """The notifications to mark; unknown ones are ignored, unless none of them is known. Excludes `id`."""

    def __post_init__(self) -> None:
        if (self.id is None) == (self.ids is None):
            raise InvalidRequest("Give either `id` or `ids`.", field="id" if self.id is None else "ids")


class MarkAllRead(Command, tag="mark_all_read"):
    """Marks all notifications as read, or all those of some types."""

    types: Types | None = None
    """The types of notifications to mark; without it, all."""


class GetUnread(Command, tag="get_unread"):
    """Asks for the newest unread notifications."""

    limit: Limit | None = None
    """How many notifications the batch has at most; 20 by default."""


class GetNotifications(Command, tag="get_notifications"):
    """Asks for a page of notifications, newest first."""

    limit: Limit | None = None
    """How many notifications the page has at most; 20 by default."""
    cursor: Annotated[str, Meta(max_length=64)] | None = None
    """The `nextCursor` of the previous page."""
    types: Types | None = None
    """The types of notifications to list; without it, all."""
    onlyUnread: bool | None = None
    """Whether to leave out those that are read; false by default."""


# ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────────


def that_wallet(identity: Identity | None, parameter: str) -> bool:
    """The owner of the wallet."""
    return identity is not None and identity.wallet == parameter


async def _inbox_snapshot(context: Context, channel: Channel) -> Snapshot:
    """The count first; then the unread notifications, if there are any."""
    unread, batch, seq = await context.service(Notifications).reader.snapshot(channel.parameter)
    if batch is None:
        return Snapshot([unread], seq)
    return Snapshot([unread, batch], seq, rows=batch.count)


async def _announcements_snapshot(context: Context, _channel: Channel) -> Snapshot:
    batch, seq = await context.service(Notifications).reader.announcements()
    return Snapshot([batch], seq, rows=batch.count)


endpoint.opens(
    USER_NOTIFICATIONS, that_wallet, snapshot=_inbox_snapshot, snapshot_events=(UnreadCount, NotificationBatch)
)
endpoint.opens(ANNOUNCEMENTS, snapshot=_announcements_snapshot, snapshot_events=(NotificationBatch,))


# ── connecting ──────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.on_connect(Welcome, UnreadCount, NotificationBatch)
async def greet(context: Context) -> Sequence[Event | Join]:
    identity = context.identity
    welcome = Welcome(capabilities=Capabilities(inbox=identity is not None, announcements=True))
    announcements = ANNOUNCEMENTS.channel()
    if identity is None:
        return [welcome, *await context.join([announcements])]
    inbox, announced = await context.join([USER_NOTIFICATIONS.channel(identity.wallet), announcements])
    inbox.first = 1  # the count; the unread notifications come after the announcements
    return [welcome, inbox, announced]


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


@endpoint.command(
    MarkRead,
    least_role=Role.USER,
    errors=("NOTIFICATION_NOT_FOUND", "OUTCOME_UNKNOWN"),
    paused_by_maintenance=True,
)
async def mark_read(context: Context, command: MarkRead) -> Sequence[ReadConfirmed | UnreadCount] | None:
    ids = [command.id] if command.id is not None else command.ids or []
    marked = await context.service(Notifications).inboxes.mark_read(
        _wallet(context), [int(each) for each in ids], context.origin
    )
    return _answer(context, marked)


@endpoint.command(MarkAllRead, least_role=Role.USER, errors=("OUTCOME_UNKNOWN",), paused_by_maintenance=True)
async def mark_all_read(context: Context, command: MarkAllRead) -> Sequence[ReadConfirmed | UnreadCount] | None:
    inboxes = context.service(Notifications).inboxes
    marked = await inboxes.mark_all_read(_wallet(context), command.types, context.origin)
    return _answer(context, marked)


@endpoint.command(GetUnread, least_role=Role.USER, safe=True)
async def get_unread(context: Context, command: GetUnread) -> NotificationBatch:
    reader = context.service(Notifications).reader
    batch = await reader.unread(_wallet(context), command.limit or DEFAULT_LIMIT)
    context.answered_rows = batch.count
    return batch


@endpoint.command(GetNotifications, least_role=Role.USER, safe=True)
async def get_notifications(context: Context, command: GetNotifications) -> NotificationBatch:
    batch = await context.service(Notifications).reader.page(
        _wallet(context),
        limit=command.limit or DEFAULT_LIMIT,
        cursor=command.cursor,
        types=command.types,
        only_unread=bool(command.onlyUnread),
    )
    context.answered_rows = batch.count
    return batch


def _wallet(context: Context) -> str:
    identity = context.identity
    assert identity is not None, "the commands are for users"
    return identity.wallet


def _answer(context: Context, marked: Marked) -> Sequence[ReadConfirmed | UnreadCount] | None:
    """None if the caller is sent the change as pushes, which carry the `requestId` and therefore are the answer."""
    if marked.changed and context.holds(USER_NOTIFICATIONS.channel(_wallet(context))):
        return None
    return [marked.confirmed, marked.unread]

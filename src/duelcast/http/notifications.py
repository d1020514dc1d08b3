"""Notifications posted over HTTP, and their removal (protocol §13)."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Response, Router, delete, post
from litestar.di import NamedDependency
from litestar.params import Body, PathParameter, SkipValidation
from msgspec import Meta, Struct

from duelcast.domain.audit import Actor
from duelcast.domain.idempotency import Once
from duelcast.domain.notifications.events import NotificationType
from duelcast.domain.notifications.inboxes import NewNotification
from duelcast.domain.notifications.posting import PostedNotifications
from duelcast.domain.notifications.service import Notifications
from duelcast.errors import InvalidRequest
from duelcast.http.bodies import BULK_BODY_BYTES, VALUES_OPTION
from duelcast.http.callers import SCOPE_OPTION, CallerRequest, admins_only, caller, users_only
from duelcast.http.documents import problems
from duelcast.http.idempotency import REPLAYED_HEADER, IdempotencyKey, TheIdempotency, answer_once
from duelcast.http.parameters import time_parameter
from duelcast.store.notifications import EVERYBODY, Priority
from duelcast.wire.json_rules import MAX_VALUES, check_values
from duelcast.wire.messages import MAX_SAFE_INTEGER

MAX_WALLETS = 10_000
MAX_DATA_BYTES = 16 * 1024
_RECORD_LEVEL = 3
"""Clients also receive notifications in batches, which are objects with a list of notifications. This is how deep a
notification is nested there."""

Text = r"^[^\x00]*$"
Link = Annotated[
    str,
    Meta(
        max_length=2_048,
        pattern=r"^(https://[^\s\x00-\x20\x7f\"<>\\]+|/(?!/)[^\s\x00-\x20\x7f\"<>\\]*)(?!\n)$",
        description="An `https:` URL, or a path that begins with one `/`.",
    ),
]
NotificationParameter = Annotated[
    int, PathParameter(description="The id of a notification.", ge=1, le=MAX_SAFE_INTEGER)
]
TheNotifications: TypeAlias = NamedDependency[SkipValidation[Notifications]]


class NotificationInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A notification for `wallets` or, with `broadcast`, for everybody."""

    wallets: Annotated[list[str], Meta(min_length=1, max_length=MAX_WALLETS)] | None = None
    """The recipients; invalid wallets are skipped and counted."""
    broadcast: bool | None = None
    """True notifies everybody; then `wallets` must be absent."""
    type: NotificationType
    """The kind of notification."""
    title: Annotated[str, Meta(min_length=1, max_length=200, pattern=Text)]
    """The title, plain text."""
    content: Annotated[str, Meta(max_length=4_000, pattern=Text)]
    """The text, plain text."""
    priority: Priority | None = None
    """How urgent the notification is; `medium` by default."""
    link: Link | None = None
    """The page that the notification leads to."""
    data: dict[str, Any] | None = None
    """Further data for programs: at most 16 KiB of JSON."""
    expires_at: str | None = None
    """When the notification is removed: ISO-8601 with an offset."""
    dedupeKey: Annotated[str, Meta(min_length=1, max_length=128, pattern=Text)] | None = None
    """A wallet receives only the first notification with a given key, so that it is safe to repeat a request."""


@post(
    "/",
    summary="Notify users",
    response_description="How many notifications were created.",
    status_code=200,
    guards=[admins_only],
    opt={SCOPE_OPTION: "notifications", VALUES_OPTION: MAX_WALLETS + MAX_VALUES},
    request_max_body_size=BULK_BODY_BYTES,
    response_headers=[REPLAYED_HEADER],
    responses=problems(400, 401, 403, 408, 409, 413, 415, 429, 503),
)
async def create_notifications(
    notifications: TheNotifications,
    idempotency: TheIdempotency,
    request: CallerRequest,
    data: Annotated[NotificationInput, Body(description="The notification, and its recipients.")],
    idempotency_key: IdempotencyKey = None,
) -> Response[PostedNotifications]:
    """The notification is stored for all recipients or for none, then pushed. For admins, and machines with the scope
    `notifications`."""
    expires_s = time_parameter(data.expires_at, "expires_at")
    new = NewNotification(
        wallet=EVERYBODY,
        type=data.type,
        title=data.title,
        content=data.content,
        priority=data.priority or "medium",
        link=data.link,
        data=_checked(data.data or {}),
        expires_ms=None if expires_s is None else round(expires_s * 1000),
        dedupe_key=data.dedupeKey,
    )
    by = Actor.of(caller(request))
    if (data.wallets is None) != bool(data.broadcast):
        raise InvalidRequest("Give either `wallets` or `broadcast`: true.", field="wallets")

    async def notify(once: Once | None) -> PostedNotifications:
        if data.wallets is None:
            return await notifications.posting.announce(by, new, once)
        return await notifications.posting.post(by, data.wallets, new, once)

    return await answer_once(request, idempotency, idempotency_key, data, notify)


@delete(
    "/{notification_id:int}",
    summary="Remove a notification",
    response_description="Removed.",
    guards=[users_only],
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def delete_notification(
    notifications: TheNotifications, request: CallerRequest, notification_id: NotificationParameter
) -> None:
    """Users may remove their own notifications, and admins those of everybody."""
    await notifications.removals.remove(notification_id, caller(request))


def notifications_router() -> Router:
    """Everything under `/notifications`."""
    return Router("/notifications", route_handlers=[create_notifications, delete_notification], tags=["Notifications"])


def _checked(data: dict[str, Any]) -> dict[str, Any]:
    check_values({"data": data}, level=_RECORD_LEVEL)
    if len(msgspec.json.encode(data)) > MAX_DATA_BYTES:
        raise InvalidRequest("`data` must be at most 16 KiB of JSON.", field="data")
    return data

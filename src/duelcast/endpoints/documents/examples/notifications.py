"""The inbox of Ada: contest 2 has started, and the evening is announced."""

from __future__ import annotations

from duelcast.domain.notifications import events
from duelcast.endpoints import notifications
from duelcast.endpoints.documents.examples.story import ADA, CONTEST, END, STARTED, Examples, before

_STARTED = events.Notification(
    id=118,
    type="CONTEST_STARTED",
    title="Friday Shootout has started",
    content="The contest runs until 18:00 UTC.",
    priority="high",
    link=f"/contests/{CONTEST}",
    data={"contestId": CONTEST, "name": "Friday Shootout"},
    timestamp=STARTED,
    read=False,
    read_at=None,
    expires_at=None,
)
_ANNOUNCED = events.Notification(
    id=117,
    type="SYSTEM_ANNOUNCEMENT",
    title="Three contests tonight",
    content="The last one starts at 20:00 UTC.",
    priority="medium",
    link=None,
    data={},
    timestamp=before(7_200),
    read=False,
    read_at=None,
    expires_at=END,
)

EXAMPLES = Examples(
    said=[
        notifications.Welcome(capabilities=notifications.Capabilities(inbox=True, announcements=True)),
        notifications.MarkRead(id=118),
        notifications.MarkRead(ids=[116, 118]),
        notifications.MarkAllRead(),
        notifications.MarkAllRead(types=["CONTEST_STARTED"]),
        events.ReadConfirmed(count=1, all=True, types=["CONTEST_STARTED"]),
        notifications.GetUnread(limit=20),
        notifications.GetNotifications(limit=20, onlyUnread=True),
        events.NotificationBatch(data=[_STARTED], count=1, hasMore=True, nextCursor="1795798740000.118"),
    ],
    pushed={
        f"user.notifications.{ADA}": [
            events.NotificationAdded(data=_STARTED),
            events.UnreadCount(count=2, version=35),
            events.ReadConfirmed(count=1, ids=[118]),
            events.NotificationRemoved(ids=[102]),
            events.NotificationBatch(
                data=[_STARTED], count=1, hasMore=True, subtype="unread", nextCursor="1795798740000.118"
            ),
        ],
        "system.announcements": [
            events.NotificationAdded(data=_ANNOUNCED),
            events.NotificationBatch(data=[_ANNOUNCED], count=1, hasMore=False, subtype="announcements"),
        ],
    },
)

"""The devices of users, on notifications."""

from __future__ import annotations

from collections.abc import Sequence

from tests.rehearsal.visitor import Visitor
from tests.serving import Frame

PAGE = 100


class Device(Visitor):
    """`read` says of each notification of the user that it shows whether it was read, `announcements` has the ids of
    those to everybody; `unread` is the count that it shows. None comes twice to a connection."""

    endpoint = "notifications"

    def __init__(self, base_url: str, wallet: str | None = None) -> None:
        super().__init__(base_url, wallet, public_name="system.announcements" if wallet is None else None)
        self.read: dict[int, bool] = {}
        self.announcements: set[int] = set()
        self.unread = 0
        self.confirmed = 0
        """Marks that were acknowledged."""
        self._version = 0
        self._pushed: set[int] = set()

    async def mark(self, ids: Sequence[int]) -> None:
        """Mark notifications as read."""
        answer = await self.insist(type="mark_read", ids=list(ids))
        assert answer["type"] == "read_confirmed", answer
        assert set(answer["ids"]) == set(ids)
        self.confirmed += answer["count"]

    async def mark_all(self) -> None:
        answer = await self.insist(type="mark_all_read")
        assert answer["type"] == "read_confirmed", answer
        self.confirmed += answer["count"]

    def take(self, frame: Frame) -> None:
        match frame["type"]:
            case "connection_established":
                self._pushed.clear()
            case "notification":
                self._notified(frame)
            case "notification_batch" if frame.get("subtype") == "announcements":
                self.announcements |= {one["id"] for one in frame["data"]}
            case "notification_batch":
                self._show(frame["data"])
                if "subtype" not in frame and frame["hasMore"]:
                    self.soon(type="get_notifications", limit=PAGE, cursor=frame["nextCursor"])
            case "unread_count":
                self._count(frame)
            case "read_confirmed" if frame.get("all"):
                self.read = dict.fromkeys(self.read, True)
            case "read_confirmed":
                self.read |= dict.fromkeys(frame["ids"], True)
            case "subscription_confirmed" if not frame.get("recovered") and self.wallet is not None:
                self.soon(type="get_notifications", limit=PAGE)

    def _count(self, frame: Frame) -> None:
        if "seq" in frame:
            assert frame["version"] > self._version, (self, self._version, frame)
        # The answer to a mark that changed nothing may be older than what was pushed before it.
        if frame["version"] >= self._version:
            self._version, self.unread = frame["version"], frame["count"]

    def _notified(self, frame: Frame) -> None:
        number = frame["data"]["id"]
        if "seq" in frame:
            assert number not in self._pushed, (self, frame)
            self._pushed.add(number)
        if frame["channel"] == "system.announcements":
            self.announcements.add(number)
        else:
            self._show([frame["data"]])

    def _show(self, notifications: Sequence[Frame]) -> None:
        # A page may be from before a mark that it was told of: what was read stays so.
        self.read |= {one["id"]: one["read"] or self.read.get(one["id"], False) for one in notifications}

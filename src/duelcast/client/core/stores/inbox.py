"""The notifications of a user, and the announcements to everybody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from ..frames import Frame, read
from .base import Store

ANNOUNCEMENTS = "system.announcements"
OWN = "user.notifications."
PARTS = (OWN, ANNOUNCEMENTS)
"""The channels of the inbox; the first is completed by the wallet, which only the server knows."""

MOST_ITEMS = 1_000
"""The oldest are forgotten."""

Item = dict[str, Any]


class Unread(Struct, frozen=True):
    """How many notifications are unread; a greater `version` is newer."""

    count: int
    version: int


class _One(Struct):
    data: Item


class _Batch(Struct):
    data: list[Item]
    subtype: str | None = None


class _Ids(Struct):
    ids: list[int] | None = None
    all: bool | None = None
    types: list[str] | None = None


class _Part:
    """The notifications of one channel."""

    def __init__(self) -> None:
        self.items: dict[int, Item] = {}
        self.seen: set[int] | None = None

    def put(self, items: Iterable[Item]) -> None:
        for item in items:
            if isinstance(item_id := item.get("id"), int):
                self.items[item_id] = item
                if self.seen is not None:
                    self.seen.add(item_id)
        for item_id in sorted(self.items)[:-MOST_ITEMS]:
            del self.items[item_id]

    def end_snapshot(self) -> None:
        if self.seen is not None:
            self.items = {item_id: item for item_id, item in self.items.items() if item_id in self.seen}
            self.seen = None

    def newest_first(self) -> list[Item]:
        return [self.items[item_id] for item_id in sorted(self.items, reverse=True)]


class Inbox(Store):
    """The endpoint joins both channels by itself, so the whole connection is the store."""

    def __init__(self) -> None:
        super().__init__()
        self.unread: Unread | None = None
        self._version_begins_anew = True
        self._parts = {part: _Part() for part in PARTS}

    @property
    def notifications(self) -> list[Item]:
        """Newest first."""
        return self._parts[OWN].newest_first()

    @property
    def announcements(self) -> list[Item]:
        """Newest first."""
        return self._parts[ANNOUNCEMENTS].newest_first()

    def takes(self, channel: str) -> bool:
        return channel.startswith(PARTS)

    def has_begun(self, channel: str) -> bool:
        return _part_of(channel) in self._begun

    def arrived(self, channel: str) -> None:
        super().arrived(_part_of(channel))

    def receive(self, frame: Frame) -> None:
        part = self._parts[_part_of(frame.head.channel or "")]
        match frame.head.type:
            case "unread_count":
                self._count(read(frame.text, Unread))
            case "notification" if one := read(frame.text, _One):
                part.put([one.data])
            case "notification_batch" if batch := read(frame.text, _Batch):
                part.put(batch.data)
            case "notification_removed" if removed := read(frame.text, _Ids):
                for item_id in removed.ids or ():
                    part.items.pop(item_id, None)
            case "read_confirmed" if confirmed := read(frame.text, _Ids):
                self._mark(part, confirmed)
            case _:
                return
        self.changed()

    def forget_user(self) -> None:
        """Another user is signed in: remove what belongs to the former one."""
        self.unread = None
        self._parts[OWN].items.clear()
        self.changed()

    def lost(self) -> None:
        for part in self._parts.values():
            part.seen = None
        super().lost()

    def begin(self, part: str, *, recovered: bool, ping: int = 0) -> None:
        name = _part_of(part)
        if recovered:
            self._parts[name].seen = None
            if name == OWN:
                self._version_begins_anew = False
        super().begin(name, recovered=recovered, ping=ping)

    def _snapshot_begins(self, part: str) -> None:
        self._parts[part].seen = set()
        if part == OWN:
            self._version_begins_anew = True

    def _snapshot_ends(self, part: str) -> None:
        self._parts[part].end_snapshot()
        self.changed()

    def _count(self, unread: Unread | None) -> None:
        if unread is not None and (
            self._version_begins_anew or self.unread is None or unread.version > self.unread.version
        ):
            self.unread, self._version_begins_anew = unread, False

    @staticmethod
    def _mark(part: _Part, confirmed: _Ids) -> None:
        marked = part.items.keys() if confirmed.all else confirmed.ids or ()
        for item_id in marked:
            item = part.items.get(item_id)
            if item is not None and (confirmed.types is None or item.get("type") in confirmed.types):
                part.items[item_id] = {**item, "read": True}


def _part_of(channel: str) -> str:
    return ANNOUNCEMENTS if channel == ANNOUNCEMENTS else OWN

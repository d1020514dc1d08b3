"""The chat of a room, with messages of one's own that the server has not stored yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from msgspec import Struct

from ..frames import Failure, Frame, read

MOST_MESSAGES = 1_000
"""The oldest are forgotten. The server itself recovers no more than these."""

MOST_FAILED = 100
"""The number of messages of one's own that are remembered although the server did not store them."""


class ChatItem(Struct):
    """A message. One that is not stored yet has no `id`; `message` is the `data` of a stored one."""

    text: str
    status: Literal["sent", "pending", "failed"]
    id: int | None = None
    messageId: str | None = None
    error: Failure | None = None
    message: dict[str, Any] | None = None


class _Data(Struct):
    id: int
    text: str
    messageId: str | None = None


class _Own(Struct):
    """A message as far as the chat itself reads it."""

    data: _Data


class _Message(Struct):
    data: dict[str, Any]


class _Deleted(Struct):
    id: int


class Chat:
    """Stored messages by `id`, and behind them those of one's own that are not stored."""

    def __init__(self) -> None:
        self.readers: list[Callable[[dict[str, Any]], None]] = []
        """Called with the `data` of each new message, once and in order. They must not raise."""
        self._stored: dict[int, ChatItem] = {}
        self._own: dict[str, ChatItem] = {}
        self._seen: set[int] | None = None
        self._last_delivered = 0

    def __iter__(self) -> Iterator[ChatItem]:
        yield from (self._stored[message_id] for message_id in sorted(self._stored))
        yield from self._own.values()

    def receive(self, frame: Frame) -> bool:
        """Take a `chat_message` or a `chat_message_deleted`. Returns whether anything changed."""
        if frame.head.type == "chat_message_deleted":
            deleted = read(frame.text, _Deleted)
            return deleted is not None and self._stored.pop(deleted.id, None) is not None
        message, own = read(frame.text, _Message), read(frame.text, _Own)
        if message is None or own is None:
            return False
        data = own.data
        is_new = data.id not in self._stored and (data.id > self._last_delivered or self._seen is not None)
        if data.messageId is not None:
            self._own.pop(data.messageId, None)
        self._stored[data.id] = ChatItem(data.text, "sent", data.id, data.messageId, None, message.data)
        if self._seen is not None:
            self._seen.add(data.id)
        if len(self._stored) > MOST_MESSAGES:
            del self._stored[min(self._stored)]
        if is_new:
            self._last_delivered = data.id
            for reader in tuple(self.readers):
                reader(message.data)
        return True

    def sending(self, message_id: str, text: str) -> None:
        """The client sends a message of its own, or sends it again."""
        self._own[message_id] = ChatItem(text, "pending", None, message_id)
        failed = [key for key, item in self._own.items() if item.status == "failed"]
        for key in failed[:-MOST_FAILED]:
            del self._own[key]

    def failed(self, message_id: str, failure: Failure) -> bool:
        """Sending a message of one's own failed. Returns whether it is still listed: it may have come as a push."""
        item = self._own.get(message_id)
        if item is not None:
            item.status, item.error = "failed", failure
        return item is not None

    def dismiss(self, message_id: str) -> None:
        """Remove a message of one's own that failed."""
        self._own.pop(message_id, None)

    def forget_own(self) -> None:
        """Remove the messages of one's own that are not stored."""
        self._own.clear()

    def lost(self) -> None:
        self._seen = None

    def snapshot_begins(self) -> None:
        self._seen = set()

    def snapshot_ends(self) -> None:
        if self._seen is not None:
            self._stored = {message_id: item for message_id, item in self._stored.items() if message_id in self._seen}
            self._seen = None

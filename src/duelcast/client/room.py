"""The room of a contest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .core.stores import room as stores
from .driver import Driver
from .endpoint import DEFAULT_MAXSIZE, DEFAULT_TIMEOUT_S, milliseconds, outcome_of, reply_of
from .followed import Followed
from .generated.contest import ChatMessage
from .generated.records import ChatMessageRecord, ContestView, Leaderboard, Participant
from .messages import Record
from .streams import Every, Stream
from .types import record_of
from .wish import Wish


class ChatEntry(Record, frozen=True, kw_only=True):
    """A message in a chat. One's own is `pending` until it is stored, and `failed` with an `error` code if it was
    refused; both have no `message` yet."""

    text: str
    status: str
    message: ChatMessageRecord | None = None
    messageId: str | None = None
    error: str | None = None


class Member(Record, frozen=True, kw_only=True):
    """A user in a room. `role` is `participant`, `spectator` or `admin`; None if the user joined later than this
    client."""

    wallet: str
    nickname: str | None = None
    role: str | None = None


class Room(Followed[stores.Room]):
    """A room that is joined while it is open as a context manager. Its values survive lost connections; `status` says
    whether they are current."""

    def __init__(self, driver: Driver, contest_id: int) -> None:
        super().__init__(driver, "contest", lambda core: core.room(contest_id))
        self.contest_id = contest_id

    @property
    def role(self) -> str | None:
        """`participant`, `spectator` or `admin`; None until the room is joined."""
        return self._store.role

    @property
    def contest(self) -> ContestView | None:
        return record_of(self._store.contest, ContestView)

    @property
    def leaderboard(self) -> Leaderboard | None:
        return record_of(self._store.leaderboard, Leaderboard)

    @property
    def participant(self) -> Participant | None:
        """The row of the signed-in user."""
        return record_of(self._store.participant, Participant)

    @property
    def members(self) -> list[Member]:
        """At most 100, in the order of joining."""
        members = (record_of(member, Member) for member in self._store.members)
        return [member for member in members if member is not None]

    @property
    def member_count(self) -> int | None:
        return self._store.member_count

    @property
    def spectator_count(self) -> int | None:
        return self._store.spectator_count

    @property
    def admin_present(self) -> bool | None:
        return self._store.admin_present

    @property
    def messages(self) -> list[ChatEntry]:
        """The newest messages of the chat, in order, and behind them those of one's own that are not stored."""
        return [
            ChatEntry(
                text=item.text,
                status=item.status,
                message=record_of(item.message, ChatMessageRecord),
                messageId=item.messageId,
                error=item.error.code if item.error is not None else None,
            )
            for item in self._store.chat
        ]

    async def send(
        self, text: str, *, message_id: str | None = None, timeout: float | None = DEFAULT_TIMEOUT_S
    ) -> ChatMessageRecord:
        """Send a chat message, and return it as it was stored. It is repeated with the same id after a lost connection,
        so it is stored once. `message_id` is that of a message of one's own that failed, to send it again in its place.
        Raises `RequestFailed`, `Closed`, and `UnicodeEncodeError` for text that is not Unicode."""
        core, store = self._driver.core, self._store
        reply = await outcome_of(
            self._driver,
            lambda settled: core.say(store, text, settled, milliseconds(timeout), message_id),
            lambda request: core.abort("contest", request),
        )
        return reply_of("contest", reply, ChatMessage).data

    def dismiss(self, message_id: str) -> None:
        """Remove a message of one's own that failed from `messages`."""
        self._store.chat.dismiss(message_id)
        self._store.changed()

    def chat(self, *, maxsize: int = DEFAULT_MAXSIZE) -> Stream[ChatMessageRecord]:
        """The messages of the chat, each once and in order, beginning with those that the room has. A reader that is
        more than `maxsize` messages late gets `Overflow`."""

        def begin() -> tuple[Every[ChatMessageRecord], Wish]:
            feed: Every[ChatMessageRecord] = Every(maxsize)

            def read(data: Mapping[str, Any]) -> None:
                if (message := record_of(data, ChatMessageRecord)) is not None:
                    feed.put(message)

            def stop() -> None:
                store.chat.readers.remove(read)

            store, wish = self._follow(feed.bell.ring, feed.bell.ring, stop)
            for item in store.chat:
                if item.message is not None:
                    read(item.message)
            store.chat.readers.append(read)
            return feed, wish

        return Stream(begin)

"""The room of a contest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

import msgspec

from .core.frames import Frame
from .core.stores import room as stores
from .core.stores.base import Status
from .driver import Driver
from .endpoint import DEFAULT_MAXSIZE, DEFAULT_TIMEOUT_S, milliseconds, outcome_of
from .generated.records import ChatMessageRecord, ContestView, Leaderboard, Participant
from .messages import Record
from .streams import Bell, Every, Newest, Stream
from .types import record_of
from .wish import Wish

T = TypeVar("T")


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


class Room:
    """A room that is joined while it is open as a context manager. Its values survive lost connections; `status` says
    whether they are current."""

    def __init__(self, driver: Driver, contest_id: int) -> None:
        self.contest_id = contest_id
        self._driver = driver
        self._bell = Bell()
        self._opened: tuple[stores.Room, Wish] | None = None

    async def __aenter__(self) -> Room:
        if self._opened is None:
            with self._driver.turn() as core:
                store = core.room(self.contest_id)
            key = ("room", self.contest_id)
            self._opened = store, Wish(self._driver, "contest", {key: store}, self._bell.ring, self._bell.ring)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened[1].end()
            self._bell.ring()

    async def ready(self) -> None:
        """Return once the room is joined and all its values have arrived. Raises `Refused`, `SignedOut` or `Closed`."""
        while self.status != "live":
            if (error := self._wish.error()) is not None:
                raise error
            await self._bell.wait()

    @property
    def status(self) -> Status:
        """`loading`, `live`, `stale` (not connected, or not complete again yet) or `refused`."""
        return self._store.status

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

    async def send(self, text: str, *, timeout: float | None = DEFAULT_TIMEOUT_S) -> ChatMessageRecord:
        """Send a chat message, and return it as it was stored. It is repeated with the same id after a lost connection,
        so it is stored once. Raises `RequestFailed` and `Closed`."""
        core, store = self._driver.core, self._store
        reply = await outcome_of(
            self._driver,
            lambda settled: core.say(store, text, settled, milliseconds(timeout)),
            lambda request: core.abort("contest", request),
        )
        return _stored(reply)

    def forget(self, message_id: str) -> None:
        """Remove a message of one's own that failed from `messages`."""
        self._store.chat.forget(message_id)
        self._store.changed()

    def chat(self, *, maxsize: int = DEFAULT_MAXSIZE) -> Stream[ChatMessageRecord]:
        """The messages of the chat, each once and in order, beginning with those that the room has. A reader that is
        more than `maxsize` messages late gets `Overflow`."""
        driver, contest_id = self._driver, self.contest_id

        def begin() -> tuple[Every[ChatMessageRecord], Wish]:
            feed: Every[ChatMessageRecord] = Every(maxsize)

            def read(data: Mapping[str, Any]) -> None:
                if (message := record_of(data, ChatMessageRecord)) is not None:
                    feed.put(message)

            with driver.turn() as core:
                store = core.room(contest_id)
            for item in store.chat:
                if item.message is not None:
                    read(item.message)
            store.chat.readers.append(read)
            key = ("room", contest_id)
            stop: Callable[[], None] = lambda: store.chat.readers.remove(read)  # noqa: E731
            return feed, Wish(driver, "contest", {key: store}, feed.bell.ring, feed.bell.ring, stop)

        return Stream(begin)

    def changes(self) -> Stream[Room]:
        """Yields this room at once, and again whenever anything in it has changed since."""
        driver, contest_id = self._driver, self.contest_id

        def begin() -> tuple[Newest[Room], Wish]:
            feed: Newest[Room] = Newest(lambda _key: self)
            feed.change("")
            with driver.turn() as core:
                store = core.room(contest_id)
            key = ("room", contest_id)
            return feed, Wish(driver, "contest", {key: store}, feed.change, feed.bell.ring)

        return Stream(begin)

    @property
    def _store(self) -> stores.Room:
        return self._entered[0]

    @property
    def _wish(self) -> Wish:
        return self._entered[1]

    @property
    def _entered(self) -> tuple[stores.Room, Wish]:
        if self._opened is None:
            raise RuntimeError("the room is not open: use `async with client.room(…) as room`")
        return self._opened


class _Reply(msgspec.Struct):
    data: ChatMessageRecord


def _stored(frame: Frame) -> ChatMessageRecord:
    return msgspec.json.decode(frame.text, type=_Reply).data

"""The common part of all stores: their status, and the end of snapshots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import Literal

from ..frames import Failure, Frame

Status = Literal["loading", "live", "stale", "refused"]


class Store(ABC):
    """Values of one or more channels.

    It outlives connections. While a snapshot or replay has begun and is not complete, or there is no connection, the
    values may be old, and `status` says so.
    """

    def __init__(self) -> None:
        self.status: Status = "loading"
        self.refusal: Failure | None = None
        """Why the server does not let this client follow; None unless `status` is `refused`."""
        self.is_refused_for_good = False
        """Whether readers should not wait for an end of the refusal: the client does not ask again, or what it asks for
        may never have existed."""
        self.key: Hashable = None
        """Names the store among those that are wanted."""
        self.watchers: list[Callable[[str], None]] = []
        """Called after each change, with the key of what changed, or an empty string. They must not raise."""
        self._was_live = False
        self._begun: set[str] = set()
        """The parts, usually channels, of which it holds everything, or will once the snapshot has arrived."""
        self._unsettled: dict[str, int] = {}
        """By part: the number of the ping whose answer ends the snapshot or replay."""
        self._unfinished: set[str] = set()
        """Those of them that are snapshots."""

    @abstractmethod
    def takes(self, channel: str) -> bool:
        """Whether messages of `channel` belong to this store."""

    def has_begun(self, channel: str) -> bool:
        """Whether it goes on with the next message of `channel`, and needs no snapshot."""
        return channel in self._begun

    def accepts(self, *, is_repeat: bool) -> bool:
        """Whether it can use a message that it takes. `is_repeat` says that only a store whose snapshot or replay is
        under way may lack it."""
        return True

    @abstractmethod
    def receive(self, frame: Frame) -> None:
        """Take a push, or a part of a snapshot. One of another shape than expected is ignored."""

    def begin(self, part: str, *, recovered: bool, ping: int = 0) -> None:
        """A snapshot of `part`, or a replay if `recovered`, begins. It ends with the answer to the ping with this
        number, or a later one."""
        self._begun.add(part)
        self._unsettled[part] = ping
        if recovered:
            self._unfinished.discard(part)
        else:
            self._unfinished.add(part)
            self._snapshot_begins(part)
        self._set_status(self._waiting_status)

    def connected(self, channel: str) -> None:
        """The connection brought `channel`, with all that it begins with."""
        self._begun.add(channel)

    def settle(self, ping: int) -> None:
        """The ping with this number was answered."""
        self._settle([part for part, needed in self._unsettled.items() if needed <= ping])

    def arrived(self, channel: str) -> None:
        """The server begins the next snapshot of `channel`, so the one before it has arrived."""
        self._settle([channel] if channel in self._unsettled else [])

    def lost(self) -> None:
        """The connection was lost; an unfinished snapshot removes nothing."""
        self._begun -= self._unfinished
        self._unfinished.clear()
        self._unsettled.clear()
        if self.status == "live":
            self._set_status("stale")

    def stop(self, failure: Failure) -> None:
        """There will be no connection until the application sets a token."""
        if self._was_live:
            self._set_status("stale")
        else:
            self._set_status("refused", failure, for_good=True)

    def start(self) -> None:
        """There may be connections again, to which no refusal so far applies."""
        self._set_status(self._waiting_status)

    def refuse(self, failure: Failure, *, asks_again: bool) -> None:
        """The server does not let this client follow; it may do so later if the client `asks_again`."""
        may_pass = asks_again and (self._was_live or failure.retry_after_ms is not None)
        self._set_status("refused", failure, for_good=not may_pass)

    def changed(self, key: str = "") -> None:
        """Call the watchers."""
        for watcher in tuple(self.watchers):
            watcher(key)

    @abstractmethod
    def _snapshot_begins(self, part: str) -> None:
        """Remember from now on what the snapshot contains."""

    @abstractmethod
    def _snapshot_ends(self, part: str) -> None:
        """Remove what the snapshot did not contain."""

    @property
    def _waiting_status(self) -> Status:
        return "stale" if self._was_live else "loading"

    def _settle(self, parts: list[str]) -> None:
        for part in parts:
            del self._unsettled[part]
            self._unfinished.discard(part)
            self._snapshot_ends(part)
        if parts and not self._unsettled and self.status != "refused":
            self._was_live = True
            self._set_status("live")

    def _set_status(self, status: Status, refusal: Failure | None = None, *, for_good: bool = False) -> None:
        if (status, refusal, for_good) != (self.status, self.refusal, self.is_refused_for_good):
            self.status, self.refusal, self.is_refused_for_good = status, refusal, for_good
            self.changed()

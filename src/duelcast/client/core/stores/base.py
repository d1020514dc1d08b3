"""The common part of all stores: their status, and the end of snapshots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
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
        self.watchers: list[Callable[[str], None]] = []
        """Called after each change, with the key of what changed, or an empty string. They must not raise."""
        self._was_live = False
        self._unsettled: dict[str, int] = {}
        """By part, usually a channel: the number of the ping whose answer ends the snapshot or replay."""

    @abstractmethod
    def takes(self, channel: str) -> bool:
        """Whether messages of `channel` belong to this store."""

    @abstractmethod
    def receive(self, frame: Frame) -> None:
        """Take a push, or a part of a snapshot. One of another shape than expected is ignored."""

    def begin(self, part: str, *, recovered: bool, ping: int = 0) -> None:
        """A snapshot of `part`, or a replay if `recovered`, begins. It ends with the answer to the ping with this
        number, or a later one."""
        self._unsettled[part] = ping
        if not recovered:
            self._snapshot_begins(part)
        self._set_status("stale" if self._was_live else "loading")

    def settle(self, ping: int) -> None:
        """The ping with this number was answered."""
        done = [part for part, needed in self._unsettled.items() if needed <= ping]
        for part in done:
            del self._unsettled[part]
            self._snapshot_ends(part)
        if done and not self._unsettled and self.status != "refused":
            self._was_live = True
            self._set_status("live")

    def lost(self) -> None:
        """The connection was lost; an unfinished snapshot removes nothing."""
        self._unsettled.clear()
        if self.status == "live":
            self._set_status("stale")

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

    def _set_status(self, status: Status, refusal: Failure | None = None, *, for_good: bool = False) -> None:
        if (status, refusal, for_good) != (self.status, self.refusal, self.is_refused_for_good):
            self.status, self.refusal, self.is_refused_for_good = status, refusal, for_good
            self.changed()

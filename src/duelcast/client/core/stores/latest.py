"""The newest message of each channel, if a message replaces those before it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ..contract import covers
from ..frames import Frame, read
from .base import Store


class _Update(Struct):
    data: dict[str, Any]


class Latest(Store):
    """The `data` of the newest message of type `kind` on each channel that `channel`, a channel or group, brings. The
    keys of its changes are channels."""

    def __init__(self, endpoint: str, channel: str, kind: str) -> None:
        super().__init__()
        self.channel = channel
        self.newest: dict[str, dict[str, Any]] = {}
        """By channel."""
        self._endpoint = endpoint
        self._kind = kind
        self._snapshots: dict[str, set[str]] = {}
        """By channel or group: the channels of which its snapshot has contained a message so far."""

    def takes(self, channel: str) -> bool:
        return covers(self._endpoint, self.channel, channel)

    def receive(self, frame: Frame) -> None:
        channel = frame.head.channel
        if frame.head.type != self._kind or channel is None or (update := read(frame.text, _Update)) is None:
            return
        self.newest[channel] = update.data
        for seen in self._snapshots.values():
            seen.add(channel)
        self.changed(channel)

    def lost(self) -> None:
        self._snapshots.clear()
        super().lost()

    def _snapshot_begins(self, part: str) -> None:
        self._snapshots[part] = set()

    def _snapshot_ends(self, part: str) -> None:
        seen = self._snapshots.pop(part, None)
        if seen is None:
            return
        for channel in [name for name in self.newest if name not in seen and covers(self._endpoint, part, name)]:
            del self.newest[channel]
            self.changed(channel)

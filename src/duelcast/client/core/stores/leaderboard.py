"""The newest leaderboard of a contest."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from ..frames import Frame, read
from .base import Store


class _Update(Struct):
    data: dict[str, Any]


class Leaderboard(Store):
    """The `data` of the newest `leaderboard_update`; None before the first. The key of its changes is the channel."""

    endpoint = "contest"

    def __init__(self, contest_id: int) -> None:
        super().__init__()
        self.channel = f"leaderboard.{contest_id}"
        self.newest: dict[str, Any] | None = None
        self._is_in_snapshot = True

    def takes(self, channel: str) -> bool:
        return channel == self.channel

    def receive(self, frame: Frame) -> None:
        update = read(frame.text, _Update) if frame.head.type == "leaderboard_update" else None
        if update is not None:
            self.newest, self._is_in_snapshot = update.data, True
            self.changed(self.channel)

    def lost(self) -> None:
        self._is_in_snapshot = True
        super().lost()

    def _snapshot_begins(self, part: str) -> None:
        self._is_in_snapshot = False

    def _snapshot_ends(self, part: str) -> None:
        if not self._is_in_snapshot:
            self.newest, self._is_in_snapshot = None, True
            self.changed(self.channel)

"""Messages of channels, which are delivered and not held."""

from __future__ import annotations

from collections.abc import Callable

from ..contract import covers
from ..frames import Frame
from .base import Store


class Pushes(Store):
    """Delivers the messages of all channels that the connection follows, whoever joined them, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Callable[[Frame], None]] = []
        """Called with each message. They must not raise."""

    def takes(self, channel: str) -> bool:
        return True

    def receive(self, frame: Frame) -> None:
        for reader in tuple(self.readers):
            reader(frame)

    def _snapshot_begins(self, part: str) -> None:
        """Nothing is held."""

    def _snapshot_ends(self, part: str) -> None:
        """Nothing is held."""


class Channel(Pushes):
    """Joins a channel or group, and delivers its messages."""

    def __init__(self, endpoint: str, channel: str) -> None:
        super().__init__()
        self.channel = channel
        self._endpoint = endpoint

    def takes(self, channel: str) -> bool:
        return covers(self._endpoint, self.channel, channel)

    def accepts(self, *, is_repeat: bool) -> bool:
        return bool(self._unsettled if is_repeat else self._begun)

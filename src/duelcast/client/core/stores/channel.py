"""The messages of a channel or group, which are delivered and not held."""

from __future__ import annotations

from collections.abc import Callable

from ..contract import group_of
from ..frames import Frame
from .base import Store

_CATEGORY = "category."
_SETTING = "setting."


class Channel(Store):
    """Delivers the messages of any channel or group, in order."""

    def __init__(self, channel: str) -> None:
        super().__init__()
        self.channel = channel
        self.readers: list[Callable[[Frame], None]] = []
        """Called with each message. They must not raise."""

    def takes(self, channel: str) -> bool:
        if channel == self.channel or group_of(channel) == self.channel:
            return True
        # The name of a setting does not tell its category. The server sends only settings that somebody here follows.
        return self.channel.startswith(_CATEGORY) and channel.startswith(_SETTING)

    def receive(self, frame: Frame) -> None:
        for reader in tuple(self.readers):
            reader(frame)

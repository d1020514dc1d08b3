"""A client's positions in the channels it follows (protocol §2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from duelcast.channels.broker import Position


class Positions:
    """Learns the client's position in each channel from the messages.

    A position is the `seq` of the last message handled, together with its epoch. Before the first message, the position
    is the one in the confirmation. It counts only once the snapshot is complete, which is certain when the first frame
    after the snapshot arrives. If the server replays messages instead of sending a snapshot, the position is the
    requested one until the first replayed message.
    """

    def __init__(self) -> None:
        self._known: dict[str, Position] = {}
        self._early: dict[str, int] = {}
        self._unsettled: tuple[str, Position] | None = None
        self._epoch: str | None = None

    def since(self, channel: str) -> Position | None:
        """The position to resume from; None if it is unknown."""
        return self._known.get(channel)

    @property
    def epoch(self) -> str | None:
        """The epoch of the current connection; None until it is known."""
        return self._epoch

    def connecting(self) -> None:
        """Begin a connection, whose epoch is not known yet. The position of an unfinished snapshot is dropped."""
        self._unsettled = None
        self._epoch = None
        self._early.clear()

    def observe(self, message: Mapping[str, Any]) -> None:
        """Learn from a message of the server."""
        channel, seq = message.get("channel"), message.get("seq")
        self._settle(channel, seq)
        match message.get("type"):
            case "connection_established":
                self._established(message)
            case "subscription_confirmed" if isinstance(channel, str):
                self._confirmed(channel, message)
            case "unsubscription_confirmed" if isinstance(channel, str):
                self._known.pop(channel, None)
            case _ if isinstance(channel, str) and isinstance(seq, int):
                self._moved(channel, seq)
        positions = message.get("positions")
        if isinstance(positions, dict):
            for name, position in positions.items():
                self._moved(name, position)

    def _settle(self, channel: object, seq: object) -> None:
        """Adopt the position in the confirmation once a frame arrives that is not part of the snapshot."""
        if self._unsettled is None:
            return
        name, position = self._unsettled
        if name != channel or isinstance(seq, int):
            self._known.setdefault(name, position)
            self._unsettled = None

    def _established(self, message: Mapping[str, Any]) -> None:
        self._epoch = message.get("epoch")
        for name, seq in self._early.items():
            self._moved(name, seq)
        self._early.clear()

    def _confirmed(self, channel: str, message: Mapping[str, Any]) -> None:
        epoch, seq = message.get("epoch"), message.get("seq")
        if message.get("recovered") is True and channel in self._known:
            return
        self._known.pop(channel, None)
        if isinstance(epoch, str) and isinstance(seq, int):
            self._epoch = epoch
            self._unsettled = (channel, Position(epoch, seq))

    def _moved(self, channel: str, seq: int) -> None:
        if self._epoch is None:
            self._early[channel] = seq
        else:
            self._known[channel] = Position(self._epoch, seq)

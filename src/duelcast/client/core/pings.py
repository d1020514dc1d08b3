"""Numbers the pings of a connection and recognises their answers."""

from __future__ import annotations

from collections.abc import Callable

from .frames import Frame, Pong, read
from .offset import ClockOffset
from .timers import Timers


class Pings:
    """Commands are answered in order, so the answer to a ping shows that everything asked for before it has arrived."""

    def __init__(self, timers: Timers, offset: ClockOffset, send: Callable[[dict[str, object]], str]) -> None:
        self._timers = timers
        self._offset = offset
        self._send = send
        self._count = 0
        self._open: dict[str, tuple[int, int]] = {}
        """The number of each unanswered ping and when it was sent, by `requestId`."""

    def ping(self) -> int:
        """Send a ping. Returns its number; later pings have greater ones."""
        self._count += 1
        request_id = self._send({"type": "ping", "timestamp": self._timers.wall_ms})
        self._open[request_id] = (self._count, self._timers.now_ms)
        return self._count

    def answered(self, frame: Frame) -> int | None:
        """The number of the ping that this `pong` answers; None if it answers none of this connection."""
        number, sent_ms = self._open.pop(frame.head.requestId or "", (None, 0))
        if number is not None and (pong := read(frame.text, Pong)):
            self._offset.learn(pong.serverTime, self._timers.now_ms - sent_ms, self._timers.wall_ms)
        return number

    def lost(self) -> None:
        self._open.clear()

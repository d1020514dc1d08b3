"""What is read of a client: a little in each loop turn, as much as its state allows, and of unfinished messages no more
than a budget.

picows would read for as long as something comes, and keep whatever is unfinished. `BoundedReader` stands before it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable
from typing import Any, Protocol

READ_TURN_BYTES = 4096
_DISCARDED = memoryview(bytearray(READ_TURN_BYTES))
"""Where bytes go that nobody looks at."""


def resume_reading(transport: Any) -> None:
    """Read again from a transport that was paused.

    Over TLS aiofastnet 1.2 asks the socket alone, and forgets what it took from that before the pause.
    """
    transport.resume_reading()
    retry = getattr(transport, "_retry_ssl_read", None)
    if retry is not None:
        asyncio.get_running_loop().call_soon(retry)


class UnfinishedHolder(Protocol):
    """Who holds an unfinished message."""

    @property
    def address_key(self) -> Hashable:
        """The same for all connections of an address."""


class UnfinishedBudget:
    """Bytes of unfinished messages, fragments and partial frames, that all connections together may hold."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self._holders: dict[UnfinishedHolder, int] = {}

    def hold(self, holder: UnfinishedHolder, size_bytes: int) -> None:
        """`holder` has so many bytes now."""
        self.held_bytes += size_bytes - self._holders.pop(holder, 0)
        if size_bytes:
            self._holders[holder] = size_bytes

    def excessive(self) -> UnfinishedHolder | None:
        """Of the address that holds most the one that holds most, while all hold more than they may."""
        if self.held_bytes <= self.max_bytes:
            return None
        by_address: Counter[Hashable] = Counter()
        for holder, size_bytes in self._holders.items():
            by_address[holder.address_key] += size_bytes
        ((address, _),) = by_address.most_common(1)
        candidates = [holder for holder in self._holders if holder.address_key == address]
        return max(candidates, key=self._holders.__getitem__)


class ReadingSocket(Protocol):
    """What a reader has to do with its socket."""

    tail_bytes: int
    """What was read of a frame that is not complete."""
    is_unfinished: bool
    """Whether a message was begun and is not complete, or was not after the last read."""

    def has_read(self, *, frames: bool) -> None:
        """Hear that something was read, and whether a frame was completed by it."""

    def wait_for_turn(self) -> None:
        """Read nothing more in this loop turn."""

    def limit_reached(self) -> None:
        """Read nothing more: all that the state of the connection allows was read."""

    def pause_writing(self) -> None: ...

    def resume_writing(self) -> None: ...

    def on_ws_disconnected(self, transport: Any) -> None:
        """Hear that the connection has ended."""


class BoundedReader(asyncio.BufferedProtocol):
    """A protocol that hands `parser`, which is picows', at most `turn_bytes` per loop turn.

    `allow` bounds what is read from then on.
    """

    __slots__ = ("_allowed_bytes", "_limit_bytes", "_offered_bytes", "_parser", "_socket", "_turn_bytes")

    def __init__(self, parser: Any, socket: ReadingSocket, turn_bytes: int) -> None:
        self._parser = parser
        self._socket = socket
        self._turn_bytes = self._limit_bytes = turn_bytes
        self._offered_bytes = 0
        self._allowed_bytes: int | None = None

    def allow(self, size_bytes: int | None) -> None:
        """Let so many bytes more be read, None is as many as come."""
        self._allowed_bytes = size_bytes
        self._limit_bytes = self._turn_bytes if size_bytes is None else min(self._turn_bytes, size_bytes)

    def discard(self) -> None:
        """Give back what the parser holds, and look at nothing more that comes."""
        self._parser = None

    def get_buffer(self, sizehint: int) -> memoryview:
        parser = self._parser
        buffer = _DISCARDED if parser is None else parser.get_buffer(sizehint)
        size, limit = len(buffer), self._limit_bytes
        if size > limit:
            self._offered_bytes = limit
            return buffer[:limit]
        self._offered_bytes = size
        return buffer

    def buffer_updated(self, nbytes: int) -> None:
        socket, parser = self._socket, self._parser
        if parser is not None:
            socket.tail_bytes = expected = socket.tail_bytes + nbytes
            parser.buffer_updated(nbytes)
            tail_bytes = socket.tail_bytes
            # Most reads bring whole messages, of which nothing is left.
            if tail_bytes or socket.is_unfinished:
                # Each frame leaves its own rest, which is less: it has a head.
                socket.has_read(frames=tail_bytes != expected)
        if nbytes == self._offered_bytes:
            socket.wait_for_turn()
        if self._allowed_bytes is not None:
            self.allow(max(0, self._allowed_bytes - nbytes))
            if not self._limit_bytes:
                socket.limit_reached()

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._socket.pause_writing()

    def resume_writing(self) -> None:
        self._socket.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._parser is None:
            self._socket.on_ws_disconnected(None)
        else:
            self._parser.connection_lost(exc)

"""Limits what is read from clients: per loop iteration, by the state of the connection, and by a budget for unfinished
messages.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Hashable
from typing import Any, Protocol

from duelcast.gateway.frame_parsers import FrameParser, FrameParsers, FrameReceiver

READ_TURN_BYTES = 4096
_DISCARDED = memoryview(bytearray(READ_TURN_BYTES))
"""Receives bytes that are thrown away."""


def resume_reading(transport: Any) -> None:
    """Resume reading from a paused transport.

    Over TLS, aiofastnet 1.2 then waits for the socket, and forgets what it had already read from it; `_retry_ssl_read`
    goes on with that.
    """
    transport.resume_reading()
    retry = getattr(transport, "_retry_ssl_read", None)
    if retry is not None:
        asyncio.get_running_loop().call_soon(retry)


class UnfinishedHolder(Protocol):
    """The holder of an unfinished message."""

    @property
    def address_key(self) -> Hashable:
        """A key that is equal for all connections from an address."""


class UnfinishedBudget:
    """The bytes of unfinished messages (fragments and partial frames) that all connections together may hold."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self._holders: dict[UnfinishedHolder, int] = {}

    def hold(self, holder: UnfinishedHolder, size_bytes: int) -> None:
        """Note that `holder` now holds `size_bytes`."""
        self.held_bytes += size_bytes - self._holders.pop(holder, 0)
        if size_bytes:
            self._holders[holder] = size_bytes

    def excessive(self) -> UnfinishedHolder | None:
        """If the budget is exceeded, the largest holder at the address whose connections hold the most; otherwise
        None."""
        if self.held_bytes <= self.max_bytes:
            return None
        by_address: Counter[Hashable] = Counter()
        for holder, size_bytes in self._holders.items():
            by_address[holder.address_key] += size_bytes
        ((address, _),) = by_address.most_common(1)
        candidates = [holder for holder in self._holders if holder.address_key == address]
        return max(candidates, key=self._holders.__getitem__)


class ReadingSocket(FrameReceiver, Protocol):
    """A socket, as its reader sees it."""

    tail_bytes: int
    """How many bytes of an incomplete frame have been read."""
    is_unfinished: bool
    """Whether a message is incomplete, or was incomplete after the last read."""
    close_code: int | None
    """The code with which this side closed; None while the connection is open."""

    def has_read(self, *, frames: bool) -> None:
        """Called after a read; `frames` says whether the read completed a frame."""

    def wait_for_turn(self) -> None:
        """Read nothing more in this loop iteration."""

    def limit_reached(self) -> None:
        """Read nothing more, because the limit for the present state of the connection is reached."""

    def pause_writing(self) -> None: ...

    def resume_writing(self) -> None: ...

    def on_ws_disconnected(self, transport: Any) -> None:
        """Called when the connection has ended."""


class BoundedReader(asyncio.BufferedProtocol):
    """A protocol that hands a parser at most `turn_bytes` per loop iteration: the one that `parsers` shares, or its own
    while a frame is incomplete.

    `allow` limits how much is read from then on.
    """

    __slots__ = ("_allowed_bytes", "_limit_bytes", "_offered_bytes", "_parser", "_parsers", "_socket", "_turn_bytes")

    def __init__(self, socket: ReadingSocket, parsers: FrameParsers, turn_bytes: int) -> None:
        self._socket = socket
        self._parsers: FrameParsers | None = parsers
        self._parser: FrameParser | None = None
        self._turn_bytes = self._limit_bytes = turn_bytes
        self._offered_bytes = 0
        self._allowed_bytes: int | None = None

    def is_buffered_protocol(self) -> bool:
        """Spares aiofastnet the search for the kind of this protocol."""
        return True

    def allow(self, size_bytes: int | None) -> None:
        """Allow `size_bytes` more to be read; None removes the limit."""
        self._allowed_bytes = size_bytes
        self._limit_bytes = self._turn_bytes if size_bytes is None else min(self._turn_bytes, size_bytes)

    def discard(self) -> None:
        """Ignore everything that still arrives."""
        self._parsers = self._parser = None

    def get_buffer(self, sizehint: int) -> memoryview:
        parser, parsers = self._parser, self._parsers
        if parser is None and parsers is not None:
            parser = parsers.shared
            assert parser.receiver is None, "the transport reads while a read is being handled"
        buffer = _DISCARDED if parser is None else parser.get_buffer(sizehint)
        size, limit = len(buffer), self._limit_bytes
        if size > limit:
            self._offered_bytes = limit
            return buffer[:limit]
        self._offered_bytes = size
        return buffer

    def buffer_updated(self, nbytes: int) -> None:
        socket, parser, parsers = self._socket, self._parser, self._parsers
        if parsers is not None:
            is_own = parser is not None
            if parser is None:
                parser = parsers.shared
                parser.receiver = socket
            socket.tail_bytes = expected = socket.tail_bytes + nbytes
            parser.buffer_updated(nbytes)
            tail_bytes = socket.tail_bytes
            # Most reads bring whole messages, and leave nothing over.
            if tail_bytes or socket.is_unfinished:
                # If the read completed a frame, the tail is shorter than expected, at least by the head of that frame.
                socket.has_read(frames=tail_bytes != expected)
            if tail_bytes or is_own or nbytes > parsers.growing_bytes or socket.close_code is not None:
                self._keep_or_give_back(parser, parsers)
            else:
                parser.receiver = None
        if nbytes == self._offered_bytes:
            socket.wait_for_turn()
        if self._allowed_bytes is not None:
            self.allow(max(0, self._allowed_bytes - nbytes))
            if not self._limit_bytes:
                socket.limit_reached()

    def _keep_or_give_back(self, parser: FrameParser, parsers: FrameParsers) -> None:
        if self._socket.tail_bytes or parser.has_failed:
            parsers.lend(parser)
            if self._parsers is not None:
                self._parser = parser
        else:
            self._parser = None
            parsers.take_back(parser)

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        self._socket.pause_writing()

    def resume_writing(self) -> None:
        self._socket.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self.discard()
        self._socket.on_ws_disconnected(None)

"""picows as a parser of frames, shared by all connections. This is the only file that uses `WSProtocol`, which is not
public, so the project bounds the version of picows.

Between two frames, a parser holds nothing of its connection. So all connections share one, and only those in the middle
of a frame have one of their own. An idle connection takes less memory, and a new one needs neither a parser nor the
calls to its socket with which picows begins a connection.
"""

from __future__ import annotations

from typing import Any, Protocol, cast

import picows.picows
from picows import WSAutoPingStrategy, WSCloseCode, WSFrame, WSListener, WSTransport

MAX_SPARE = 8
"""This many parsers are kept for reuse. More are needed only while more connections are in the middle of a frame."""
_GROWTH_PERCENT = 90
"""picows doubles its buffer once a read has filled more of it than this."""
_RESERVE_BYTES = 256
"""picows leaves this much of its buffer unused."""
_REQUEST = (
    b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
"""Makes picows expect frames."""


class FrameReceiver(Protocol):
    """A socket, as a parser sees it."""

    ws: Any

    def on_ws_frame(self, transport: Any, frame: WSFrame) -> None:
        """Called with each frame."""

    def parser_failed(self, refused_with: int, unanswered_close: int | None) -> None:
        """Called when a frame is refused with a close code, after which no frame is parsed. If a CLOSE before it is
        still to be handled, `unanswered_close` is the code in that, 0 if it has none."""


class FrameParser(WSListener):
    """A parser, which gives frames to the socket that it is lent to."""

    __slots__ = ("_protocol", "_stand_in", "buffer_updated", "get_buffer", "has_failed", "receiver")

    def __init__(self, max_frame_bytes: int, buffer_bytes: int) -> None:
        self.receiver: FrameReceiver | None = None
        self.has_failed = False
        self._stand_in = _StandIn(self)
        # The stub lacks the class.
        self._protocol = protocol = cast("Any", picows.picows).WSProtocol(
            None,  # host and port, which only a client has
            None,  # path, which only a client has
            False,  # is_client_side
            lambda _request: self,
            _Reports(self),
            False,  # disconnect_on_exception: the receiver raises none
            None,  # handshake timeout
            False,  # auto ping: one timer wheel serves all
            0,
            0,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            False,  # auto pong
            max_frame_bytes,
            None,  # extra headers, which only a client has
            buffer_bytes + _RESERVE_BYTES,
        )
        self.get_buffer = protocol.get_buffer
        self.buffer_updated = protocol.buffer_updated
        protocol.connection_made(self._stand_in)
        self.get_buffer(-1)[: len(_REQUEST)] = _REQUEST
        self.buffer_updated(len(_REQUEST))

    def on_ws_frame(self, _transport: WSTransport, frame: WSFrame) -> None:
        receiver = self.receiver
        assert receiver is not None
        receiver.on_ws_frame(receiver.ws, frame)

    def failed(self, code: int) -> None:
        """picows has refused a frame."""
        self.has_failed = True
        if self.receiver is not None:
            received = self._received_close()
            self.receiver.parser_failed(code, None if received is None else int(received.code))

    def forget_close(self) -> None:
        """Expect a CLOSE again, since picows refuses a second one."""
        if self._received_close() is not None:
            self._protocol.connection_made(self._stand_in)

    def disconnect(self) -> None:
        """Called some time after a failure."""
        ws = None if self.receiver is None else self.receiver.ws
        if ws is not None:
            ws.disconnect()

    def _received_close(self) -> Any:
        handshake = self._protocol.transport.close_handshake
        return None if handshake is None else handshake.recv


class FrameParsers:
    """Parsers of frames of at most `max_frame_bytes`, which are given at most `turn_bytes` at once.

    `shared` is for whoever reads next. If it still holds bytes after a read, its reader keeps it (`lend`) until it
    holds none (`take_back`).
    """

    def __init__(self, max_frame_bytes: int, turn_bytes: int) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._buffer_bytes = max(turn_bytes, 2048 - _RESERVE_BYTES)  # less is not possible
        self.growing_bytes = self._buffer_bytes * _GROWTH_PERCENT // 100
        """A parser that is given more than this at once may have grown."""
        self._spare: list[FrameParser] = []
        self.shared = self._another()

    def _another(self) -> FrameParser:
        return self._spare.pop() if self._spare else FrameParser(self._max_frame_bytes, self._buffer_bytes)

    def lend(self, parser: FrameParser) -> None:
        """Share another parser than `parser` from now on."""
        if parser is self.shared:
            self.shared = self._another()

    def take_back(self, parser: FrameParser) -> None:
        """Reuse a parser that holds no bytes and has not failed, unless it has grown."""
        parser.forget_close()
        parser.receiver = None
        if len(parser.get_buffer(-1)) != self._buffer_bytes:
            self.lend(parser)
        elif parser is not self.shared and len(self._spare) < MAX_SPARE:
            self._spare.append(parser)


class _StandIn:
    """Stands where picows expects a transport and its socket. picows writes only a close after a failure to it, which
    the receiver has already sent."""

    def __init__(self, parser: FrameParser) -> None:
        self._parser = parser

    def get_extra_info(self, _name: str, _default: Any = None) -> Any:
        # That there is TLS keeps picows from writing to the socket itself.
        return self

    def fileno(self) -> int:
        return -1

    def setsockopt(self, *_arguments: int) -> None:
        pass

    def getsockopt(self, *_arguments: int) -> int:
        return 0

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, _data: bytes) -> None:
        pass

    def close(self) -> None:
        self._parser.disconnect()


class _Reports:
    """Replaces picows' logger, whose ERROR records are the only report of a refused frame."""

    __slots__ = ("_parser",)

    def __init__(self, parser: FrameParser) -> None:
        self._parser = parser

    def isEnabledFor(self, _level: int) -> bool:  # noqa: N802  # the name that logging gives it
        return False

    def error(self, _message: str, *arguments: Any) -> None:
        details = arguments[0] if arguments else ()
        code = details[0] if isinstance(details, tuple) and details else WSCloseCode.PROTOCOL_ERROR
        self._parser.failed(int(cast("int", code)))

    def exception(self, _message: str, *_arguments: Any) -> None:
        self._parser.failed(1011)

    def _ignore(self, *_arguments: Any, **_options: Any) -> None:
        pass

    debug = info = warning = log = _ignore

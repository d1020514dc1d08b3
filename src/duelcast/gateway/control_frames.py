"""The control frames that a server sends, and the end of its WebSocket (RFC 6455, 5.5)."""

from __future__ import annotations

import asyncio

_CLOSE = 0x88
_PING = b"\x89\x00"
_PONG = 0x8A


class WebSocketTransport:
    """One WebSocket, on an open transport. Control frames have at most 125 bytes; after a close, none is sent."""

    __slots__ = ("_is_closing", "underlying_transport")

    def __init__(self, underlying_transport: asyncio.Transport) -> None:
        self.underlying_transport = underlying_transport
        self._is_closing = False

    def send_ping(self) -> None:
        self._send(_PING)

    def send_pong(self, payload: bytes) -> None:
        self._send(bytes((_PONG, len(payload))) + payload)

    def send_close(self, code: int, reason: bytes = b"") -> None:
        self._send(bytes((_CLOSE, 2 + len(reason))) + code.to_bytes(2, "big") + reason)
        self._is_closing = True

    def disconnect(self, graceful: bool = True) -> None:
        """End the connection; if `graceful`, once the client has read what was written."""
        if graceful:
            self.underlying_transport.close()
        else:
            self.underlying_transport.abort()

    def _send(self, frame: bytes) -> None:
        if not self._is_closing:
            self.underlying_transport.write(frame)

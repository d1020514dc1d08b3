"""From an accepted upgrade request to a WebSocket (RFC 6455, 4.2.2)."""

from __future__ import annotations

import asyncio
from binascii import b2a_base64
from collections.abc import Mapping
from hashlib import sha1

from duelcast.gateway.control_frames import WebSocketTransport
from duelcast.gateway.reading import BoundedReader
from duelcast.gateway.socket import MessageSocket

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_HEAD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


def upgrade(
    transport: asyncio.Transport, socket: MessageSocket, *, key: str, headers: Mapping[str, str]
) -> asyncio.BufferedProtocol:
    """Answer an upgrade request on `transport` with 101 and `headers`, and return the protocol that the caller must
    set.

    `key` is the request's valid `Sec-WebSocket-Key`.
    """
    reader = BoundedReader(socket, socket.options.parsers(socket.max_message_bytes), socket.options.read_turn_bytes)
    socket.read_with(reader)
    socket.on_ws_connected(WebSocketTransport(transport))
    socket.upgraded(_head(key, headers))
    return reader


def _head(key: str, headers: Mapping[str, str]) -> bytes:
    accept = b2a_base64(sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest())[:-1]
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    return b"%b%b\r\n%b\r\n" % (_HEAD, accept, lines.encode("ascii"))

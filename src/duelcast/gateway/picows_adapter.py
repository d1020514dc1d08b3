"""Attaches picows' protocol to an already accepted transport. This is the only file that uses `WSProtocol`, which is
not public, so the project bounds the version of picows.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, cast

import picows.picows
from picows import WSAutoPingStrategy, WSCloseCode, WSUpgradeResponse, WSUpgradeResponseWithListener

from duelcast.gateway.reading import BoundedReader
from duelcast.gateway.socket import MessageSocket

READ_BUFFER_BYTES = 2048
"""The minimum that picows allows; the buffer grows with the client's frames."""


class _ParserReports:
    """Replaces picows' logger, whose ERROR records are the only report of a refused frame.

    It also makes a logger and a log record per connection unnecessary.
    """

    __slots__ = ("_socket",)

    def __init__(self, socket: MessageSocket) -> None:
        self._socket = socket

    def isEnabledFor(self, _level: int) -> bool:  # noqa: N802  # the name that logging gives it
        return False

    def error(self, _message: str, *arguments: Any) -> None:
        details = arguments[0] if arguments else ()
        code = details[0] if isinstance(details, tuple) and details else WSCloseCode.PROTOCOL_ERROR
        self._socket.parser_failed(int(code.value if isinstance(code, WSCloseCode) else code))

    def exception(self, _message: str, *_arguments: Any) -> None:
        self._socket.parser_failed(1011)

    def _ignore(self, *_arguments: Any, **_options: Any) -> None:
        pass

    debug = info = warning = log = _ignore


class _SwitchingProtocols(WSUpgradeResponse):
    """The answer to an upgrade. picows does not write it; the socket does, so that it can share a write with other
    frames."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.version = b"HTTP/1.1"
        self.status = HTTPStatus.SWITCHING_PROTOCOLS
        self.headers: Any = {"Upgrade": "websocket", "Connection": "Upgrade", **headers}
        self.body = None

    def to_bytes(self) -> bytearray:
        return bytearray()

    def head(self) -> bytes:
        """The head as sent, once picows has added `Sec-WebSocket-Accept`."""
        lines = [f"{name}: {value}\r\n" for name, value in self.headers.items()]
        return f"HTTP/1.1 101 Switching Protocols\r\n{''.join(lines)}\r\n".encode("ascii")


def upgrade(
    transport: asyncio.Transport, socket: MessageSocket, *, key: str, headers: dict[str, str]
) -> asyncio.BufferedProtocol:
    """Answer an upgrade request on `transport` with 101 and `headers`, and return the protocol that the caller must
    set.

    `key` is the request's valid `Sec-WebSocket-Key`. picows is given a request made here, because its own parser
    refuses some valid ones (a `Connection` of two entries, more than 16 KiB of headers).
    """
    response = _SwitchingProtocols(headers)

    def listener_of(_request: Any) -> WSUpgradeResponseWithListener:
        return WSUpgradeResponseWithListener(response, socket)

    # The stub lacks the class.
    protocol = cast("Any", picows.picows).WSProtocol(
        None,  # host and port, which only a client has
        None,  # path, which only a client has
        False,  # is_client_side
        listener_of,
        _ParserReports(socket),
        False,  # disconnect_on_exception: the listener raises none
        None,  # handshake timeout: the request has already been read
        False,  # auto ping: one timer wheel serves all
        0,
        0,
        WSAutoPingStrategy.PING_WHEN_IDLE,
        False,  # auto pong
        socket.max_message_bytes,
        None,  # extra headers, which only a client has
        READ_BUFFER_BYTES,
    )
    reader = BoundedReader(protocol, socket, socket.options.read_turn_bytes)
    socket.read_with(reader)
    protocol.connection_made(transport)
    request = (
        "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    ).encode("ascii")
    protocol.get_buffer(len(request))[: len(request)] = request
    protocol.buffer_updated(len(request))
    socket.upgraded(response.head())
    # picows keeps the request and the response for the life of the connection, but nothing reads their headers after
    # the handshake.
    del protocol.transport.request.headers, response.headers
    return reader

"""One WebSocket connection: an attempt to open it, its messages, and its end."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
USER_AGENT = "duelcast-client (Python)"
CLOSE_TIMEOUT_S = 2.0
LOST = 1006
"""The code of a connection that ended without a close frame (RFC 6455, 7.4.1)."""

_SILENT = logging.Logger("duelcast.client.websocket", logging.CRITICAL + 1)
"""`websockets` logs the messages that it sends, and one of them contains the token."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_STATUS_SENTENCES = {
    401: "The server needs a token.",
    403: "The server refuses this origin or host name.",
    404: "The server has no such endpoint.",
}


@dataclass(frozen=True, slots=True)
class Options:
    """How to connect. `ssl` is the trust for `wss` addresses (None: the machine's), `proxy` the address of a proxy,
    True for that of the environment, or None. Loopback addresses use none."""

    ssl: ssl.SSLContext | None = None
    proxy: str | Literal[True] | None = True
    user_agent: str = USER_AGENT
    close_timeout_s: float = CLOSE_TIMEOUT_S


class Listener(Protocol):
    """Hears of the events of sockets, which name themselves by the number that they were given."""

    def opened(self, connection: int) -> None: ...

    def received(self, connection: int, text: str) -> None: ...

    def lost(self, connection: int, code: int, reason: str) -> None: ...

    def distrusted(self, connection: int, reason: str) -> None: ...


class Socket:
    """Opens a connection as soon as it is made. One task reads, and one sends, so that neither waits for the other."""

    def __init__(self, connection: int, url: str, options: Options, listener: Listener) -> None:
        self._connection = connection
        self._url = url
        self._options = options
        self._listener = listener
        self._outgoing: asyncio.Queue[str | int] = asyncio.Queue()
        """Texts to send. A number is the code with which to close."""
        self._is_open = False
        self.task = asyncio.get_running_loop().create_task(self._run(), name=f"duelcast connection {connection}")

    def send(self, text: str) -> None:
        """Send a text, if the connection is still open by then."""
        self._outgoing.put_nowait(text)

    def end(self, code: int, *, at_once: bool) -> None:
        """End the connection, after what was sent before; `at_once`, or while it is being opened, abandon it."""
        if at_once or not self._is_open:
            self.task.cancel()
        else:
            self._outgoing.put_nowait(code)
            # Messages sent before may never leave, if the other side takes nothing.
            asyncio.get_running_loop().call_later(2 * self._options.close_timeout_s, self.task.cancel)

    async def _run(self) -> None:
        """Open the connection, and report its end, unless the client itself ends it."""
        try:
            websocket = await self._open()
        except InvalidStatus as refused:
            status = refused.response.status_code
            sentence = _STATUS_SENTENCES.get(status, "The server does not open a WebSocket.")
            self._listener.lost(self._connection, status, f"{sentence} (HTTP {status})")
        except ssl.SSLCertVerificationError:
            self._listener.distrusted(self._connection, "This machine does not trust the server's certificate.")
        except (OSError, EOFError, ValueError, WebSocketException):
            self._listener.lost(self._connection, LOST, f"No WebSocket server answers at {self._host}.")
        else:
            await self._use(websocket)

    @property
    def _host(self) -> str:
        """The host and port, without the user and password that an address may contain."""
        return urlsplit(self._url).netloc.rpartition("@")[2]

    async def _open(self) -> ClientConnection:
        return await connect(
            self._url,
            # `websockets` refuses None for `wss`, and anything else for `ws`.
            ssl=(self._options.ssl or True) if self._url.startswith("wss:") else None,
            proxy=None if urlsplit(self._url).hostname in _LOOPBACK else self._options.proxy,
            user_agent_header=self._options.user_agent,
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=None,  # the core gives up attempts that take too long, and finds dead connections
            ping_interval=None,
            close_timeout=self._options.close_timeout_s,
            logger=_SILENT,
        )

    async def _use(self, websocket: ClientConnection) -> None:
        self._is_open = True
        self._listener.opened(self._connection)
        sending = asyncio.get_running_loop().create_task(self._send_all(websocket))
        try:
            async for message in websocket:
                if isinstance(message, str):
                    self._listener.received(self._connection, message)
        except ConnectionClosed:
            pass
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            # The other side may be gone, or may never answer the close.
            websocket.transport.abort()
        received = websocket.protocol.close_rcvd
        self._listener.lost(self._connection, received.code if received else LOST, received.reason if received else "")

    async def _send_all(self, websocket: ClientConnection) -> None:
        try:
            while isinstance(item := await self._outgoing.get(), str):
                await websocket.send(item)
            await websocket.close(item)
        except ConnectionClosed:
            pass  # the reading task reports it

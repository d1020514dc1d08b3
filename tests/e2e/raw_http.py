"""Hand-made HTTP on a socket of its own, for what a library would not send."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from duelcast.app import App
from tests.e2e.raw import TIMEOUT_S

TRICKLE_INTERVAL_S = 0.02


class Received(NamedTuple):
    """An answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class RawHttp:
    """A connection. Everything is sent as it is."""

    def __init__(self, app: App, sock: socket.socket) -> None:
        self._app = app
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._unread = b""

    async def send(self, data: bytes) -> None:
        """A server that went away is no error: what it said can still be read."""
        async with asyncio.timeout(TIMEOUT_S):
            with suppress(ConnectionError):
                await self._loop.sock_sendall(self._sock, data)

    def head(self, line: str, *headers: str) -> bytes:
        """The head of a request, with the right `Host`."""
        lines = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{self._app.port}", *headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    async def receive(self) -> Received:
        """The next answer, which has a `Content-Length`. Raises `EOFError` if there is none any more."""
        async with asyncio.timeout(TIMEOUT_S):
            while b"\r\n\r\n" not in self._unread:
                await self._read_more()
            head, _, self._unread = self._unread.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            length = int(headers["content-length"])
            while len(self._unread) < length:
                await self._read_more()
        body, self._unread = self._unread[:length], self._unread[length:]
        return Received(int(lines[0].split(" ")[1]), headers, body)

    async def ask(self, line: str, *headers: str) -> Received:
        await self.send(self.head(line, *headers))
        return await self.receive()

    async def ended(self) -> bytes:
        """Read up to the end of the connection, a reset too: what came before it."""
        async with asyncio.timeout(TIMEOUT_S):
            with suppress(EOFError):
                while True:
                    await self._read_more()
        return self._unread

    async def trickle(self, piece: bytes) -> None:
        """Send `piece` again and again until the server ends the connection."""
        ending = asyncio.create_task(self.ended())
        while not ending.done():
            await self.send(piece)
            await asyncio.wait([ending], timeout=TRICKLE_INTERVAL_S)
        ending.result()

    def half_close(self) -> None:
        self._sock.shutdown(socket.SHUT_WR)

    async def _read_more(self) -> None:
        """Raises `EOFError`."""
        with suppress(ConnectionError):
            if more := await self._loop.sock_recv(self._sock, 65536):
                self._unread += more
                return
        raise EOFError


@asynccontextmanager
async def raw_http(app: App, *, receive_buffer_bytes: int | None = None) -> AsyncIterator[RawHttp]:
    with socket.socket() as sock:
        if receive_buffer_bytes is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", app.port))
        yield RawHttp(app, sock)

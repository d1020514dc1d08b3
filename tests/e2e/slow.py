"""A client that reads only when it is told to, and whose kernel holds little for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from duelcast.app import App
from tests.e2e.raw import RawSocket, upgrade_request

RECEIVE_BUFFER_BYTES = 4096
READ_AHEAD_BYTES = 1024


@asynccontextmanager
async def slow_socket(app: App, endpoint: str, query: str = "") -> AsyncIterator[RawSocket]:
    """An upgraded socket, past `connection_established`. What it does not receive stays with the server."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", app.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=READ_AHEAD_BYTES)
    try:
        writer.write(upgrade_request(app, endpoint, query))
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        made = RawSocket(reader, writer)
        while (await made.receive_message())["type"] != "connection_established":
            pass
        yield made
    finally:
        writer.transport.abort()

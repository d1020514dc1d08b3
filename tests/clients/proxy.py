"""A TCP proxy whose network fails on command."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.clients.news import News

BUFFER_BYTES = 4096


class Proxy:
    """Forwards connections to `target_port` of this machine.

    Each connection is forwarded byte by byte, after `delay_s` in either direction, unless the network has failed in one
    of the ways below.
    """

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.target_port = target_port
        self.delay_s = 0.0
        self.news = News()
        """Has `accepted` for each connection."""
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._is_silent = False
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Reset all connections."""
        for pair in self._pairs.copy():
            for writer in pair:
                _reset(writer)

    def freeze(self) -> None:
        """Forward nothing until `thaw`; no connection is lost."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Forward again, beginning with what has waited."""
        self._flowing.set()

    def half_open(self) -> None:
        """Forget all connections without a word, so that their ends learn nothing; new ones are accepted and never
        answered, until `recover`."""
        self._is_silent = True

    def recover(self) -> None:
        """Forward new connections again, and reset the forgotten ones."""
        self._is_silent = False
        self.cut()

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self.news.post("accepted")
        connecting = socket.socket()
        connecting.setblocking(False)
        # Little may wait on the way, so that the server soon notices if nothing is forwarded.
        connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        try:
            await asyncio.get_running_loop().sock_connect(connecting, ("127.0.0.1", self.target_port))
            server, to_server = await asyncio.open_connection(sock=connecting, limit=BUFFER_BYTES)
        except OSError:
            connecting.close()
            _reset(to_client)
            return
        pair = (to_client, to_server)
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._forward(client, to_server))
                both.create_task(self._forward(server, to_client))
        except* (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._pairs.discard(pair)
            for writer in pair:
                _reset(writer)

    async def _forward(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            await self._flowing.wait()
            if self._is_silent:
                continue
            target.write(data)
            await target.drain()
        if not self._is_silent:
            raise ConnectionResetError

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the end of the proxy
        finally:
            self._tasks.discard(task)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        """Accept connections on a free port."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks.copy():
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End a connection with a reset instead of a proper end."""
    raw = writer.get_extra_info("socket")
    if raw is not None and not writer.is_closing():
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    writer.transport.abort()

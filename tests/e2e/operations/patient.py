"""A service outside of the server, for probes to ask."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

PATIENCE_S = 60.0
"""After which a test fails that waits for something, and does not hang."""


class Patient:
    """Answers every request with `status`; while `may_answer` is not set it keeps who asks waiting."""

    def __init__(self) -> None:
        self.port = 0
        self.status = 204
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._question = asyncio.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/health"

    async def asked_times(self, count: int) -> None:
        """Wait until it was asked `count` times since it began."""
        async with asyncio.timeout(PATIENCE_S), self._question:
            await self._question.wait_for(lambda: self.asked >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            async with self._question:
                self.asked += 1
                self._question.notify_all()
            await self.may_answer.wait()
            writer.write(f"HTTP/1.1 {self.status} -\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def patient(port: int = 0) -> AsyncIterator[Patient]:
    """A server on loopback."""
    made = Patient()
    server = await asyncio.start_server(made.serve, "127.0.0.1", port)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.may_answer.set()
        server.close()
        await server.wait_closed()

"""Requests whose body comes later than their head."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from tests.http.serving import Serving

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PATIENCE_S = 60.0


class Announced:
    """A request without its body."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def answer(self) -> bytes:
        """The head of what the server says next."""
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE_S)

    async def status(self) -> int:
        return int((await self.answer()).split(b" ")[1])

    async def status_after(self, body: bytes) -> int:
        """What is answered once `body` was sent."""
        self.writer.write(body)
        return await self.status()


@asynccontextmanager
async def announced(
    server: Serving, method: str, path: str, length: int, headers: Mapping[str, str], *, awaited: bool = True
) -> AsyncIterator[Announced]:
    """A connection with a request whose body of `length` bytes the server waits for, where it is `awaited`."""
    url = server.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    sent = {
        "Host": "localhost",
        "Content-Type": "application/json",
        "Content-Length": str(length),
        "Expect": "100-continue",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
    request = Announced(reader, writer)
    if awaited:
        assert await request.answer() == CONTINUE
    try:
        yield request
    finally:
        writer.close()
        await writer.wait_closed()

"""A proxy before a PostgreSQL server that can lose a COMMIT or its reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

COMMIT = b"COMMIT"


class Proxy:
    """Passes all bytes on. Once `loses_commit` is set, the next COMMIT reaches the server, and its connection ends
    before the reply reaches the client; once `drops_commit` is set, the connection ends instead of the next COMMIT.
    While `refuses` is set, every new connection ends at once."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.loses_commit = False
        self.drops_commit = False
        self.refuses = False
        self.lost = 0
        self.port = 0

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.close()
            return
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._target)
        is_losing = False

        async def forward() -> None:
            nonlocal is_losing
            while data := await reader.read(65_536):
                if self.drops_commit and COMMIT in data:
                    self.drops_commit = False
                    writer.close()
                    break
                if self.loses_commit and COMMIT in data:
                    self.loses_commit, is_losing = False, True
                ours.write(data)
            ours.close()

        async def back() -> None:
            while data := await theirs.read(65_536):
                if is_losing and COMMIT in data:  # the tag of the command that was completed
                    self.lost += 1
                    break
                writer.write(data)
            writer.close()
            ours.close()

        with suppress(ConnectionError):
            await asyncio.gather(forward(), back())


@asynccontextmanager
async def proxied(port: int) -> AsyncIterator[Proxy]:
    """A proxy before the server on `port`."""
    proxy = Proxy(port)
    listening = await asyncio.start_server(proxy.pass_on, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()

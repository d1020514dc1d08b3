"""Running checks, and servers on loopback that do not do what they should."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from duelcast.domain.operations.check import CheckDefinition, CheckResult, CheckType
from duelcast.outbound.checks.build import build_check
from duelcast.outbound.checks.targets import Resolver, TargetRules

PATIENCE_S = 60.0
TYPES: tuple[CheckType, ...] = ("http", "tcp", "tls", "websocket", "postgres", "redis")
SCHEMES = {"http": "http", "tcp": "tcp", "tls": "tls", "websocket": "ws", "postgres": "postgres", "redis": "redis"}
TALKING: tuple[CheckType, ...] = ("http", "tls", "websocket", "postgres", "redis")
"""Those that wait for an answer."""

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def resolving_to(*addresses: str) -> Resolver:
    """A resolver that knows these addresses for every name."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return addresses

    return resolve


async def check(
    type_: CheckType, url: str, targets: TargetRules | None = None, *, timeout_ms: int = 10_000
) -> CheckResult:
    """Define a check and run it once."""
    definition = CheckDefinition(type=type_, url=url, intervalMs=1_000, timeoutMs=timeout_ms)
    return await build_check(definition, targets or TargetRules()).run()


class Server:
    """Counts its connections, and those that ended."""

    def __init__(self) -> None:
        self.port = 0
        self.accepted = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self._has_connection = asyncio.Event()

    async def first_connection(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self._has_connection.wait()

    async def all_ended(self) -> None:
        """Return once the peer of each connection has closed it."""
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*self.tasks)

    def take(self, serve: Serve) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        async def serve_until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await serve(reader, writer)
                while await reader.read(65_536):
                    pass
            writer.transport.abort()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.accepted += 1
            self._has_connection.set()
            self.tasks.add(asyncio.create_task(serve_until_closed(reader, writer)))

        return accept


@contextlib.asynccontextmanager
async def serving(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """`serve` each connection on loopback, and then read until its peer closes it."""
    server = Server()
    listener = await asyncio.start_server(server.take(serve), "127.0.0.1", 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
        await server.all_ended()
    finally:
        listener.close()
        await listener.wait_closed()


async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept, and wait."""


def say(data: bytes) -> Serve:
    """Answer the first thing heard with `data`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(data)
        await writer.drain()

    return serve


def say_endlessly(first: bytes) -> Serve:
    """Answer with `first`, and then with more of the same until the peer is gone."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(first)
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    return serve


async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()

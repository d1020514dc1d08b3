"""Connects to a host only at addresses that have been checked, never at one that a second look-up returns."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from duelcast.outbound.checks.check_url import CheckUrl
from duelcast.outbound.checks.targets import TargetRules

MAX_ATTEMPTS = 4
READ_LIMIT_BYTES = 16 * 1024

T = TypeVar("T")


class Dialer:
    """Opens connections to the host and port of `url`. The addresses of the host are looked up and checked each
    time."""

    def __init__(self, url: CheckUrl, rules: TargetRules, timeout_s: float) -> None:
        self._host = url.host
        self._port = url.port
        self._rules = rules
        self._timeout_s = timeout_s

    async def dial(self, attempt: Callable[[str], Awaitable[T]], errors: tuple[type[Exception], ...] = (OSError,)) -> T:
        """The result of `attempt` with the first address for which it does not raise `errors`.

        At most four addresses are tried. Each gets an equal share of the time, except the last, for which there is no
        limit here. Raises the error of the last attempt, `TargetRefused` if an address is not allowed, or OSError if
        the host has no address.
        """
        *earlier, last = (await self._rules.addresses(self._host, self._port))[:MAX_ATTEMPTS]
        for address in earlier:
            with contextlib.suppress(*errors, TimeoutError):
                async with asyncio.timeout(self._timeout_s / (len(earlier) + 1)):
                    return await attempt(address)
        return await attempt(last)

    @contextlib.asynccontextmanager
    async def stream(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[StreamReader, StreamWriter]]:
        """A connection, closed at the end without waiting for the peer; with `tls`, the peer needs a valid certificate
        for the host."""

        async def connect(address: str) -> tuple[StreamReader, StreamWriter]:
            return await asyncio.open_connection(
                address,
                self._port,
                ssl=tls,
                server_hostname=None if tls is None else self._host,
                limit=READ_LIMIT_BYTES,
            )

        reader, writer = await self.dial(connect)
        try:
            yield reader, writer
        finally:
            writer.close()
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

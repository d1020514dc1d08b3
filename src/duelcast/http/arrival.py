"""Receives the body of a request: within a time limit, and to its end."""

from __future__ import annotations

import asyncio

from litestar.exceptions import HTTPException
from litestar.types import HTTPReceiveMessage, Receive

from duelcast.clock import Clock
from duelcast.errors import InvalidMessage


class Arrival:
    """`receive` of one request, with a limit on the time until its body is complete.

    Raises status 408 beyond the limit, so that nobody can hold a request open by sending nothing, and `InvalidMessage`
    if the client goes away before the end, which is no defect of ours.
    """

    def __init__(self, receive: Receive, clock: Clock, timeout_s: float) -> None:
        self._receive = receive
        self._clock = clock
        self._deadline = clock.monotonic() + timeout_s
        self._complete = False
        self.received_bytes = 0

    async def __call__(self) -> HTTPReceiveMessage:
        """The next message of the server."""
        if self._complete:
            return await self._next()
        message = await self._next_in_time()
        if message["type"] == "http.disconnect":
            raise InvalidMessage("The body ended before it was complete.")
        self.received_bytes += len(message["body"])
        self._complete = not message.get("more_body", False)
        return message

    async def _next(self) -> HTTPReceiveMessage:
        message = await self._receive()
        assert message["type"] in ("http.request", "http.disconnect"), "only requests are wrapped"
        return message

    async def _next_in_time(self) -> HTTPReceiveMessage:
        arriving = asyncio.ensure_future(self._next())
        timeout = asyncio.ensure_future(self._clock.sleep(self._deadline - self._clock.monotonic()))
        try:
            await asyncio.wait([arriving, timeout], return_when=asyncio.FIRST_COMPLETED)
            if not arriving.done():
                raise HTTPException(status_code=408)
            return arriving.result()
        finally:
            arriving.cancel()
            timeout.cancel()

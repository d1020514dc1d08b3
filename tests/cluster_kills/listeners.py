"""Many clients that only listen, and note how long they hear nothing."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection, connect

CONNECTING = 25
"""At the same time."""
_SEQ = re.compile(rb'"seq":(\d+)')
_TYPE = re.compile(rb'"type":"([^"]+)"')


class Listener:
    """A connection that follows one channel and is never lost. Anything but messages of the `types`, in order, raises
    `AssertionError`."""

    def __init__(self, gateway: str, endpoint: str, channel: str, types: Sequence[str], *, is_every: bool) -> None:
        query = urlencode([("channel", channel), ("endpoint", "public.contests")])
        self.channel = channel
        self._url = f"{gateway.replace('http:', 'ws:')}/api/v69/ws/{endpoint}?{query}"
        self._types = frozenset(name.encode() for name in types)
        self._is_every = is_every
        self._seq = 0
        self._last_s = 0.0
        self._longest_s = 0.0
        self._longest_ended_s = 0.0
        self.messages = 0

    async def listen(self, connecting: asyncio.Semaphore, connected: asyncio.Event) -> None:
        """Listen until cancelled; `connected` is set once messages follow."""
        async with connecting:
            ws = await connect(self._url, compression=None, proxy=None, ping_interval=None, open_timeout=60)
        async with ws:
            await self._greeted(ws)
            connected.set()
            while True:
                self._take(await ws.recv(decode=False))

    def mark(self) -> None:
        """From now on, find the longest silence."""
        self._longest_s = 0.0
        self._longest_ended_s = 0.0
        self._last_s = time.monotonic()
        self.messages = 0

    def ended_after_s(self, since_s: float) -> float:
        """How long after a moment the longest silence ended, in seconds."""
        return self._longest_ended_s - since_s

    async def _greeted(self, ws: ClientConnection) -> None:
        while True:
            frame = json.loads(await ws.recv())
            if frame["type"] == "subscription_confirmed":
                self._seq = frame["seq"]
            elif frame["type"] == "connection_established":
                return
            assert frame["type"].lower() != "error", frame

    def _take(self, data: bytes) -> None:
        now_s = time.monotonic()
        kind, number = _TYPE.search(data), _SEQ.search(data)
        assert kind is not None, data
        assert number is not None, data
        assert kind[1] in self._types, data
        seq = int(number[1])
        assert seq == self._seq + 1 if self._is_every else seq > self._seq, (
            f"{self.channel} was at {self._seq}: {data!r}"
        )
        self._seq = seq
        self.messages += 1
        silence_s = now_s - self._last_s
        self._last_s = now_s
        if silence_s > self._longest_s:
            self._longest_s, self._longest_ended_s = silence_s, now_s


@asynccontextmanager
async def listening(listeners: Sequence[Listener]) -> AsyncIterator[None]:
    """All are connected during the block."""
    connecting = asyncio.Semaphore(CONNECTING)
    async with asyncio.TaskGroup() as tasks:
        events = [asyncio.Event() for _ in listeners]
        attending = [
            tasks.create_task(one.listen(connecting, event)) for one, event in zip(listeners, events, strict=True)
        ]
        for event in events:
            await event.wait()
        yield
        for task in attending:
            task.cancel()

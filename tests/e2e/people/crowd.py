"""A process full of clients, which a test can stop as a machine that hangs: `python -m tests.e2e.people.crowd`."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from msgspec import Struct
from msgspec import json as msgspec_json
from websockets.asyncio.client import connect

_READY = "ready"
_CONNECTS_AT_ONCE = 20


class Guest(Struct):
    """A client to be: `url` with its endpoint, and the zone that it names, where it does."""

    wallet: str
    url: str
    token: str
    zone: str | None = None


class Crowd:
    """Clients that are connected, in a process of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def freeze(self) -> None:
        """Stop the process: its sockets stay open, and nobody answers on them."""
        self._process.send_signal(signal.SIGSTOP)


@asynccontextmanager
async def gathered(guests: Sequence[Guest]) -> AsyncIterator[Crowd]:
    """All guests, once they are greeted and their zones known."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec_json.encode(list(guests)) + b"\n")
        await process.stdin.drain()
        async with asyncio.timeout(60):
            assert (await process.stdout.readline()).decode().strip() == _READY
        yield Crowd(process)
    finally:
        process.kill()
        await process.wait()


async def _come(guest: Guest, room: AsyncExitStack, door: asyncio.Semaphore) -> Any:
    headers = {"Authorization": f"Bearer {guest.token}"}
    async with door:
        ws = await room.enter_async_context(
            connect(guest.url, additional_headers=headers, compression=None, proxy=None, ping_interval=None)
        )
        while json.loads(await ws.recv())["type"] != "connection_established":
            pass
        if guest.zone is not None:
            await ws.send(json.dumps({"type": "heartbeat", "zone": guest.zone}))
            while json.loads(await ws.recv())["type"] != "heartbeat_ack":
                pass
    return ws


async def _stay(guests: Sequence[Guest]) -> None:
    async with AsyncExitStack() as room:
        door = asyncio.Semaphore(_CONNECTS_AT_ONCE)
        everybody = await asyncio.gather(*(_come(guest, room, door) for guest in guests))
        sys.stdout.write(f"{_READY}\n")
        sys.stdout.flush()
        # What is pushed to them is read, so that nobody counts as slow.
        await asyncio.gather(*(_read(ws) for ws in everybody))


async def _read(ws: Any) -> None:
    async for _ in ws:
        pass


if __name__ == "__main__":
    asyncio.run(_stay(msgspec_json.decode(sys.stdin.readline(), type=list[Guest])))

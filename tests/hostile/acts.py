"""What an impolite client does in a state."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Awaitable, Callable

from tests.hostile.states import State

FLOOD_BYTES = 4 * 1024 * 1024
FLOOD_S = 1.0
TRICKLES = 20
TRICKLE_EVERY_S = 0.05
RANDOM_BYTES = 64 * 1024
ENTER_TIMEOUT_S = 10.0
SMALL_BUFFER_BYTES = 4096


class Intruder:
    """One connection, on a socket of its own."""

    def __init__(self, state: State, port: int) -> None:
        self.state = state
        self._port = port
        self._socket = socket.socket()
        self._socket.setblocking(False)
        if not state.reads:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        self.local_port = 0

    async def enter(self) -> None:
        """Connect, and come into the state; a server that refuses meanwhile ends the attempt."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(ENTER_TIMEOUT_S):
            await loop.sock_connect(self._socket, ("127.0.0.1", self._port))
            self.local_port = self._socket.getsockname()[1]
            await self.send(self.state.opening)
            seen = b""
            while self.state.awaited and self.state.awaited not in seen:
                received = await self._receive()
                seen += received
                assert received, f"{self.state.title}: the server ended the connection behind {seen[-300:]!r}"
            await self.send(self.state.last)

    async def send(self, data: bytes) -> bool:
        """Whether the server still takes something."""
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, data)
        except OSError:
            return False
        return True

    async def read_on(self) -> None:
        """Take what comes until the server ends the connection; nothing if the state is that of a client which does
        not read."""
        while self.state.reads and await self._receive():
            pass

    async def _receive(self) -> bytes:
        try:
            return await asyncio.get_running_loop().sock_recv(self._socket, 65536)
        except OSError:
            return b""

    def end_sending(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End the connection with a RST."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.leave()

    def leave(self) -> None:
        self._socket.close()


async def send_random_bytes(intruder: Intruder) -> None:
    await intruder.send(random.Random(intruder.state.title).randbytes(RANDOM_BYTES))


async def stay_silent(_intruder: Intruder) -> None:
    pass


async def trickle(intruder: Intruder) -> None:
    """What would come next, a byte at a time."""
    unit = intruder.state.more or b"a"
    for number in range(TRICKLES):
        if not await intruder.send(unit[number % len(unit) :][:1]):
            return
        await asyncio.sleep(TRICKLE_EVERY_S)


async def flood(intruder: Intruder) -> None:
    """What would come next, as often as the server takes it."""
    unit = intruder.state.more or b"a"
    chunk = unit * max(1, 65536 // len(unit))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FLOOD_S):
            for _ in range(FLOOD_BYTES // len(chunk)):
                if not await intruder.send(chunk):
                    return


async def half_close(intruder: Intruder) -> None:
    intruder.end_sending()


async def reset(intruder: Intruder) -> None:
    intruder.reset()


Act = Callable[[Intruder], Awaitable[None]]
ACTS: dict[str, Act] = {
    "bytes": send_random_bytes,
    "silence": stay_silent,
    "trickle": trickle,
    "flood": flood,
    "half-close": half_close,
    "reset": reset,
}

"""An echo server on the gateway's own socket, upgraded as in production, for the Autobahn suite."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from aiofastnet.api_patch import patch_loop
from picows import WSMsgType

from duelcast.app.listening import server_of
from duelcast.clock import Clock, SystemClock
from duelcast.gateway.http_connections import HttpConnections
from duelcast.gateway.picows_adapter import upgrade
from duelcast.gateway.socket import MessageSocket, SocketOptions
from duelcast.gateway.timers import TimerWheel
from duelcast.gateway.upgrade import UpgradeRequest
from duelcast.sampling import LogSampler
from duelcast.settings import Settings

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
SEND_BUFFER_BYTES = 128 * 1024


class EchoSocket(MessageSocket):
    """Sends every message back as it came."""

    __slots__ = ()

    def text_received(self, data: bytes) -> None:
        assert self.ws is not None
        self.ws.send(WSMsgType.TEXT, data)

    def binary_received(self, data: bytes) -> None:
        assert self.ws is not None
        self.ws.send(WSMsgType.BINARY, data)


def accept(options: SocketOptions, transport: asyncio.Transport, request: UpgradeRequest) -> asyncio.BufferedProtocol:
    """Take any upgrade, and set its transport up as the gateway does."""
    transport.set_write_buffer_limits(high=0)
    raw: Any = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    echo = EchoSocket(options, MAX_MESSAGE_BYTES)
    return upgrade(transport, echo, key=request.headers["sec-websocket-key"], headers={})


async def _no_http(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def echo_server() -> AsyncIterator[int]:
    """Listens on a free port of loopback, which it yields."""
    patch_loop()
    clock = SystemClock()
    wheel = TimerWheel(clock.monotonic())
    take = partial(accept, SocketOptions(clock, wheel))
    server = server_of(_no_http, take, Settings(), HttpConnections(), LogSampler(clock.monotonic))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        turning = asyncio.create_task(_turn(wheel, clock))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield port
        finally:
            server.should_exit = True
            turning.cancel()
            await asyncio.gather(turning, serving, return_exceptions=True)


async def _turn(wheel: TimerWheel, clock: Clock) -> None:
    while True:
        await clock.sleep(1)
        wheel.advance(clock.monotonic())

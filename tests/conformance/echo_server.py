"""An echo server on the gateway's own socket, upgraded as in production, for the Autobahn suite."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from aiofastnet.api_patch import patch_loop

from duelcast.app.listening import server_of
from duelcast.clock import Clock, SystemClock
from duelcast.gateway.compression import Agreement, CompressionSettings, SharedCompressor, negotiate
from duelcast.gateway.handshake import upgrade
from duelcast.gateway.http_connections import HttpConnections
from duelcast.gateway.socket import MessageSocket, SocketOptions
from duelcast.gateway.timers import TimerWheel
from duelcast.gateway.upgrade import UpgradeRequest
from duelcast.sampling import LogSampler
from duelcast.settings import Settings
from duelcast.wire.frames import text_frame

MAX_MESSAGE_BYTES = 64 * 1024 * 1024
SEND_BUFFER_BYTES = 128 * 1024
LEVEL = CompressionSettings().level


class EchoSocket(MessageSocket):
    """Sends every message back; text compressed, if that was negotiated."""

    __slots__ = ("_compressor",)

    def __init__(self, options: SocketOptions, agreement: Agreement | None) -> None:
        super().__init__(options, MAX_MESSAGE_BYTES, inflates=agreement is not None)
        self._compressor = SharedCompressor(LEVEL) if agreement is not None and agreement.is_shared else None

    def text_received(self, data: bytes, now: float) -> None:
        frame = text_frame(data)
        self._write(frame if self._compressor is None else self._compressor.compress([frame]))

    def binary_received(self, data: bytes) -> None:
        self._write(b"\x82" + text_frame(data)[1:])

    def _write(self, frame: bytes) -> None:
        assert self.ws is not None
        self.ws.underlying_transport.write(frame)


def accept(options: SocketOptions, transport: asyncio.Transport, request: UpgradeRequest) -> asyncio.BufferedProtocol:
    """Take any upgrade, and set its transport up as the gateway does."""
    transport.set_write_buffer_limits(high=0)
    raw: Any = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    agreement = negotiate(request.headers.get("sec-websocket-extensions"))
    headers = {} if agreement is None else {"Sec-WebSocket-Extensions": agreement.answer}
    return upgrade(transport, EchoSocket(options, agreement), key=request.headers["sec-websocket-key"], headers=headers)


async def _no_http(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def echo_server() -> AsyncIterator[int]:
    """Listens on a free port of loopback, which it yields."""
    patch_loop()
    clock = SystemClock()
    wheel = TimerWheel(clock.monotonic())
    take = partial(accept, SocketOptions(clock, wheel, fragments_max_bytes=2 * MAX_MESSAGE_BYTES))
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

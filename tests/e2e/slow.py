"""Clients that read only when they are told to, and whose kernel holds little for them."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from duelcast.app import App
from duelcast.clock import Clock
from duelcast.domain.market.events import MARKET, MarketPrice, Price
from duelcast.endpoints.registry import find_endpoints
from tests.e2e.arena import Notebook, make_arena
from tests.e2e.raw import CLOSE, TEXT, RawSocket, upgrade_request
from tests.serving import Frame, running, settled

KIB = 1024
MIB = 1024 * KIB
RECEIVE_BUFFER_BYTES = 4096
READ_AHEAD_BYTES = 1024
SYMBOLS = [f"COIN{number}" for number in range(40)]
FLOOD = 15_000
"""Prices that no buffer of a kernel holds."""


@asynccontextmanager
async def generous_server(clock: Clock) -> AsyncIterator[App]:
    """A server without rate limits, with an arena."""
    arena = make_arena()
    async with running(clock, endpoints={**find_endpoints(), arena.path: arena}, rate_limit_factor=0) as app:
        app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
        yield app


@asynccontextmanager
async def slow_socket(app: App, endpoint: str, query: str = "") -> AsyncIterator[RawSocket]:
    """An upgraded socket, past `connection_established`. What it does not receive stays with the server."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", app.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=READ_AHEAD_BYTES)
    try:
        writer.write(upgrade_request(app, endpoint, query))
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        made = RawSocket(reader, writer)
        while (await made.receive_message())["type"] != "connection_established":
            pass
        yield made
    finally:
        writer.transport.abort()


async def read_on(slow: RawSocket) -> list[Frame]:
    """All messages that a client gets when it reads again, up to now."""
    await slow.send_json(type="ping", timestamp="now")
    frames = []
    while True:
        frames.append(await slow.receive_message())
        if frames[-1]["type"] == "pong":
            return frames


async def read_to_the_end(slow: RawSocket) -> tuple[list[Frame], int, str]:
    """The messages up to the close, its code and its reason."""
    frames = []
    while True:
        received = await slow.receive()
        if received.opcode == TEXT:
            frames.append(json.loads(received.payload))
        elif received.opcode == CLOSE:
            return frames, int.from_bytes(received.payload[:2], "big"), received.payload[2:].decode()


async def until(reached: Callable[[], bool]) -> None:
    """Wait for what the kernel does in its own time."""
    async with asyncio.timeout(60):
        while not reached():  # noqa: ASYNC110  # the kernel tells no event
            await asyncio.sleep(0.005)


def publish_price(app: App, number: int) -> None:
    """The price `number`, of one symbol after the other."""
    symbol = SYMBOLS[number % len(SYMBOLS)]
    price = Price(
        symbol=symbol,
        price=float(number),
        change_24h=None,
        volume_24h=1_000_000.0,
        high_24h=None,
        low_24h=None,
        timestamp="2027-01-15T08:00:00.000Z",
        source="a name that makes the frame as long as a real one",
        stale=False,
    )
    app.leader.publisher.publish(MARKET.channel(symbol), MarketPrice(data=price))


async def flood_with_prices(app: App) -> None:
    """Publish faster than a client that reads nothing can be served; the server sends meanwhile."""
    for number in range(FLOOD):
        publish_price(app, number)
        if number % 500 == 0:
            await asyncio.sleep(0.005)
    await settled(app)


async def follow_all_prices(slow: RawSocket) -> None:
    await slow.send_json(type="SUBSCRIBE_SYMBOLS", symbols=["*"], requestId="q")
    while (await slow.receive_message()).get("requestId") != "q":
        pass

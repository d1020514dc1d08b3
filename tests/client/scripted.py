"""A server that does what a test says, on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from duelcast.client import Client, ConnectionState
from duelcast.client.generated.records import Price
from duelcast.clock import ManualClock
from tests.serving import RECEIVE_TIMEOUT_S

Json = dict[str, Any]

NOW = "2026-01-01T00:00:00.000Z"


class Peer:
    """The server's side of a connection."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    @property
    def path(self) -> str:
        """The path and the query that the client asked for."""
        assert self.socket.request is not None
        return self.socket.request.path

    async def receive(self) -> Json:
        """The next message of the client."""
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            text = await self.socket.recv()
        message: Json = json.loads(text)
        return message

    async def receive_type(self, kind: str) -> Json:
        """The next message of this type; those before it are skipped."""
        while (message := await self.receive())["type"] != kind:
            pass
        return message

    async def send(self, *messages: Json) -> None:
        for message in messages:
            await self.socket.send(json.dumps({"timestamp": NOW} | message))

    async def greet(self, **members: Any) -> None:
        """`connection_established`"""
        await self.send({"type": "connection_established", "epoch": "E1", "positions": {}} | members)

    async def refuse(self, code: str = "UNKNOWN_CHANNEL", **members: Any) -> None:
        """Refuse what the next `subscribe` asks for."""
        refusal = {"type": "ERROR", "code": code, "message": "No."}
        await self.answer(await self.receive_type("subscribe"), **refusal | members)

    async def answer(self, command: Json, **reply: Any) -> None:
        await self.send({"requestId": command["requestId"]} | reply)

    async def follow(self, channel: str, seq: int, *, kind: str = "every", **members: Any) -> None:
        """Read the commands that ask for `channel`, confirm it at `seq`, and answer the ping behind them."""
        subscribe = await self.receive_type("subscribe")
        await self.answer(
            subscribe, type="subscription_confirmed", channel=channel, kind=kind, epoch="E1", seq=seq, **members
        )
        await self.pong()

    async def pong(self) -> None:
        """Answer the next ping."""
        await self.answer(await self.receive_type("ping"), type="pong", serverTime=NOW)


class Scripted:
    """A listening server, whose connections wait for the test."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()

    async def peer(self) -> Peer:
        """The next connection."""
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            return await self._peers.get()

    async def keep(self, socket: ServerConnection) -> None:
        self._peers.put_nowait(Peer(socket))
        await socket.wait_closed()


@asynccontextmanager
async def scripted(
    process_request: Callable[[ServerConnection, Request], Response | None] | None = None,
) -> AsyncIterator[Scripted]:
    """A server on a free port. `process_request` may answer instead of opening a WebSocket."""
    made = Scripted()
    async with serve(made.keep, "127.0.0.1", 0, process_request=process_request, close_timeout=0.1) as server:
        made.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield made


class Watched:
    """A client of `server` whose states a test can wait for, on a clock that stands still."""

    def __init__(self, server: Scripted, **options: Any) -> None:
        self._server = server
        self.clock = ManualClock()
        self.states: list[ConnectionState] = []
        self._changed = asyncio.Event()
        options.setdefault("clock", self.clock)
        self.client = Client(server.url, on_state=self._take, **options)

    async def peer(self) -> Peer:
        """The next connection."""
        return await self._server.peer()

    async def greeted(self, **members: Any) -> Peer:
        """The next connection, established."""
        peer = await self.peer()
        await peer.greet(**members)
        return peer

    async def state(self, name: str) -> ConnectionState:
        """Wait until a state was `name`, and forget it and those before it."""
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            while True:
                for index, state in enumerate(self.states):
                    if state.status == name:
                        del self.states[: index + 1]
                        return state
                self._changed.clear()
                await self._changed.wait()

    async def retry(self) -> ConnectionState:
        """Wait until the client waits, and let the time pass until it tries again."""
        state = await self.state("waiting")
        assert state.retry_in_s is not None
        await self.clock.advance(state.retry_in_s + 0.01)
        return state

    def _take(self, state: ConnectionState) -> None:
        self.states.append(state)
        self._changed.set()


@asynccontextmanager
async def watching(
    process_request: Callable[[ServerConnection, Request], Response | None] | None = None, /, **options: Any
) -> AsyncIterator[Watched]:
    """A client, not open yet, of a server of its own."""
    async with scripted(process_request) as server:
        yield Watched(server, **options)


def next_price(client: Client) -> asyncio.Task[Price]:
    """Begin to wait for the price of SOL."""
    return asyncio.create_task(anext(client.market("SOL")))


async def arrives(peer: Peer, reading: asyncio.Task[Price]) -> None:
    """Send a price to a client that waits for it, and see it arrive."""
    await peer.send(price("SOL", 1, 1))
    assert (await reading).price == 1


def price(symbol: str, value: float, seq: int) -> Json:
    """A `MARKET_PRICE`"""
    data = {"symbol": symbol, "price": value, "timestamp": NOW, "source": "test", "stale": False}
    data |= dict.fromkeys(("change_24h", "volume_24h", "high_24h", "low_24h"))
    return {"type": "MARKET_PRICE", "channel": f"market.{symbol}", "seq": seq, "data": data}


def alert(seq: int) -> Json:
    """A `service:alert` whose id is its number."""
    about = {"id": str(seq), "type": "circuit_open", "severity": "critical", "message": "It broke."}
    breaker = {"status": "open", "details": "", "is_open": True, "failures": 5, "failure_rate": 100.0}
    breaker |= dict.fromkeys(("last_failure", "last_success", "opened_at", "next_attempt_at", "last_reset"))
    breaker |= {"recovery_attempts": 0}
    return {
        "type": "service:alert",
        "channel": "alerts",
        "seq": seq,
        "service": "payments",
        "alert": about,
        "circuit_breaker": breaker,
    }

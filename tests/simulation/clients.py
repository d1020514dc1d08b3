"""Clients: they follow channels over connections to any gateway, send commands, and write down what they hear.

A client trusts nothing but the contract: it keeps the position of each channel, and resumes from there.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from duelcast.channels.broker import Position
from duelcast.gateway.admission import ConnectRequest
from duelcast.gateway.connection import Connection
from tests.simulation.loop import Process, until
from tests.simulation.network import OUTSIDE, delay_s
from tests.simulation.nodes import GatewayProcess

Frame = dict[str, Any]
RETRY_S = (0.05, 0.6)
REPLY_TIMEOUT_S = 12.0
GREETING_TIMEOUT_S = 10.0
PATIENCE_S = 2.0


class Socket:
    """A WebSocket between a client and a gateway: what picows is to a `Connection`, and its other end."""

    def __init__(self, process: Process, rng: random.Random, heard: Callable[[bytes | None], None]) -> None:
        self.connection: Connection | None = None
        """Set once the gateway has accepted it."""
        self.is_lost = False
        """Whether the gateway knows that it is lost."""
        self.close_handshake = None
        self.underlying_transport = self
        self.is_full = False
        """Whether the client reads nothing."""
        self._process = process
        self._rng = rng
        self._heard = heard
        self._is_open = True
        self._last_s = {True: 0.0, False: 0.0}
        self._unread: list[bytes] = []
        process.on_death.append(self.drop)

    # ── the gateway's end ───────────────────────────────────────────────────────────────────────────────────────

    def write_nocheck(self, data: bytes) -> None:
        if self.is_full:
            self._unread.append(data)
        elif self._is_open:
            self._carry(self._heard, data, to_client=True)

    write = write_nocheck

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self._unread))

    def send_close(self, code: int, reason: bytes = b"") -> None:
        self.disconnect()

    def send_ping(self, *_payload: object) -> None:
        pass

    def disconnect(self, graceful: bool = True) -> None:
        """The gateway ends the connection."""
        if self._is_open:
            self._is_open = False
            self._carry(self._heard, None, to_client=True)
            asyncio.get_running_loop().call_soon(self._disconnected, context=self._process.context)

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def _disconnected(self) -> None:
        assert self.connection is not None
        self.connection.on_ws_disconnected(self)  # type: ignore[arg-type]  # it stands for picows' transport

    # ── the client's end ────────────────────────────────────────────────────────────────────────────────────────

    def send(self, message: Frame) -> None:
        self._carry(self._receive, json.dumps(message).encode(), to_client=False)

    def drop(self) -> None:
        """The connection is lost; either end hears of it."""
        if self._is_open:
            self._is_open = False
            self._carry(self._heard, None, to_client=True)
            self._carry(self._lose, None, to_client=False)

    def fill(self) -> None:
        """Read nothing more."""
        if self._is_open and self.connection is not None:
            self.is_full = True
            self._process.context.copy().run(self.connection.pause_writing)

    def drain(self) -> None:
        """Read on."""
        if not self.is_full:
            return
        self.is_full = False
        unread, self._unread = self._unread, []
        for data in unread:
            self.write_nocheck(data)
        if self._is_open and self.connection is not None:
            asyncio.get_running_loop().call_soon(self.connection.resume_writing, context=self._process.context)

    def _receive(self, data: bytes) -> None:
        if self._is_open and self.connection is not None and self.connection.is_open:
            self.connection.text_received(data, self.connection.clock.monotonic())

    def _lose(self, _nothing: None) -> None:
        self.is_lost = True
        if self.connection is not None and self.connection.ws is not None:
            self._disconnected()

    def _carry(self, to: Callable[[Any], None], data: Any, *, to_client: bool) -> None:
        loop = asyncio.get_running_loop()
        self._last_s[to_client] = at_s = max(self._last_s[to_client] + 1e-6, loop.time() + delay_s(self._rng))
        loop.call_at(at_s, to, data, context=OUTSIDE if to_client else self._process.context)


def frames_in(data: bytes) -> list[Frame]:
    """The text frames in what a server wrote (RFC 6455, 5.2)."""
    frames, begin = [], 0
    while begin < len(data):
        assert data[begin] == 0x81
        size, head = data[begin + 1], 2
        if size == 126:
            size, head = int.from_bytes(data[begin + 2 : begin + 4]), 4
        elif size == 127:
            size, head = int.from_bytes(data[begin + 2 : begin + 10]), 10
        frames.append(json.loads(data[begin + head : begin + head + size]))
        begin += head + size
    return frames


@dataclass
class Sent:
    """A command `say`: what became of its attempts."""

    text: str
    room: str
    command_id: str | None
    outcomes: list[str] = field(default_factory=list)
    """`stored`, the code of an error, or `lost` if no answer came."""


@dataclass
class Heard:
    """A frame, as it was received on the `connection`-th connection of a client."""

    at_s: float
    connection: int
    gateway: str
    frame: Frame


class Client:
    """Follows `channels`, all of them on each connection."""

    def __init__(self, name: str, seed: str, channels: list[str], gateways: Callable[[], list[GatewayProcess]]) -> None:
        self.name = name
        self.heard: list[Heard] = []
        self.sent: list[Sent] = []
        self.connections = 0
        self.established = False
        self.socket: Socket | None = None
        self.gateway: GatewayProcess | None = None
        self.rng = random.Random(f"{seed}/{name}")
        self.zone: str | None = None
        """The zone that this connection has named."""
        self.is_talking = True
        self.is_busy = False
        """Whether a command has no answer yet."""
        self.channels = channels
        self._gateways = gateways
        self._positions: dict[str, Position] = {}
        self._unsettled: tuple[str, Position] | None = None
        """A channel whose snapshot has perhaps not come yet, and its position."""
        self._lost = asyncio.Event()
        self._greeted = asyncio.Event()
        self._replies: dict[str, asyncio.Future[Frame | None]] = {}
        self._ids = count(1)

    async def run(self) -> None:
        """Be connected, until cancelled."""
        while True:
            ready = self._gateways()
            if ready:
                await self._visit(self.rng.choice(ready))
            await asyncio.sleep(self.rng.uniform(*RETRY_S))

    async def talk(self, interval_s: float) -> None:
        """Send commands, until cancelled."""
        while True:
            await asyncio.sleep(self.rng.uniform(0, 2 * interval_s))
            if self.is_talking:
                self.is_busy = True
                await self._say()
                self.is_busy = False

    def leave(self) -> None:
        """End the connection."""
        if self.socket is not None:
            self.socket.drop()

    # ── connections ─────────────────────────────────────────────────────────────────────────────────────────────

    async def _visit(self, gateway: GatewayProcess) -> None:
        loop = asyncio.get_running_loop()
        self.connections += 1
        self._unsettled = None
        self._lost, self._greeted = asyncio.Event(), asyncio.Event()
        self.gateway = gateway
        number = self.connections
        socket = self.socket = Socket(gateway.process, self.rng, lambda data: self._hear(number, data))
        named = [name for name in self.channels if name in self._positions]
        request = ConnectRequest(
            address_bucket=None,
            token=self.name,
            channels=[name for name in self.channels if name not in self._positions],
            since=[(name, self._positions[name]) for name in named],
        )
        loop.call_later(delay_s(self.rng), _accept, gateway, socket, request, context=gateway.process.context)
        try:
            async with asyncio.timeout(GREETING_TIMEOUT_S):
                await self._greeted.wait()
        except TimeoutError:
            socket.drop()
        await self._lost_or_silent(gateway)
        self.established = False
        self.socket, self.zone = None, None
        for waiting in self._replies.values():
            if not waiting.done():
                waiting.set_result(None)

    async def _lost_or_silent(self, gateway: GatewayProcess) -> None:
        """Wait for the end of the connection, which nobody reports if the gateway's machine is gone."""
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._lost.wait()
            except TimeoutError:
                if gateway.process.is_dead:
                    self._lost.set()

    def _hear(self, number: int, data: bytes | None) -> None:
        if number != self.connections or self._lost.is_set():
            return
        if data is None:
            self._lost.set()
            self._greeted.set()
            return
        assert self.gateway is not None
        for frame in frames_in(data):
            self.heard.append(Heard(asyncio.get_running_loop().time(), number, self.gateway.name, frame))
            self._note(frame)

    def _note(self, frame: Frame) -> None:
        kind, channel, seq = frame["type"], frame.get("channel"), frame.get("seq")
        if self._unsettled is not None:
            name, position = self._unsettled
            if name != channel or seq is not None or kind == "history":
                # The snapshot has come, so the position in its confirmation counts.
                self._positions.setdefault(name, position)
                self._unsettled = None
        if kind == "connection_established":
            self.established = True
            self._greeted.set()
        elif kind == "subscription_confirmed":
            assert channel is not None
            if not (frame.get("recovered") and channel in self._positions):
                self._positions.pop(channel, None)
                if seq is not None:
                    self._unsettled = channel, Position(frame["epoch"], seq)
        elif channel in self._positions and seq is not None:
            self._positions[channel] = self._positions[channel]._replace(seq=seq)
        waiting = None if channel is not None else self._replies.get(frame.get("requestId", ""))
        if waiting is not None and not waiting.done():
            waiting.set_result(frame)

    # ── commands ────────────────────────────────────────────────────────────────────────────────────────────────

    async def ask(self, command: Frame) -> Frame | None:
        """The answer to a command; None if none came."""
        if self.socket is None or not self.established:
            return None
        request_id = f"{self.name}-{next(self._ids)}"
        waiting: asyncio.Future[Frame | None] = asyncio.get_running_loop().create_future()
        self._replies[request_id] = waiting
        self.socket.send({**command, "requestId": request_id})
        try:
            async with asyncio.timeout(REPLY_TIMEOUT_S):
                return await waiting
        except TimeoutError:
            return None
        finally:
            del self._replies[request_id]

    async def _say(self) -> None:
        if not self.established:
            return
        choice = self.rng.random()
        if choice < 0.15:
            await self.ask({"type": "read", "room": self.rng.choice("ab")})
            return
        if choice < 0.2:
            await self._settle()
            return
        text = f"{self.name}.{len(self.sent)}"
        command_id = text if self.rng.random() < 0.8 else None
        sent = Sent(text, self.rng.choice("ab"), command_id)
        self.sent.append(sent)
        command: Frame = {"type": "say", "room": sent.room, "text": text}
        if command_id is not None:
            command["commandId"] = command_id
        repeats = command_id is not None and self.rng.random() < 0.8
        while True:
            answer = await self.ask(command)
            outcome = "lost" if answer is None else "stored" if answer["type"] == "stored" else answer["code"]
            sent.outcomes.append(outcome)
            if outcome == "stored" or not repeats:
                return
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))
            await until(lambda: self.established)

    async def _settle(self) -> None:
        connection, zone = self.connections, f"zone {len(self.heard)}"
        answer = await self.ask({"type": "settle", "zone": zone})
        if answer is not None and answer["type"] == "settled" and connection == self.connections:
            self.zone = zone


def _accept(gateway: GatewayProcess, socket: Socket, request: ConnectRequest) -> None:
    """The gateway takes a connection, unless it was suspended for so long that the client has gone away."""
    if socket.is_lost:
        return
    runtime = next(iter(gateway.gateway.endpoints.values()))
    connection = socket.connection = Connection(gateway.gateway, runtime, request)
    connection.on_ws_connected(socket)  # type: ignore[arg-type]  # it stands for picows' transport

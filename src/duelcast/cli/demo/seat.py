"""A bot's WebSocket connection to the rooms of contests."""

from __future__ import annotations

import random
import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from duelcast.cli.demo.api import Passes
from duelcast.cli.demo.people import Person
from duelcast.clock import Clock

RECONNECT_S = (2.0, 5.0)
"""The range of the pause between two attempts, so that bots do not all reconnect at once."""
CLOSE_TIMEOUT_S = 1.0


class Seat:
    """Keeps a bot in the rooms chosen for it, even after lost connections. Pushes are read and dropped, because bots do
    not need them."""

    def __init__(
        self, person: Person, url: str, trust: ssl.SSLContext | None, passes: Passes, clock: Clock, rng: random.Random
    ) -> None:
        self.person = person
        self._url = f"{url}/api/v69/ws/contest"
        self._trust = trust
        self._passes = passes
        self._clock = clock
        self._rng = rng
        self._rooms: frozenset[int] = frozenset()
        self._socket: ClientConnection | None = None

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            with suppress(OSError, TimeoutError, WebSocketException):
                await self._one_connection()
            await self._clock.sleep(self._rng.uniform(*RECONNECT_S))

    async def go_to(self, rooms: Iterable[int]) -> None:
        """Join these rooms, and leave all others."""
        before, self._rooms = self._rooms, frozenset(rooms)
        for room in before - self._rooms:
            await self._send(type="leave_contest_room", contestId=room)
        for room in self._rooms - before:
            await self._join(room)

    async def say(self, room: int, text: str) -> None:
        """Write to the chat of a contest. Does nothing if the connection is lost."""
        await self._send(type="send_chat_message", contestId=room, text=text)

    async def _one_connection(self) -> None:
        connecting = connect(
            self._url,
            ssl=self._trust,
            additional_headers=self._passes.header(self.person),
            compression=None,
            proxy=None,
            close_timeout=CLOSE_TIMEOUT_S,
        )
        async with connecting as socket:
            self._socket = socket
            try:
                for room in self._rooms:
                    await self._join(room)
                async for _ in socket:
                    pass
            finally:
                self._socket = None

    async def _join(self, room: int) -> None:
        await self._send(type="join_contest_room", contestId=room)
        followed = (f"leaderboard.{room}", f"presence.{room}", f"participant.{self.person.wallet}.{room}")
        await self._send(type="unsubscribe", channels=[{"channel": name} for name in followed])

    async def _send(self, **message: Any) -> None:
        if self._socket is not None:
            with suppress(WebSocketException):
                await self._socket.send(msgspec.json.encode(message).decode())

"""A bot's connection to the rooms of contests."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress

from duelcast.cli.demo.api import Passes
from duelcast.cli.demo.people import Person
from duelcast.client import Client, DuelcastError, Room

CLOSE_TIMEOUT_S = 1.0
TOKEN_TTL_S = 3_600


class Seat:
    """Keeps a bot in the rooms chosen for it; use it as an async context manager."""

    def __init__(self, person: Person, url: str, trust: ssl.SSLContext | None, passes: Passes) -> None:
        self.person = person
        self._client = Client(
            url,
            token=lambda: passes.token(person, TOKEN_TTL_S),
            ssl=trust,
            proxy=None,
            close_timeout=CLOSE_TIMEOUT_S,
        )
        self._rooms: dict[int, tuple[Room, AsyncExitStack]] = {}

    async def __aenter__(self) -> Seat:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._client.close()

    async def go_to(self, rooms: Iterable[int]) -> None:
        """Join these rooms, and leave all others."""
        chosen = frozenset(rooms)
        for left in self._rooms.keys() - chosen:
            await self._rooms.pop(left)[1].aclose()
        for joined in chosen - self._rooms.keys():
            stack = AsyncExitStack()
            self._rooms[joined] = await stack.enter_async_context(self._client.room(joined)), stack

    async def say(self, room: int, text: str) -> None:
        """Write to the chat of a contest, if the bot is in its room. A message that is refused is dropped."""
        if room in self._rooms:
            with suppress(DuelcastError):
                await self._rooms[room][0].send(text)

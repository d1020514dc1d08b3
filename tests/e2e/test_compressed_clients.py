"""Independent clients decode, byte for byte, what clients without compression receive."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
from websockets.asyncio.client import connect

from duelcast.app import App
from tests.e2e.following import own_arena, publish_note, publish_score
from tests.e2e.metrics import metric
from tests.serving import RECEIVE_TIMEOUT_S, settled, ws_url

ROOMS = ("note.a", "note.b", "board.p", "board.*")
STEPS = 400


class Talker:
    """A client in any library, that collects the text of every push by its channel and number."""

    def __init__(self, send: Callable[[str], Awaitable[None]], receive: Callable[[], Awaitable[str]]) -> None:
        self._send = send
        self._receive = receive
        self.pushes: dict[tuple[str, int], str] = {}
        self.asked = 0

    async def ask(self, **message: object) -> None:
        """Send a command, and receive up to its answer."""
        self.asked += 1
        mark = f"r{self.asked}"
        await self._send(json.dumps({**message, "requestId": mark}))
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            while self._take(await self._receive()) != mark:
                pass

    def _take(self, text: str) -> str | None:
        message = json.loads(text)
        if message["type"] in ("note", "score"):
            self.pushes[message["channel"], message["seq"]] = text
        mark: str | None = message.get("requestId")
        return mark


@asynccontextmanager
async def by_websockets(url: str, *, compressed: bool) -> AsyncIterator[Talker]:
    async with connect(url, compression="deflate" if compressed else None) as socket:
        assert bool(socket.protocol.extensions) == compressed

        async def receive() -> str:
            text = await socket.recv()
            assert isinstance(text, str)
            return text

        yield Talker(socket.send, receive)


@asynccontextmanager
async def by_aiohttp(url: str) -> AsyncIterator[Talker]:
    async with aiohttp.ClientSession() as session, session.ws_connect(url, compress=15) as socket:
        assert socket.compress
        yield Talker(socket.send_str, socket.receive_str)


async def act(app: App, talkers: list[Talker], chance: random.Random) -> None:
    talker = chance.choice(talkers)
    match chance.randrange(12):
        case 0:
            await talker.ask(type="subscribe", channel=chance.choice(ROOMS))
        case 1:
            await talker.ask(type="unsubscribe", channel=chance.choice(ROOMS))
        case 2:
            await talker.ask(type="get_subscriptions")
        case 3:
            await asyncio.sleep(0)
        case kind if kind < 8:
            publish_note(app, chance.choice("ab"), "x" * chance.randrange(500))
        case _:
            publish_score(app, chance.choice("pq"), chance.choice("uv"), chance.randrange(1000))


@pytest.mark.parametrize("seed", range(3))
async def test_compressed_and_uncompressed_clients_get_the_same_bytes(seed: int) -> None:
    chance = random.Random(seed)
    async with own_arena(compression_min_followers=1, rate_limit_factor=0) as (app, _), AsyncExitStack() as stack:
        url = ws_url(app, "arena")
        talkers = [
            await stack.enter_async_context(by_websockets(url, compressed=number % 2 == 0)) for number in range(6)
        ]
        talkers += [await stack.enter_async_context(by_aiohttp(url)) for _ in range(3)]
        for talker in talkers:
            await talker.ask(type="subscribe", channels=list(ROOMS))
        for _ in range(STEPS):
            await act(app, talkers, chance)
        await settled(app)
        for talker in talkers:
            await talker.ask(type="get_subscriptions")
        known: dict[tuple[str, int], str] = {}
        for talker in talkers:
            assert talker.pushes
            for key, text in talker.pushes.items():
                assert known.setdefault(key, text) == text
        assert metric(app, "duelcast_compression_saved_bytes_total") > 0

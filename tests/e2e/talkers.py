"""Clients in different libraries that receive the same pushes, at random: those that take compressed messages must
decode, byte for byte, what the others receive."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import aiohttp
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from duelcast.app import App
from tests.e2e.following import own_arena, publish_note, publish_score
from tests.e2e.metrics import metric
from tests.serving import settled, ws_url

ROOMS = ("note.a", "note.b", "board.p", "board.*")
STEPS = 400
ANSWER_TIMEOUT_S = 60.0
BURST = 200
BURST_CHARACTERS = 3_000


class Talker:
    """A client in any library, that collects the text of every push by its channel and number."""

    def __init__(self, send: Callable[[str], Awaitable[None]], receive: Callable[[], Awaitable[str]]) -> None:
        self._send = send
        self._receive = receive
        self.pushes: dict[tuple[str, int], str] = {}
        self._asked = 0

    async def ask(self, **message: object) -> None:
        """Send a command, and receive up to its answer."""
        self._asked += 1
        mark = f"r{self._asked}"
        await self._send(json.dumps({**message, "requestId": mark}))
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            while self._take(await self._receive()) != mark:
                pass

    def _take(self, text: str) -> str | None:
        message = json.loads(text)
        if message["type"] in ("note", "score"):
            self.pushes[message["channel"], message["seq"]] = text
        mark: str | None = message.get("requestId")
        return mark


Opener = Callable[[str], AbstractAsyncContextManager[Talker]]
"""Opens a connection to a URL."""


@asynccontextmanager
async def by_websockets(url: str, *, compressed: bool = True) -> AsyncIterator[Talker]:
    async with connect(url, compression="deflate" if compressed else None) as socket:
        assert bool(socket.protocol.extensions) == compressed

        async def receive() -> str:
            text = await socket.recv()
            assert isinstance(text, str)
            return text

        yield Talker(socket.send, receive)


@asynccontextmanager
async def uncompressed(url: str) -> AsyncIterator[Talker]:
    async with by_websockets(url, compressed=False) as talker:
        yield talker


@asynccontextmanager
async def by_aiohttp(url: str) -> AsyncIterator[Talker]:
    async with aiohttp.ClientSession() as session, session.ws_connect(url, compress=15) as socket:
        assert socket.compress
        yield Talker(socket.send_str, socket.receive_str)


class Company:
    """Talkers at one server, which come and go."""

    def __init__(self, app: App, openers: Sequence[Opener], chance: random.Random) -> None:
        self._app = app
        self._chance = chance
        self._url = ws_url(app, "arena")
        self._openers = openers
        self._present: list[tuple[AbstractAsyncContextManager[Talker], Talker]] = []
        self.known: dict[tuple[str, int], str] = {}
        """The texts of all pushes, which must be the same for all talkers."""

    async def __aenter__(self) -> Company:
        for opener in self._openers:
            self._present.append(await self._come(opener))
        return self

    async def __aexit__(self, *_raised: object) -> None:
        for connection, _ in self._present:
            with suppress(ConnectionClosed):
                await connection.__aexit__(None, None, None)

    async def act(self) -> None:
        """Publish, or let one of them do something."""
        chance, app = self._chance, self._app
        index = chance.randrange(len(self._present))
        _, talker = self._present[index]
        match chance.randrange(14):
            case 0:
                await talker.ask(type="subscribe", channel=chance.choice(ROOMS))
            case 1:
                await talker.ask(type="unsubscribe", channel=chance.choice(ROOMS))
            case 2:
                await talker.ask(type="get_subscriptions")
            case 3:
                await asyncio.sleep(0)
            case 4 if chance.random() < 0.1:
                await self._come_anew(index)
            case 5 if chance.random() < 0.1:
                for number in range(BURST):  # more than a socket takes, for those who do not read now
                    publish_note(app, "a", f"{number} {chance.random()}" * (BURST_CHARACTERS // 20))
            case 6 if chance.random() < 0.1:
                app.node.hub.resynchronise()
            case kind if kind < 10:
                publish_note(app, chance.choice("ab"), "x" * chance.randrange(500))
            case _:
                publish_score(app, chance.choice("pq"), chance.choice("uv"), chance.randrange(1000))

    async def compare(self) -> None:
        """Every push has one text, whoever received it."""
        await settled(self._app)
        for _, talker in self._present:
            await talker.ask(type="get_subscriptions")
        for _, talker in self._present:
            self._compare(talker)

    def _compare(self, talker: Talker) -> None:
        for key, text in talker.pushes.items():
            assert self.known.setdefault(key, text) == text
        talker.pushes.clear()

    async def _come(self, opener: Opener) -> tuple[AbstractAsyncContextManager[Talker], Talker]:
        connection = opener(self._url)
        talker = await connection.__aenter__()
        await talker.ask(type="subscribe", channels=list(ROOMS))
        return connection, talker

    async def _come_anew(self, index: int) -> None:
        connection, talker = self._present[index]
        await talker.ask(type="get_subscriptions")
        self._compare(talker)
        await connection.__aexit__(None, None, None)
        self._present[index] = await self._come(self._openers[index])


async def talk_at_random(openers: Sequence[Opener], chance: random.Random) -> None:
    """Let clients talk to a server that compresses for any number of followers."""
    async with own_arena(compression_min_followers=1, rate_limit_factor=0) as (app, _):
        async with Company(app, openers, chance) as company:
            for _ in range(STEPS):
                await company.act()
            await company.compare()
        assert company.known
        assert metric(app, "duelcast_compression_saved_bytes_total") > 0

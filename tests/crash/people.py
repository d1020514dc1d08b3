"""People who chat in a contest and enter it without end, and write down what they were told."""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.crash.caller import headers_for
from tests.crash.script import CONTEST
from tests.e2e.process import Server

PAUSE_S = 0.02
PATIENCE_S = 60.0
STORED = "stored"
UNAVAILABLE = "unavailable"


class Person:
    """Asks for one thing after another. `outcomes` has the name of each and what became of it, in order."""

    def __init__(self, name: str, ask: Callable[[str], Coroutine[Any, Any, str]]) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self._name = name
        self._ask = ask
        self._asked = 0

    async def live(self, stopped: asyncio.Event) -> None:
        for number in itertools.count():
            if stopped.is_set():
                return
            self._asked += 1
            name = f"{self._name}{number}"
            self.outcomes.append((name, await self._ask(name)))
            await asyncio.sleep(PAUSE_S)

    async def next_outcomes(self, count: int) -> list[str]:
        """Of the next `count` things that are asked for from now on."""
        first = self._asked
        async with asyncio.timeout(PATIENCE_S):
            while len(self.outcomes) < first + count:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(PAUSE_S)
        return [outcome for _, outcome in self.outcomes[first : first + count]]

    def named(self, outcome: str) -> list[str]:
        """What had that outcome."""
        return [name for name, own in self.outcomes if own == outcome]


class Company:
    """Those who chat, one who enters the contest under a new wallet each time, and what is heard in the room."""

    def __init__(self, writers: list[Person], entrant: Person) -> None:
        self.writers = writers
        self.entrant = entrant
        self.heard: list[tuple[int, str]] = []
        """`seq` and text of each push of the chat."""

    @property
    def everybody(self) -> list[Person]:
        return [*self.writers, self.entrant]

    async def next_outcomes(self, count: int) -> set[str]:
        """What becomes of the next `count` things that each asks for."""
        found = await asyncio.gather(*(person.next_outcomes(count) for person in self.everybody))
        return set(itertools.chain.from_iterable(found))

    def written(self) -> list[str]:
        """The texts that were acknowledged, sorted."""
        return sorted(itertools.chain.from_iterable(person.named(STORED) for person in self.writers))

    async def listen(self, chat: ClientConnection) -> None:
        """Write down what is said, until cancelled."""
        async for text in chat:
            frame = json.loads(text)
            if frame["type"] == "chat_message":
                self.heard.append((frame["seq"], frame["data"]["text"]))


@asynccontextmanager
async def gathered(server: Server, wallets: Iterable[str]) -> AsyncIterator[Company]:
    """They are there and busy during the block; at its end each has the answer to what it asked last."""
    stopped = asyncio.Event()
    async with (
        httpx.AsyncClient(base_url=f"{server.url}/api/v69", timeout=PATIENCE_S, trust_env=False) as http,
        AsyncExitStack() as rooms,
        asyncio.TaskGroup() as tasks,
    ):
        ear, *chats = [await rooms.enter_async_context(_in_room(server, one)) for one in ("listener", *wallets)]
        writers = [Person(f"{number} says ", _writing(chat)) for number, chat in enumerate(chats)]
        company = Company(writers, Person("entrant", _entering(http)))
        listening = tasks.create_task(company.listen(ear))
        living = [tasks.create_task(person.live(stopped)) for person in company.everybody]
        try:
            yield company
        finally:
            stopped.set()
            await asyncio.wait(living)
            async with asyncio.timeout(PATIENCE_S):
                while len(company.heard) < len(company.written()):  # noqa: ASYNC110 - nobody is told
                    await asyncio.sleep(PAUSE_S)
            listening.cancel()


@asynccontextmanager
async def _in_room(server: Server, wallet: str) -> AsyncIterator[ClientConnection]:
    async with connect(
        server.ws_url("contest"), additional_headers=headers_for(wallet), compression=None, proxy=None
    ) as chat:
        joined = await ask(chat, type="join_contest_room", contestId=CONTEST)
        assert joined["type"] == "contest_room_joined"
        yield chat


async def ask(chat: ClientConnection, **message: Any) -> dict[str, Any]:
    """The answer to a message; pushes before it are lost."""
    request_id = uuid.uuid4().hex
    await chat.send(json.dumps({**message, "requestId": request_id}))
    while True:
        frame: dict[str, Any] = json.loads(await chat.recv())
        if frame.get("requestId") == request_id:
            return frame


def _writing(chat: ClientConnection) -> Callable[[str], Coroutine[Any, Any, str]]:
    async def write(text: str) -> str:
        message_id = str(uuid.uuid4())
        answer = await ask(chat, type="send_chat_message", contestId=CONTEST, text=text, messageId=message_id)
        if answer["type"] == "chat_message":
            return STORED
        assert answer["code"] == "UNAVAILABLE", answer
        assert answer["retryAfterMs"] > 0
        return UNAVAILABLE

    return write


def _entering(http: httpx.AsyncClient) -> Callable[[str], Coroutine[Any, Any, str]]:
    async def enter(wallet: str) -> str:
        body = {"portfolio": [{"symbol": "BTC", "weight": 40}, {"symbol": "SOL", "weight": 60}]}
        answer = await http.post(f"/contests/{CONTEST}/entries", json=body, headers=headers_for(wallet))
        if answer.status_code == 201:
            return STORED
        assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE"), answer.text
        assert int(answer.headers["Retry-After"]) * 1000 >= answer.json()["retryAfterMs"] > 0
        return UNAVAILABLE

    return enter

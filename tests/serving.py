"""A whole server in the test's own loop, and independent clients for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import httpx
from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import Clock
from duelcast.domain.accounts.tokens import TokenIssuer
from duelcast.endpoints.kit import Endpoint
from duelcast.settings import Settings
from tests.databases import may_hang_in_doubt, place_new, settings_at
from tests.three_nodes import ThreeNodes, are_three

SECRET = "a secret for tests, of at least 32 bytes"
RECEIVE_TIMEOUT_S = 60.0
"""How long to wait for a frame. After that the frame counts as missing, and the test fails instead of hanging."""

Frame = dict[str, Any]


@asynccontextmanager
async def running(
    clock: Clock | None = None, *, endpoints: Mapping[str, Endpoint] | None = None, **settings: Any
) -> AsyncIterator[App]:
    """A server on a free port of the loopback interface, with its own data, and no feed unless `settings` name one."""
    values: dict[str, Any] = {"port": 0, "feed": "none", "jwt_secret": SecretStr(SECRET)}
    if may_hang_in_doubt(clock):
        values["database_outcome_wait_ms"] = 0
    values |= settings
    with TemporaryDirectory(prefix="duelcast-") as folder:
        values.setdefault("data_dir", Path(folder))
        path = values["data_dir"] / "duelcast.db"
        place_new(path)
        make = ThreeNodes if are_three() else App
        app = make(Settings(**(settings_at(path) | values)), clock, endpoints=endpoints)
        await app.start()
        try:
            yield app
        finally:
            await app.stop()


class Serving(Protocol):
    """A server, or a node of one."""

    @property
    def clock(self) -> Clock: ...

    @property
    def port(self) -> int: ...


def token_for(app: Serving, wallet: str, role: Role = Role.USER, **claims: Any) -> str:
    """A token of `wallet`; `claims` are further arguments of `TokenIssuer.issue`."""
    return TokenIssuer(app.clock, SECRET).issue(wallet, role, **claims)


def ws_url(app: Serving, endpoint: str, query: str = "") -> str:
    """The address of `endpoint`; `query` begins with a question mark."""
    return f"ws://127.0.0.1:{app.port}/api/v69/ws/{endpoint}{query}"


def http_client(app: App, path: str = "/api/v69", **options: Any) -> httpx.AsyncClient:
    """A client of the HTTP API. Each of its requests goes to the next node, if there are several. `options` are those
    of `httpx.AsyncClient`."""

    async def turn_to_next(request: httpx.Request) -> None:
        request.url = request.url.copy_with(port=app.port)

    base_url = f"http://127.0.0.1:{app.port}{path}"
    return httpx.AsyncClient(base_url=base_url, trust_env=False, event_hooks={"request": [turn_to_next]}, **options)


async def settled(app: Serving) -> None:
    """Return once every node has what was published so far. A single server delivers at once."""
    if isinstance(app, ThreeNodes):
        await app.settled()


class Client:
    """A client that returns frames as dicts, in the order of their arrival. `epoch` is the one that
    `connection_established` named, and empty before that. `app` is the server that it is connected
    to, if that is in this process."""

    def __init__(self, ws: ClientConnection, app: Serving | None = None) -> None:
        self.ws = ws
        self.epoch = ""
        self._app = app

    async def send(self, **message: Any) -> None:
        await self.ws.send(json.dumps(message))

    async def receive(self) -> Frame:
        """The next frame. Raises `websockets.ConnectionClosed` if there are no more."""
        async with asyncio.timeout(RECEIVE_TIMEOUT_S):
            text = await self.ws.recv()
        assert isinstance(text, str)
        frame: Frame = json.loads(text)
        if frame.get("type") == "connection_established":
            self.epoch = frame["epoch"]
        return frame

    async def receive_many(self, count: int) -> list[Frame]:
        return [await self.receive() for _ in range(count)]

    async def receive_until(self, **wanted: Any) -> list[Frame]:
        """All frames up to and including the first that has every member of `wanted`."""
        frames = []
        while True:
            frames.append(await self.receive())
            if all(frames[-1].get(name) == value for name, value in wanted.items()):
                return frames

    async def ask(self, **message: Any) -> Frame:
        """Send a message with a `requestId`; returns the frame that has the same `requestId`."""
        request_id = message.setdefault("requestId", f"r{id(message)}")
        await self.send(**message)
        return (await self.receive_until(requestId=request_id))[-1]

    async def drain(self) -> list[Frame]:
        """All frames that the server sends before it answers a `ping` that is sent now."""
        if self._app is not None:
            await settled(self._app)
        mark = f"drain-{id(object())}"
        await self.send(type="ping", timestamp=mark)
        return (await self.receive_until(type="pong", timestamp=mark))[:-1]


@asynccontextmanager
async def client(
    app: Serving, endpoint: str, query: str = "", *, token: str | None = None, greeted: bool = True, **options: Any
) -> AsyncIterator[Client]:
    """A connected client. If `greeted`, it has already received `connection_established`. `options` go to `connect`."""
    headers = dict(options.pop("additional_headers", {}))
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    async with connect(
        ws_url(app, endpoint, query), additional_headers=headers, compression=None, proxy=None, **options
    ) as ws:
        made = Client(ws, app)
        if greeted:
            await made.receive_until(type="connection_established")
        yield made

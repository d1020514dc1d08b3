"""A server whose settings admins change, over HTTP and sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from tests.serving import Client, Frame, client, http_client, running, token_for

ADMIN = "boss"
ADMINS = frozenset({ADMIN, "chief"})
"""Wallets whose tokens have the role of an admin; all others are users."""


class Office:
    """`clock` stands still until a test moves it."""

    def __init__(self, app: App, http: httpx.AsyncClient) -> None:
        self.app = app
        assert isinstance(app.clock, ManualClock)
        self.clock = app.clock
        self._http = http

    def token(self, wallet: str) -> str:
        return token_for(self.app, wallet, Role.ADMIN if wallet in ADMINS else Role.USER)

    def token_of_role(self, wallet: str, role: Role) -> str:
        return token_for(self.app, wallet, role)

    def socket(self, wallet: str = ADMIN, **options: Any) -> AbstractAsyncContextManager[Client]:
        """A greeted connection of `wallet`."""
        return client(self.app, "system-settings", token=self.token(wallet), **options)

    async def call(self, method: str, path: str, body: Any = None, *, by: str | None = ADMIN) -> httpx.Response:
        headers = {} if by is None else {"Authorization": f"Bearer {self.token(by)}"}
        return await self.send(method, path, body, headers)

    async def send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        return await self._http.request(method, path, json=body, headers=headers)

    async def put(self, key: str, value: Any, *, by: str = ADMIN, **more: Any) -> Any:
        """The setting as it is stored."""
        answer = await self.call("PUT", f"/settings/{key}", {"value": value, **more}, by=by)
        assert answer.status_code == 200, answer.text
        return answer.json()


@asynccontextmanager
async def office(**settings: Any) -> AsyncIterator[Office]:
    """A server without rate limits unless `settings` say otherwise."""
    async with (
        running(ManualClock(), **{"rate_limit_factor": 0} | settings) as app,
        http_client(app) as http,
    ):
        yield Office(app, http)


def of_type(frames: list[Frame], kind: str) -> list[Frame]:
    return [frame for frame in frames if frame["type"] == kind]


async def updates(member: Client) -> list[Frame]:
    """The `setting_update` frames that were sent until now."""
    return of_type(await member.drain(), "setting_update")

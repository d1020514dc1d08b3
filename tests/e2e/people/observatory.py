"""A server whose users tell what they do, and whose admins watch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from tests.databases import rows_in
from tests.serving import Client, Frame, client, running, token_for

ADMIN = "boss"
ADMINS = frozenset({ADMIN, "chief"})
"""Wallets whose tokens have the role of an admin; all others are users."""
DASHBOARD = "analytics.dashboard"


class Observatory:
    """`clock` stands still until a test moves it."""

    def __init__(self, app: App) -> None:
        self.app = app
        assert isinstance(app.clock, ManualClock)
        self.clock = app.clock

    def token(self, wallet: str, role: Role | None = None) -> str:
        if role is None:
            role = Role.ADMIN if wallet in ADMINS else Role.USER
        return token_for(self.app, wallet, role, nickname=f"N-{wallet}"[:32])

    def socket(
        self, wallet: str = ADMIN, endpoint: str = "analytics", **options: Any
    ) -> AbstractAsyncContextManager[Client]:
        """A greeted connection of `wallet`."""
        return client(self.app, endpoint, token=self.token(wallet), **options)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What another program finds in the database."""
        return rows_in(self.app.settings.data_dir / "duelcast.db", query, *values)

    async def metrics(self) -> dict[str, float]:
        """What Prometheus is told: values by name with labels."""
        async with httpx.AsyncClient(trust_env=False) as http:
            text = (await http.get(f"http://127.0.0.1:{self.app.port}/metrics")).text
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}


@asynccontextmanager
async def observatory(**settings: Any) -> AsyncIterator[Observatory]:
    """A server without rate limits unless `settings` say otherwise."""
    async with running(ManualClock(), **{"rate_limit_factor": 0} | settings) as app:
        yield Observatory(app)


def of_type(frames: list[Frame], kind: str) -> list[Frame]:
    return [frame for frame in frames if frame["type"] == kind]


async def pushes(watcher: Client, kind: str) -> list[Frame]:
    """The frames of one type that were sent until now."""
    return of_type(await watcher.drain(), kind)

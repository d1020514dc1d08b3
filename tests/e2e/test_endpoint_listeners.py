"""What an endpoint hears of a connection: that it left, once, and that it is somebody else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from duelcast.app import App
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.context import Context
from tests.e2e.arena import make_arena
from tests.e2e.metrics import connections
from tests.e2e.slow import until
from tests.e2e.users import put_user
from tests.serving import client, running, token_for


class Heard:
    """What the endpoint heard, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    arena = make_arena()

    @arena.on_disconnect
    def leave(context: Context) -> None:
        context.service(Heard).log.append("left")

    @arena.on_identity_change
    def renamed(context: Context, before: Identity | None) -> None:
        now = context.identity
        context.service(Heard).log.append(f"{before and before.role.name} is {now and now.role.name}")

    async with running(endpoints={arena.path: arena}) as app:
        app.leader.services[Heard] = Heard()
        yield app


def log_of(app: App) -> list[str]:
    heard = app.leader.services[Heard]
    assert isinstance(heard, Heard)
    return heard.log


async def test_a_connection_leaves_once_however_it_ends(app: App) -> None:
    async with client(app, "arena") as one:
        await one.ask(type="free")
    async with client(app, "arena", additional_headers={"Cookie": "a=b"}) as other:
        await other.ask(type="free")
        other.ws.transport.abort()
    await until(lambda: not connections(app) and len(log_of(app)) >= 2)
    assert log_of(app) == ["left", "left"]


async def test_an_endpoint_hears_of_another_identity(app: App) -> None:
    async with client(app, "arena") as visitor:
        await visitor.ask(type="auth", token=token_for(app, "Wallet"))
        await put_user(app, "Wallet", role="admin")
        await visitor.receive_until(type="session_updated")
        assert log_of(app) == ["None is USER", "USER is ADMIN"]

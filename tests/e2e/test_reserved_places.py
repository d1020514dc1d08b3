"""The last places of a full server wait for a superadmin (1.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from tests.e2e.arenas import arenas
from tests.e2e.ending import Ending, ending_of
from tests.e2e.metrics import connections
from tests.serving import client, token_for


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    """A server of 40 places, 4 of which wait for superadmins, and 36 are taken."""
    async with arenas(ManualClock(), max_connections=40) as app, AsyncExitStack() as stack:
        for _ in range(36):
            await stack.enter_async_context(client(app, "open"))
        yield app


async def refused(app: App, endpoint: str, query: str = "", **options: Any) -> Ending:
    async with client(app, endpoint, query, greeted=False, **options) as comer:
        return await ending_of(comer)


@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
async def test_nobody_else_gets_one(app: App, role: Role) -> None:
    ending = await refused(app, "members", token=token_for(app, "somebody", role))
    assert (ending.error["code"], ending.error["scope"], ending.code) == ("TOO_MANY_CONNECTIONS", "server", 1013)


async def test_without_a_token_nobody_does(app: App) -> None:
    assert (await refused(app, "open")).error["code"] == "TOO_MANY_CONNECTIONS"


async def test_a_token_that_does_not_hold_is_no_way_to_one(app: App) -> None:
    assert (await refused(app, "open", token="not.a.token")).error["code"] == "TOO_MANY_CONNECTIONS"
    assert (await refused(app, "members", token="not.a.token")).error["code"] == "UNAUTHORIZED"
    assert connections(app) == 36


async def test_superadmins_get_them_until_all_are_taken(app: App) -> None:
    token = token_for(app, "boss", Role.SUPERADMIN)
    async with AsyncExitStack() as stack:
        for endpoint in ("open", "members", "admins", "members"):
            await stack.enter_async_context(client(app, endpoint, token=token))
        assert (await refused(app, "members", token=token)).error["code"] == "TOO_MANY_CONNECTIONS"
        assert connections(app) + 1 == 40, "one is to an endpoint for admins"
    async with client(app, "admins", token=token):
        pass


async def test_a_superadmin_may_bring_the_token_in_a_message(app: App) -> None:
    async with client(app, "members", "?auth=message", greeted=False) as boss:
        await boss.send(type="auth", token=token_for(app, "boss", Role.SUPERADMIN))
        await boss.receive_until(type="connection_established")


async def test_who_says_that_a_token_will_come_takes_no_place_meanwhile(app: App) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(client(app, "members", "?auth=message", greeted=False))
        async with client(app, "members", token=token_for(app, "boss", Role.SUPERADMIN)):
            assert connections(app) == 37


async def test_a_small_server_keeps_none() -> None:
    async with arenas(ManualClock(), max_connections=9) as app, AsyncExitStack() as stack:
        for _ in range(9):
            await stack.enter_async_context(client(app, "open"))
        assert (await refused(app, "open")).error["code"] == "TOO_MANY_CONNECTIONS"

"""What a handler does to a domain happens together with its answer, or not at all; what leaves, leaves once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest_asyncio

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.domain.accounts.accounts import Account
from duelcast.domain.accounts.identity import Identity
from duelcast.endpoints.kit import Context
from duelcast.wire.messages import Command, Event
from tests.e2e.arena import NOTES, Announced, make_arena
from tests.e2e.slow import until
from tests.serving import client, running, token_for


class EnterAll(Command, tag="enter_all"):
    """Enters rooms, and follows their notes."""

    rooms: list[str]


class Rooms:
    """Who is in which room, and what happened, in order."""

    def __init__(self) -> None:
        self.log: list[str] = []


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    arena = make_arena()

    @arena.on_connect()
    async def greet(context: Context) -> Sequence[Event]:
        context.on_answer(lambda: context.service(Rooms).log.append("came"))
        return ()

    @arena.command(EnterAll)
    async def enter_all(context: Context, command: EnterAll) -> Announced:
        context.on_answer(lambda: context.service(Rooms).log.append(f"entered {len(command.rooms)}"))
        await context.subscriptions.join([NOTES.channel(room) for room in command.rooms])
        return Announced(text="in")

    @arena.on_disconnect
    def leave(context: Context) -> None:
        context.service(Rooms).log.append("left")

    @arena.on_identity_change
    def renamed(context: Context, before: Identity | None) -> None:
        now = context.session.identity
        context.service(Rooms).log.append(f"{before and before.role.name} is {now and now.role.name}")

    async with running(endpoints={arena.path: arena}, max_subscriptions=3) as app:
        app.services[Rooms] = Rooms()
        yield app


def log_of(app: App) -> list[str]:
    rooms = app.services[Rooms]
    assert isinstance(rooms, Rooms)
    return rooms.log


async def test_effects_come_with_the_answer_and_not_without(app: App) -> None:
    async with client(app, "arena") as visitor:
        assert (await visitor.ask(type="enter_all", rooms=["a", "b"]))["type"] == "announced"
        assert (await visitor.ask(type="enter_all", rooms=["c", "d"]))["code"] == "TOO_MANY_SUBSCRIPTIONS"
        assert log_of(app) == ["came", "entered 2"]


async def test_a_connection_leaves_once_however_it_ends(app: App) -> None:
    async with client(app, "arena"):
        pass
    async with client(app, "arena", additional_headers={"Cookie": "a=b"}) as other:
        other.ws.transport.abort()
    await until(lambda: not app.gateway.sockets)
    assert log_of(app) == ["came", "left"] * 2


async def test_an_endpoint_hears_of_another_identity(app: App) -> None:
    async with client(app, "arena") as visitor:
        await visitor.ask(type="auth", token=token_for(app, "Wallet"))
        app.accounts.put(Account("Wallet", role=Role.ADMIN))
        await visitor.receive_until(type="session_updated")
        assert log_of(app) == ["came", "None is USER", "USER is ADMIN"]

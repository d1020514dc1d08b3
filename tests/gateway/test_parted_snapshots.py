"""An endpoint that greets with something between the first frame of a snapshot and the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.endpoints.context import Context, Join
from duelcast.wire.messages import Event
from tests.e2e.arena import NOTES, STORED, Announced, Notebook, make_arena
from tests.e2e.following import publish_note, store
from tests.serving import Client, Frame, client, running


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    arena = make_arena()

    @arena.on_connect(Announced)
    async def greet(context: Context) -> Sequence[Event | Join]:
        notes, rows = await context.join([NOTES.channel("hall"), STORED.channel("hall")])
        rows.first = 1
        return [rows, Announced(text="between"), notes]

    async with running(ManualClock(), endpoints={arena.path: arena}) as app:
        app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
        for text in ("a", "b", "c"):
            store(app, "hall", text)
        yield app


async def greeting(member: Client) -> list[Frame]:
    return await member.receive_until(type="connection_established")


def said(frames: list[Frame]) -> list[str]:
    return [frame["text"] if "text" in frame else frame["type"] for frame in frames]


async def test_the_rest_comes_behind_what_is_between(app: App) -> None:
    async with client(app, "arena", greeted=False) as member:
        assert said(await greeting(member)) == ["a", "between", "b", "c", "connection_established"]
        store(app, "hall", "d")
        assert said(await member.drain()) == ["d"]
        held = (await member.ask(type="get_subscriptions"))["data"]
        assert [entry["channel"] for entry in held] == ["note.hall", "stored.hall"]


async def test_what_comes_meanwhile_comes_once_and_last(app: App) -> None:
    notebook: Notebook = app.leader.services[Notebook]
    notebook.was_read.clear()
    notebook.may_answer.clear()
    async with client(app, "arena", greeted=False) as member:
        await notebook.was_read.wait()
        store(app, "hall", "d")
        publish_note(app, "hall", "other")
        notebook.may_answer.set()
        frames = await greeting(member)
        assert said(frames) == ["a", "between", "b", "c", "connection_established"]
        assert said(await member.drain()) == ["other", "d"]
        assert await member.drain() == []


@pytest.mark.parametrize("query", ["?channel=stored.hall", "?since=stored.hall,old,1"])
async def test_who_asks_for_the_channel_too_gets_the_whole_again_behind_its_confirmation(app: App, query: str) -> None:
    async with client(app, "arena", query, greeted=False) as member:
        assert said(await greeting(member)) == [
            *("a", "between", "b", "c"),
            *("subscription_confirmed", "a", "b", "c", "connection_established"),
        ]


async def test_what_is_recovered_takes_the_place_of_both_parts(app: App) -> None:
    async with client(app, "arena", greeted=False) as member:
        established = (await greeting(member))[-1]
    store(app, "hall", "d")
    since = f"?since=stored.hall,{established['epoch']},{established['positions']['stored.hall']}"
    async with client(app, "arena", since, greeted=False) as member:
        assert said(await greeting(member)) == ["between", "subscription_confirmed", "d", "connection_established"]

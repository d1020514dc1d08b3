"""Snapshots that are read from a store, and what is published meanwhile (protocol §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.channels.broker import Position
from duelcast.clock import ManualClock
from tests.e2e.arena import Notebook, make_arena
from tests.e2e.following import follow, store, texts
from tests.serving import Client, Frame, client, running

CHANNEL = "stored.room"


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    """A server for one test, whose store it may hold up."""
    arena = make_arena()
    async with running(ManualClock(), endpoints={arena.path: arena}) as app:
        app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
        yield app


@pytest.fixture
def notebook(app: App) -> Notebook:
    notebook = app.leader.services[Notebook]
    assert isinstance(notebook, Notebook)
    return notebook


async def begin_to_follow(reader: Client, notebook: Notebook) -> None:
    """Subscribe, and return while the rows are read but not answered yet."""
    notebook.may_answer.clear()
    notebook.was_read.clear()
    await reader.send(type="subscribe", channel=CHANNEL)
    await notebook.was_read.wait()


async def finish(reader: Client, notebook: Notebook) -> list[Frame]:
    """Let the store answer: the confirmation and what came with it."""
    notebook.may_answer.set()
    frames = await reader.receive_until(type="subscription_confirmed")
    return frames + await reader.drain()


def ids(frames: list[Frame]) -> list[int]:
    return [frame["id"] for frame in frames if frame["type"] == "note"]


async def test_a_snapshot_frame_of_an_every_channel_has_its_channel_and_no_seq(app: App) -> None:
    for text in "abcd":
        store(app, "room", text)
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, CHANNEL)
    assert texts(frames) == ["b", "c", "d"]
    assert all(each["channel"] == CHANNEL for each in frames)
    assert not [each for each in frames if "seq" in each or "requestId" in each]
    assert confirmed["seq"] == 4


async def test_what_follows_a_stored_snapshot_goes_on_from_its_position(app: App) -> None:
    store(app, "room", "a")
    async with client(app, "arena") as reader:
        confirmed, _ = await follow(reader, CHANNEL)
        store(app, "room", "b")
        (push,) = await reader.drain()
    assert (push["text"], push["seq"]) == ("b", confirmed["seq"] + 1)


async def test_recovery_needs_no_snapshot(app: App) -> None:
    for text in "abc":
        store(app, "room", text)
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, CHANNEL, Position(reader.epoch, 2))
    assert (confirmed["recovered"], texts(frames)) == (True, ["c"])
    assert frames[0]["seq"] == 3


async def test_without_recovery_the_snapshot_follows(app: App) -> None:
    for text in "abcde":
        store(app, "room", text)
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, CHANNEL, Position("another", 4))
    assert (confirmed["recovered"], texts(frames)) == (False, ["c", "d", "e"])


async def test_a_row_that_is_stored_while_the_snapshot_is_on_its_way_follows_it_once(
    app: App, notebook: Notebook
) -> None:
    store(app, "room", "a")
    async with client(app, "arena") as reader:
        await begin_to_follow(reader, notebook)
        store(app, "room", "b")
        frames = await finish(reader, notebook)
        store(app, "room", "c")
        frames += await reader.drain()
    assert ids(frames) == [1, 2, 3]
    assert ["seq" in each for each in frames if each["type"] == "note"] == [False, True, True]


async def test_the_position_of_the_confirmation_is_where_the_snapshot_ends(app: App, notebook: Notebook) -> None:
    """What came while it was read, and is not in it, lies behind that position."""
    store(app, "room", "a")
    async with client(app, "arena") as reader:
        await begin_to_follow(reader, notebook)
        store(app, "room", "b")
        confirmed = (await finish(reader, notebook))[0]
    store(app, "room", "c")
    async with client(app, "arena") as reader:
        again, missed = await follow(reader, CHANNEL, Position(confirmed["epoch"], confirmed["seq"]))
    assert (again["recovered"], texts(missed)) == (True, ["b", "c"])


async def test_a_row_of_the_snapshot_that_is_published_while_it_is_on_its_way_is_not_sent_again(
    app: App, notebook: Notebook
) -> None:
    late = notebook.add("room", "a")
    async with client(app, "arena") as reader:
        await begin_to_follow(reader, notebook)
        notebook.broadcast(late)
        store(app, "room", "b")
        frames = await finish(reader, notebook)
    assert ids(frames) == [1, 2]


async def test_of_several_rows_that_are_published_late_none_is_sent_again(app: App, notebook: Notebook) -> None:
    late = [notebook.add("room", text) for text in "abc"]
    async with client(app, "arena") as reader:
        await begin_to_follow(reader, notebook)
        notebook.broadcast(late[0])
        frames = await finish(reader, notebook)
        for note in late[1:]:
            notebook.broadcast(note)
        store(app, "room", "d")
        frames += await reader.drain()
    assert ids(frames) == [1, 2, 3, 4]


async def test_who_followed_before_gets_a_row_that_another_had_in_its_snapshot(app: App, notebook: Notebook) -> None:
    async with client(app, "arena") as before, client(app, "arena") as reader:
        await follow(before, CHANNEL)
        late = notebook.add("room", "a")
        await begin_to_follow(reader, notebook)
        notebook.broadcast(late)
        assert texts(await finish(reader, notebook)) == texts(await before.drain()) == ["a"]


async def test_an_empty_store_gives_an_empty_snapshot_and_misses_nothing(app: App, notebook: Notebook) -> None:
    async with client(app, "arena") as reader:
        await begin_to_follow(reader, notebook)
        store(app, "room", "a")
        frames = await finish(reader, notebook)
    assert ids(frames) == [1]


async def test_commands_behind_a_snapshot_that_is_being_read_wait_for_it(app: App, notebook: Notebook) -> None:
    store(app, "room", "a")
    async with client(app, "arena") as reader:
        await begin_to_follow(reader, notebook)
        await reader.send(type="heartbeat")
        await reader.send(type="unsubscribe", channel=CHANNEL)
        notebook.may_answer.set()
        frames = await reader.receive_until(type="unsubscription_confirmed")
    assert [each["type"] for each in frames] == [
        "subscription_confirmed",
        "note",
        "heartbeat_ack",
        "unsubscription_confirmed",
    ]


async def test_a_client_that_goes_while_its_snapshot_is_read_leaves_the_others_in_peace(
    app: App, notebook: Notebook
) -> None:
    store(app, "room", "a")
    async with client(app, "arena") as reader:
        async with client(app, "arena") as leaving:
            await begin_to_follow(leaving, notebook)
        notebook.may_answer.set()
        await follow(reader, CHANNEL)
        store(app, "room", "b")
        assert texts(await reader.drain()) == ["b"]

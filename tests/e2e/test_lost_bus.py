"""What a client sees when the server loses touch with the bus (protocol §2)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from duelcast.app import App
from duelcast.channels.broker import Position
from duelcast.clock import ManualClock
from tests.e2e.arena import Notebook, make_arena
from tests.e2e.following import epoch_of, follow, held, points, publish_note, publish_notes, publish_score, store, texts
from tests.serving import Client, Frame, client, running


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    """A server for one test, whose bus it may lose."""
    arena = make_arena()
    async with running(ManualClock(), endpoints={arena.path: arena}) as app:
        app.leader.services[Notebook] = Notebook(app.leader.broker, app.clock)
        yield app


async def unasked(reader: Client, *channels: str) -> dict[str, Frame]:
    """The confirmations that come by themselves, by channel."""
    found: dict[str, Frame] = {}
    while found.keys() < set(channels):
        frame = await reader.receive()
        if frame["type"] == "subscription_confirmed":
            found[frame["channel"]] = frame
    return found


async def test_a_bus_that_lost_its_memory_is_told_by_an_unasked_confirmation(app: App) -> None:
    publish_notes(app, "lost", "a", "b")
    async with client(app, "arena") as reader:
        before, _ = await follow(reader, "note.lost")
        app.leader.broker.reset()
        confirmed = (await unasked(reader, "note.lost"))["note.lost"]
    assert confirmed["recovered"] is True
    assert confirmed["epoch"] == before["epoch"] == await epoch_of(app)
    assert confirmed["seq"] == before["seq"] == 2
    assert "requestId" not in confirmed


async def test_what_is_stored_of_an_every_channel_needs_no_snapshot(app: App) -> None:
    store(app, "lost", "a")
    async with client(app, "arena") as reader:
        await follow(reader, "stored.lost")
        app.leader.broker.reset()
        await unasked(reader, "stored.lost")
        assert texts(await reader.drain()) == []
        store(app, "lost", "b")
        assert texts(await reader.drain()) == ["b"]


async def test_what_follows_goes_on_with_the_numbers(app: App) -> None:
    publish_notes(app, "lost", "a", "b")
    async with client(app, "arena") as reader:
        await follow(reader, "note.lost")
        app.leader.broker.reset()
        await unasked(reader, "note.lost")
        publish_notes(app, "lost", "c", "d")
        frames = await reader.drain()
    assert [(each["text"], each["seq"]) for each in frames] == [("c", 3), ("d", 4)]


async def test_a_message_between_the_loss_and_the_recovery_is_not_lost(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "note.lost")
        await follow(reader, "board.lost")
        app.leader.broker.reset()
        publish_note(app, "lost", "between")
        publish_score(app, "lost", "P", 1)
        await unasked(reader, "note.lost", "board.lost")
        publish_note(app, "lost", "after")
        publish_score(app, "lost", "Q", 2)
        frames = await reader.drain()
        confirmed, recovered = await follow(reader, "note.lost", Position(reader.epoch, 0))
    assert confirmed["recovered"] is True
    assert texts(recovered) == ["between", "after"]
    assert texts(frames)[-1] == "after"
    assert set(points(frames)) >= {("Q", 2)}


async def test_of_a_latest_channel_the_newest_after_the_loss_is_sent_once(app: App) -> None:
    publish_score(app, "lost", "P", 1)
    async with client(app, "arena") as reader:
        await follow(reader, "board.lost")
        app.leader.broker.reset()
        publish_score(app, "lost", "Q", 2)
        frames = await reader.receive_until(type="subscription_confirmed")
        frames += await reader.drain()
    assert points(frames) == [("Q", 2)]
    assert [each["type"] for each in frames] == ["subscription_confirmed", "score"]


async def test_every_channel_and_group_is_confirmed_in_the_order_of_joining(app: App) -> None:
    async with client(app, "arena") as reader:
        for name in ("note.one", "board.*", "note.two"):
            await follow(reader, name)
        app.leader.broker.reset()
        frames = await reader.receive_many(3)
        assert await held(reader) == ["note.one", "board.*", "note.two"]
    assert [(each["channel"], each["recovered"]) for each in frames] == [
        ("note.one", True),
        ("board.*", False),
        ("note.two", True),
    ]
    assert frames[1]["seq"] is None


async def test_a_group_goes_on_after_the_loss(app: App) -> None:
    publish_score(app, "a", "P", 1)
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        app.leader.broker.reset()
        await unasked(reader, "board.*")
        publish_score(app, "a", "P", 2)
        publish_score(app, "b", "P", 3)
        assert points(await reader.drain()) == [("P", 2), ("P", 3)]


async def test_a_position_from_before_the_loss_is_recovered_of_an_every_channel_alone(app: App) -> None:
    publish_notes(app, "lost", "a", "b")
    publish_score(app, "lost", "P", 1)
    async with client(app, "arena") as reader:
        before, _ = await follow(reader, "board.lost")
    app.leader.broker.reset()
    publish_notes(app, "lost", "c", "d", "e")
    async with client(app, "arena") as reader:
        confirmed, missed = await follow(reader, "note.lost", Position(reader.epoch, 2))
        latest, _ = await follow(reader, "board.lost", Position(reader.epoch, before["seq"]))
    assert (confirmed["recovered"], confirmed["seq"], texts(missed)) == (True, 5, ["c", "d", "e"])
    assert latest["recovered"] is False
    assert latest["seq"] > before["seq"]


async def test_a_bus_that_kept_its_memory_is_recovered_from_where_the_client_was(app: App) -> None:
    publish_notes(app, "kept", "a")
    async with client(app, "arena") as reader:
        before, _ = await follow(reader, "note.kept")
        publish_note(app, "kept", "b")
        app.node.hub.resynchronise()
        frames = await reader.receive_until(type="subscription_confirmed")
        publish_note(app, "kept", "c")
        frames += await reader.drain()
    confirmed = next(each for each in frames if each["type"] == "subscription_confirmed")
    assert (confirmed["recovered"], confirmed["epoch"]) == (True, before["epoch"])
    assert texts(frames) == ["b", "c"]


async def test_who_follows_nothing_hears_nothing_of_the_loss(app: App) -> None:
    async with client(app, "arena") as reader:
        app.leader.broker.reset()
        assert await reader.drain() == []


async def test_a_loss_while_a_command_waits_is_told_behind_its_answer(app: App) -> None:
    notebook = app.leader.services[Notebook]
    store(app, "room", "a")
    async with client(app, "arena") as reader:
        await follow(reader, "note.lost")
        notebook.may_answer.clear()
        notebook.was_read.clear()
        await reader.send(type="subscribe", channel="stored.room", requestId="q")
        await notebook.was_read.wait()
        app.leader.broker.reset()
        notebook.may_answer.set()
        frames = await reader.receive_until(requestId="q")
        again = await unasked(reader, "note.lost", "stored.room")
        await reader.drain()
        store(app, "room", "b")
        publish_note(app, "lost", "c")
        assert sorted(texts(await reader.drain())) == ["b", "c"]
    assert frames[-1]["channel"] == "stored.room"
    assert {each["recovered"] for each in again.values()} == {True}
    assert {each["epoch"] for each in again.values()} == {reader.epoch}


async def test_many_losses_in_a_row_leave_every_reader_with_the_newest(app: App) -> None:
    async with client(app, "arena") as reader:
        await follow(reader, "board.often")
        await follow(reader, "note.often")
        for number in range(10):
            publish_score(app, "often", "P", number)
            app.leader.broker.reset()
        publish_score(app, "often", "P", 10)
        frames = await reader.drain()
        frames += await reader.drain()
        publish_note(app, "often", "end")
        last = await reader.drain()
    epochs = [each["epoch"] for each in frames if each["type"] == "subscription_confirmed"]
    assert epochs[-1] == await epoch_of(app)
    assert points(frames)[-1] == ("P", 10)
    assert texts(last) == ["end"]

"""A bus that is lost and found again with its memory, while a command waits for a store."""

from __future__ import annotations

import pytest

from duelcast.app import App
from duelcast.channels.broker import Position
from duelcast.channels.copied import CopiedChannels
from duelcast.channels.records import Put
from duelcast.clock import ManualClock
from duelcast.gateway.hub import Hub
from duelcast.gateway.streams import Stream
from tests.contract.buses import StoredInMemory
from tests.e2e.arena import NOTES, Notebook
from tests.e2e.following import follow, own_arena, publish_notes, texts
from tests.serving import client


def lose_and_find_the_bus(app: App) -> None:
    """What an adapter does that was cut off from the bus for a moment, in the same epoch."""
    app.node.hub.resynchronise()


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "while a command runs"])
async def test_positions_are_recovered_where_the_bus_still_has_its_memory(busy: bool) -> None:
    async with own_arena() as (app, _), client(app, "arena") as reader:
        notebook = app.leader.services[Notebook]
        publish_notes(app, "kept", "a")
        await follow(reader, "note.kept")
        if busy:
            notebook.may_answer.clear()
            await reader.send(type="subscribe", channel="stored.room")
            await notebook.was_read.wait()
        lose_and_find_the_bus(app)
        publish_notes(app, "kept", "b")
        notebook.may_answer.set()
        frames = await reader.receive_until(type="subscription_confirmed", channel="note.kept")
        frames += await reader.drain()
    assert [each["recovered"] for each in frames if each.get("channel") == "note.kept" and "recovered" in each] == [
        True
    ]
    assert texts(frames) == ["b"]


async def test_a_channel_that_is_joined_meanwhile_goes_on_from_its_own_position() -> None:
    async with own_arena() as (app, _), client(app, "arena") as other, client(app, "arena") as reader:
        notebook = app.leader.services[Notebook]
        publish_notes(app, "kept", "a")
        await follow(other, "note.kept")
        notebook.may_answer.clear()
        since = {"epoch": app.leader.broker.epoch, "seq": 0}
        await reader.send(type="subscribe", channels=["stored.room", {"channel": "note.kept", "since": since}])
        await notebook.was_read.wait()
        lose_and_find_the_bus(app)
        publish_notes(app, "kept", "b")
        notebook.may_answer.set()
        for _ in ("asked", "unasked"):
            frames = await reader.receive_until(type="subscription_confirmed", channel="note.kept")
        frames = [*frames[:-1], *await reader.drain()]
    assert texts(frames) == ["a", "b"], "the answer brings them, and the recovery nothing more"


async def test_no_position_is_taken_over_into_another_epoch() -> None:
    clock, channel = ManualClock(), NOTES.channel("kept")
    copied = CopiedChannels(clock, StoredInMemory(clock))
    hub = Hub(copied, clock, flush_interval_ms=10)
    hub.begin(channel)
    stream = hub.find(channel)
    assert isinstance(stream, Stream)
    copied.adopt("first")
    copied.put(Put(channel.name, 8, b"{}"), channel)
    copied.adopt("second")
    assert stream.lost_at == Position("first", 8)
    copied.resynchronise()
    assert stream.lost_at == Position("first", 8), "nothing was received in the second one"


async def test_nothing_is_pushed_while_positions_are_recovered_once_more() -> None:
    async with own_arena() as (app, _), client(app, "arena") as reader:
        notebook = app.leader.services[Notebook]

        async def go_on_to_the_next_read() -> None:
            notebook.was_read.clear()
            notebook.may_answer.set()
            notebook.may_answer.clear()
            await notebook.was_read.wait()

        await follow(reader, "note.kept")
        await follow(reader, "stored.hall")
        notebook.was_read.clear()
        notebook.may_answer.clear()
        await reader.send(type="subscribe", channel="stored.room")
        await notebook.was_read.wait()
        app.leader.broker.reset()  # so that the recovery needs snapshots
        lose_and_find_the_bus(app)
        await go_on_to_the_next_read()
        lose_and_find_the_bus(app)
        await go_on_to_the_next_read()
        await reader.receive_until(type="subscription_confirmed", channel="note.kept")
        publish_notes(app, "kept", "a")
        notebook.may_answer.set()
        assert texts(await reader.receive_until(type="subscription_confirmed", channel="note.kept")) == []
        assert texts(await reader.drain()) == ["a"]

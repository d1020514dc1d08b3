"""A bus that is lost and found again with its memory, while a command waits for a store."""

from __future__ import annotations

import pytest

from duelcast.app import App
from tests.e2e.arena import Notebook
from tests.e2e.following import follow, own_arena, publish_notes, texts
from tests.serving import client


def lose_and_find_the_bus(app: App) -> None:
    """What an adapter does that was cut off from the bus for a moment, in the same epoch."""
    app.hub.resynchronise()


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "while a command runs"])
async def test_positions_are_recovered_where_the_bus_still_has_its_memory(busy: bool) -> None:
    async with own_arena() as (app, _), client(app, "arena") as reader:
        notebook = app.services[Notebook]
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

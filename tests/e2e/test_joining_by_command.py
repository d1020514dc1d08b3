"""Commands that subscribe, and messages that a command causes (protocol §2, §1.1)."""

from __future__ import annotations

import pytest

from duelcast.app import App
from duelcast.channels.broker import Position
from tests.e2e.following import (
    follow,
    numbers,
    points,
    publish_note,
    publish_notes,
    publish_score,
    texts,
)
from tests.serving import client

pytestmark = pytest.mark.asyncio(loop_scope="module")


# ── commands that subscribe ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_command_that_subscribes_tells_the_positions_of_its_every_channels(app: App) -> None:
    publish_notes(app, "enter", "a", "b")
    publish_score(app, "enter", "P", 1)
    async with client(app, "arena") as reader:
        entered = await reader.ask(type="enter", room="enter")
        snapshot = await reader.drain()
        publish_note(app, "enter", "c")
        pushed = await reader.drain()
    assert entered["positions"] == {"note.enter": 2}
    assert points(snapshot) == [("P", 1)]
    assert (texts(pushed), numbers(pushed, "note.enter")) == (["c"], [3])


async def test_the_position_of_a_command_is_one_to_come_back_with_before_the_first_push(app: App) -> None:
    publish_note(app, "early", "a")
    async with client(app, "arena") as reader:
        positions = (await reader.ask(type="enter", room="early"))["positions"]
    publish_note(app, "early", "b")
    async with client(app, "arena") as reader:
        confirmed, frames = await follow(reader, "note.early", Position(reader.epoch, positions["note.early"]))
    assert (confirmed["recovered"], texts(frames)) == (True, ["b"])


async def test_a_command_named_get_sends_the_snapshot_to_who_did_not_have_the_channel(app: App) -> None:
    publish_score(app, "got", "P", 1)
    async with client(app, "arena") as reader:
        await reader.ask(type="get_board", board="got")
        assert points(await reader.drain()) == [("P", 1)]
        await reader.ask(type="get_board", board="got")
        assert await reader.drain() == []
        publish_score(app, "got", "P", 2)
        assert points(await reader.drain()) == [("P", 2)]


async def test_a_channel_of_a_held_group_is_not_new_to_a_command_named_get(app: App) -> None:
    publish_score(app, "gotten", "P", 1)
    async with client(app, "arena") as reader:
        await follow(reader, "board.*")
        await reader.ask(type="get_board", board="gotten")
        assert await reader.drain() == []


# ── who caused a message ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_caused_a_message_gets_it_with_the_request_id_and_everybody_else_without(app: App) -> None:
    async with client(app, "arena") as writer, client(app, "arena") as reader:
        await follow(writer, "note.cause")
        await follow(reader, "note.cause")
        answer = await writer.ask(type="write", room="cause", text="a", requestId="mine")
        (pushed,) = await reader.receive_many(1)
        assert await writer.drain() == []
        assert await reader.drain() == []
    assert answer.pop("requestId") == "mine"
    assert answer == pushed
    assert (answer["channel"], answer["seq"]) == ("note.cause", 1)


async def test_who_caused_a_message_without_a_request_id_gets_the_plain_push(app: App) -> None:
    async with client(app, "arena") as writer:
        await follow(writer, "note.plain")
        await writer.send(type="write", room="plain", text="a")
        (pushed,) = await writer.drain()
    assert pushed["text"] == "a"
    assert "requestId" not in pushed


async def test_many_messages_of_one_origin_each_carry_their_own_request_id(app: App) -> None:
    async with client(app, "arena") as writer, client(app, "arena") as other:
        await follow(writer, "note.origin")
        for number in range(50):
            await writer.send(type="write", room="origin", text=str(number), requestId=f"w{number}")
            if number % 7 == 0:
                await other.send(type="write", room="origin", text="other", requestId="w0")
        frames = [each for each in await writer.drain() if each["text"] != "other" or "requestId" in each]
    assert [(each["text"], each["requestId"]) for each in frames] == [(str(n), f"w{n}") for n in range(50)]


async def test_a_replayed_message_keeps_no_request_id_for_another_connection(app: App) -> None:
    async with client(app, "arena") as writer, client(app, "arena") as reader:
        await follow(writer, "note.kept")
        await writer.ask(type="write", room="kept", text="a", requestId="secret-id")
        _, frames = await follow(reader, "note.kept", Position(reader.epoch, 0))
    assert texts(frames) == ["a"]
    assert "requestId" not in frames[0]

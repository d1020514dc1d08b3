"""One's own messages in a chat: sent again, and removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from duelcast.client import RequestFailed, Room
from tests.client.scripted import NOW, Json, Peer, watching


@asynccontextmanager
async def refused_message() -> AsyncIterator[tuple[Room, Peer, Json]]:
    """A room in which a message was refused, its connection, and the command."""
    async with watching(token="t1") as watched, watched.client as client, client.room(2) as room:
        sending = asyncio.create_task(room.send("gg"))
        peer = await watched.greeted()
        command = await peer.receive_type("send_chat_message")
        await peer.answer(command, type="error", code="RATE_LIMIT_EXCEEDED", message="Later.")
        with pytest.raises(RequestFailed, match="RATE_LIMIT_EXCEEDED"):
            await sending
        yield room, peer, command


def shown(room: Room) -> list[tuple[str, str | None]]:
    return [(entry.status, entry.messageId) for entry in room.messages]


def chat_message(command: Json) -> Json:
    sender: Json = {"wallet": "ann", "nickname": "Ann", "role": "user"}
    data: Json = {
        "id": 7,
        "contestId": 2,
        "text": command["text"],
        "sender": sender,
        "timestamp": NOW,
        "isAdmin": False,
    }
    return {"type": "chat_message", "contestId": 2, "data": data | {"messageId": command["messageId"]}}


async def test_a_message_that_failed_is_sent_again_in_its_place() -> None:
    async with refused_message() as (room, peer, command):
        message_id = command["messageId"]
        assert shown(room) == [("failed", message_id)]
        sending = asyncio.create_task(room.send("gg", message_id=message_id))
        again = await peer.receive_type("send_chat_message")
        assert again["messageId"] == message_id
        assert shown(room) == [("pending", message_id)]
        await peer.answer(again, **chat_message(again))
        assert (await sending).id == 7
        assert shown(room) == [("sent", message_id)]


async def test_a_message_that_failed_can_be_dismissed() -> None:
    async with refused_message() as (room, _, command):
        changes = room.changes()
        await anext(changes)
        room.dismiss(command["messageId"])
        await anext(changes)
        assert shown(room) == []


@pytest.mark.parametrize("reply", [{"type": "pong"}, {"type": "chat_message", "data": {"id": "x"}}, {"type": "new"}])
async def test_a_strange_answer_to_a_message_fails_it_with_an_error_of_this_library(reply: Json) -> None:
    async with refused_message() as (room, peer, _):
        sending = asyncio.create_task(room.send("gg"))
        await peer.answer(await peer.receive_type("send_chat_message"), **reply)
        with pytest.raises(RequestFailed, match="UNKNOWN_REPLY"):
            await sending
        assert [entry.status for entry in room.messages] == ["failed", "failed"]


async def test_text_that_is_not_unicode_is_refused_at_once_and_leaves_nothing_behind() -> None:
    async with watching(token="t1") as watched, watched.client as client, client.room(2) as room:
        with pytest.raises(UnicodeEncodeError):
            await room.send("\ud800")
        with pytest.raises(UnicodeEncodeError):
            await client.track("\ud800")
        with pytest.raises(UnicodeEncodeError):
            await client.track("opened", {"text": "\ud800"})
        assert shown(room) == []
        assert "analytics" not in {name for name, state in client.states.items() if state.status != "idle"}

"""One's own messages in a chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from duelcast.client import RequestFailed, Room
from tests.client.scripted import Json, Peer, watching


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


@pytest.mark.parametrize("reply", [{"type": "pong"}, {"type": "chat_message", "data": {"id": "x"}}, {"type": "new"}])
async def test_a_strange_answer_to_a_message_fails_it_with_an_error_of_this_library(reply: Json) -> None:
    async with refused_message() as (room, peer, _):
        sending = asyncio.create_task(room.send("gg"))
        await peer.answer(await peer.receive_type("send_chat_message"), **reply)
        with pytest.raises(RequestFailed, match="UNKNOWN_REPLY"):
            await sending
        assert [entry.status for entry in room.messages] == ["failed", "failed"]

"""Several followers of one channel: each begins with a snapshot of its own, and hears every message once."""

from __future__ import annotations

import asyncio
from typing import Any

from duelcast.client import Stream, channels
from duelcast.client.generated.contest import ChatMessage
from tests.client.scripted import NOW, Json, Peer, watching


def chat_message(number: int, seq: int | None = None) -> Json:
    """A message whose id is its number; without a `seq`, a part of a snapshot."""
    sender: Json = {"wallet": "bob", "nickname": "Bob", "role": "user"}
    data: Json = {"id": number, "contestId": 2, "text": "x", "sender": sender, "timestamp": NOW, "isAdmin": False}
    message: Json = {"type": "chat_message", "contestId": 2, "channel": "chat.2", "data": data}
    return message if seq is None else message | {"seq": seq}


async def snapshot(peer: Peer, seq: int, *numbers: int) -> Json:
    """Confirm the chat with these messages, and answer the ping behind. Returns the command."""
    subscribe = await peer.receive_type("subscribe")
    await peer.answer(subscribe, type="subscription_confirmed", channel="chat.2", kind="every", epoch="E1", seq=seq)
    await peer.send(*map(chat_message, numbers))
    await peer.pong()
    return subscribe


async def ids(stream: Stream[Any], count: int) -> list[int]:
    """The ids of the next messages."""
    messages = [await asyncio.wait_for(anext(stream), 30) for _ in range(count)]
    return [message.data.id for message in messages if isinstance(message, ChatMessage)]


async def test_a_second_follower_begins_with_its_own_snapshot_which_the_first_does_not_hear() -> None:
    async with watching() as watched, watched.client as client, client.contest.follow(channels.chat(2)) as first:
        peer = await watched.greeted()
        await snapshot(peer, 5, 1, 2)
        assert await ids(first, 2) == [1, 2]
        async with client.contest.follow(channels.chat(2)) as second:
            assert (await snapshot(peer, 5, 1, 2))["channels"] == ["chat.2"]
            await peer.send(chat_message(3, 6))
            assert await ids(second, 3) == [1, 2, 3]
            assert await ids(first, 1) == [3]


async def test_followers_that_begin_at_once_share_a_snapshot() -> None:
    async with (
        watching() as watched,
        watched.client as client,
        client.contest.follow(channels.chat(2)) as first,
        client.contest.follow(channels.chat(2)) as second,
    ):
        peer = await watched.greeted()
        await snapshot(peer, 5, 1, 2)
        await peer.send(chat_message(3, 6))
        assert [await ids(first, 3), await ids(second, 3)] == [[1, 2, 3], [1, 2, 3]]


async def test_a_follower_that_begins_during_the_snapshot_of_another_does_not_repeat_it() -> None:
    async with watching() as watched, watched.client as client, client.contest.follow(channels.chat(2)) as first:
        peer = await watched.greeted()
        one = await peer.receive_type("subscribe")
        async with client.contest.follow(channels.chat(2)) as second:
            other = await peer.receive_type("subscribe")
            for command in (one, other):
                await peer.answer(
                    command, type="subscription_confirmed", channel="chat.2", kind="every", epoch="E1", seq=5
                )
                await peer.send(chat_message(1), chat_message(2))
            await peer.send(chat_message(3, 6))
            assert [await ids(first, 3), await ids(second, 3)] == [[1, 2, 3], [1, 2, 3]]


async def test_what_was_missed_on_the_way_to_a_second_snapshot_is_in_it_for_all() -> None:
    async with watching() as watched, watched.client as client, client.contest.follow(channels.chat(2)) as first:
        peer = await watched.greeted()
        await snapshot(peer, 5, 1, 2)
        assert await ids(first, 2) == [1, 2]
        async with client.contest.follow(channels.chat(2)) as second:
            await snapshot(peer, 6, 2, 3)
            assert [await ids(first, 2), await ids(second, 2)] == [[2, 3], [2, 3]]

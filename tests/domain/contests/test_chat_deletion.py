"""Messages that an admin deletes, and those that are too old."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from duelcast.channels.broker import Message
from duelcast.channels.names import Role
from duelcast.domain.contests.chat import ChatSettings
from duelcast.domain.contests.errors import ChatMessageNotFound, ContestNotFound
from duelcast.errors import AppError
from duelcast.store.contests import CANCELLED, COMPLETED
from tests.domain.contests.chatroom import ADMIN, UNKNOWN_CONTEST, Chatroom, chatroom, decode, uuid_of

DAY_S = 86_400.0
SECRET = "a seed phrase, by mistake"
UNLIMITED = ChatSettings(messages_per_minute=0)


@pytest_asyncio.fixture
async def room(tmp_path: Path) -> AsyncIterator[Chatroom]:
    """Two contests without a limit on how often somebody writes."""
    async with chatroom(tmp_path / "chat.db", settings=UNLIMITED) as room:
        yield room


# ── by an admin ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_deletion_is_published_behind_the_message(room: Chatroom) -> None:
    message_id = (await room.send()).record.id
    await room.chat.delete(1, message_id, ADMIN)
    _, deletion = room.listener.messages
    assert (deletion.channel.name, deletion.seq, deletion.origin) == ("chat.1", 2, None)
    assert decode(deletion) == {
        "type": "chat_message_deleted",
        "contestId": 1,
        "id": message_id,
        "timestamp": "2027-01-15T08:00:00.000Z",
    }


async def test_recovery_brings_the_deletion_in_the_place_of_the_message(room: Chatroom) -> None:
    await room.send("before")
    message_id = (await room.send(SECRET)).record.id
    await room.send("behind")
    await room.chat.delete(1, message_id, ADMIN)
    recovered = await room.recovered()
    told = [(message.seq, body.get("data", {}).get("text"), body.get("id")) for message, body in _decoded(recovered)]
    assert told == [(1, "before", None), (2, None, message_id), (3, "behind", None), (4, None, message_id)]
    assert [message.seq for message in await room.recovered(seq=3)] == [4]


async def test_nodes_that_still_hold_the_message_are_told_what_takes_its_place(room: Chatroom) -> None:
    message_id = (await room.send(SECRET)).record.id
    await room.chat.delete(1, message_id, ADMIN)
    ((channel, seq, body),) = room.listener.replaced
    assert (channel.name, seq) == ("chat.1", room.listener.messages[0].seq)
    assert body == room.listener.messages[-1].body


async def test_a_deleted_text_is_nowhere_any_more(room: Chatroom) -> None:
    message_id = (await room.send(SECRET)).record.id
    await room.chat.delete(1, message_id, ADMIN)
    assert await room.stored() == []
    assert not [message for message in await room.recovered() if SECRET.encode() in message.body]
    async with room.database.read() as transaction:
        dump = await transaction.exec_driver_sql("select text from chat_messages")
        assert dump.scalars().all() == [""]
        bodies = (await transaction.exec_driver_sql("select body from channel_messages")).scalars().all()
        assert len(bodies) == 2
        assert not [body for body in bodies if SECRET.encode() in body]
    assert SECRET not in str(await room.acts())


async def test_a_snapshot_includes_the_deletion(room: Chatroom) -> None:
    kept, deleted = await room.send("kept"), await room.send("deleted")
    await room.chat.delete(1, deleted.record.id, ADMIN)
    assert await room.chat.last(1) == ([kept.record], 3)


async def test_a_deletion_is_in_the_audit_trail(room: Chatroom) -> None:
    message_id = (await room.send()).record.id
    await room.chat.delete(1, message_id, ADMIN)
    (act,) = await room.acts()
    assert (act.wallet, act.role, act.action) == ("root", Role.ADMIN, "chat.delete")
    assert (act.target, act.details) == (f"contests/1/chat/{message_id}", {"wallet": "ann"})


async def test_a_message_that_is_deleted_stays_so_and_that_is_told_once(room: Chatroom) -> None:
    message_id = (await room.send()).record.id
    await asyncio.gather(*(room.chat.delete(1, message_id, ADMIN) for _ in range(3)))
    await room.chat.delete(1, message_id, ADMIN)
    assert [push["type"] for push in room.pushes()] == ["chat_message", "chat_message_deleted"]
    assert len(room.listener.replaced) == len(await room.acts()) == 1


@pytest.mark.parametrize(
    ("contest_id", "offset", "refusal"),
    [(1, 1, ChatMessageNotFound), (2, 0, ChatMessageNotFound), (UNKNOWN_CONTEST, 0, ContestNotFound)],
)
async def test_what_is_not_there_cannot_be_deleted(
    room: Chatroom, contest_id: int, offset: int, refusal: type[AppError]
) -> None:
    message_id = (await room.send()).record.id + offset
    with pytest.raises(refusal):
        await room.chat.delete(contest_id, message_id, ADMIN)
    assert await room.texts() == ["gm"]
    assert len(room.pushes()) == 1
    assert await room.acts() == []


async def test_the_chat_of_a_cancelled_contest_can_still_be_read_and_deleted_from(room: Chatroom) -> None:
    message_id = (await room.send()).record.id
    room.cancelled.add(1)
    assert await room.texts() == ["gm"]
    await room.chat.delete(1, message_id, ADMIN)
    assert await room.texts() == []


async def test_the_repeat_of_a_deleted_message_does_not_bring_it_back(tmp_path: Path) -> None:
    async with chatroom(tmp_path / "chat.db") as room:
        await room.chat.delete(1, (await room.send(SECRET, uuid_of(1))).record.id, ADMIN)
        with pytest.raises(ChatMessageNotFound):
            await room.send(SECRET, uuid_of(1))
    async with chatroom(tmp_path / "chat.db") as restarted:
        with pytest.raises(ChatMessageNotFound):
            await restarted.send(SECRET, uuid_of(1))
        assert await restarted.stored() == []


# ── by age ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_old_messages_of_ended_contests_leave_the_store(room: Chatroom) -> None:
    await room.send("old")
    await room.send("old", contest_id=2)
    await room.clock.advance(1)
    await room.send("new")
    await room.end_contest(1, COMPLETED)
    await room.clock.advance(90 * DAY_S - 0.5)
    assert await room.chat.delete_old(90) == 1
    assert (await room.texts(1), await room.texts(2)) == (["new"], ["old"])
    await room.end_contest(2, CANCELLED)
    assert await room.chat.delete_old(90) == 1
    assert await room.texts(2) == []


async def test_an_old_chat_of_any_length_is_deleted_whole_and_deleted_messages_with_it(room: Chatroom) -> None:
    sent = await asyncio.gather(*(room.send(str(number)) for number in range(1_200)))
    await room.chat.delete(1, sent[7].record.id, ADMIN)
    await room.end_contest(1, COMPLETED)
    await room.clock.advance(91 * DAY_S)
    assert await room.chat.delete_old(90) == 1_200
    async with room.database.read() as transaction:
        assert (await transaction.exec_driver_sql("select count(*) from chat_messages")).scalar_one() == 0


async def test_an_id_is_never_given_again(room: Chatroom) -> None:
    last = (await room.send()).record.id
    await room.end_contest(1, COMPLETED)
    await room.clock.advance(91 * DAY_S)
    await room.chat.delete_old(90)
    assert (await room.send()).record.id > last


def _decoded(messages: list[Message]) -> list[tuple[Message, dict[str, Any]]]:
    return [(message, decode(message)) for message in messages]

"""Chat over a database that is locked by another process, or gone: nothing is half done, and it goes on by itself."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from duelcast.domain.contests.chat import ChatSettings
from duelcast.errors import RateLimitExceeded, Unavailable
from tests.domain.contests.chatroom import ADMIN, Chatroom, chatroom, uuid_of
from tests.storing import locked, moved_away

Fault = Callable[[Path], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def gone(path: Path) -> AsyncIterator[None]:
    """Nobody reaches the database, until it comes back."""
    with moved_away(path):
        yield


FAULTS = pytest.mark.parametrize("fault", [locked, gone])


async def unavailable(*asked: object) -> None:
    """All of `asked` fail with `Unavailable`, and say when to try again."""
    results = await asyncio.gather(*asked, return_exceptions=True)  # type: ignore[call-overload]  # any awaitables
    for result in results:
        assert isinstance(result, Unavailable)
        assert result.retry_after_ms


async def state(room: Chatroom) -> tuple[object, ...]:
    """All that could be half done."""
    published = len(room.listener.messages), len(room.listener.replaced)
    return await room.stored(), room.chat.mutes.muted(1), await room.acts(), published


@FAULTS
async def test_what_fails_leaves_nothing_behind_and_works_when_it_is_tried_again(tmp_path: Path, fault: Fault) -> None:
    path = tmp_path / "chat.db"
    async with chatroom(path, settings=ChatSettings(messages_per_minute=0)) as room:
        kept, doomed = await room.send("kept"), await room.send("doomed")
        await room.chat.mutes.mute(1, "bob", None, ADMIN)
        before = await state(room)
        async with fault(path):
            await unavailable(
                *(room.send(str(number), uuid_of(number)) for number in range(5)),
                room.send("0", uuid_of(0)),
                room.chat.delete(1, doomed.record.id, ADMIN),
                room.chat.mutes.mute(1, "ann", None, ADMIN),
                room.chat.mutes.unmute(1, "bob", ADMIN),
            )
        assert await state(room) == before
        sent = [await room.send(str(number), uuid_of(number)) for number in range(5)]
        await room.chat.delete(1, doomed.record.id, ADMIN)
        await room.chat.mutes.mute(1, "ann", None, ADMIN)
        await room.chat.mutes.unmute(1, "bob", ADMIN)
        assert not any(each.duplicate for each in sent)
        assert await room.stored() == [kept.record, *(each.record for each in sent)]
        assert room.chat.mutes.muted(1) == ["ann"]


@FAULTS
async def test_what_could_not_be_stored_does_not_count_against_the_rate(tmp_path: Path, fault: Fault) -> None:
    path = tmp_path / "chat.db"
    async with chatroom(path) as room:
        async with fault(path):
            for _ in range(2):
                await unavailable(*(room.send() for _ in range(10)))
        for _ in range(10):
            await room.send()
        with pytest.raises(RateLimitExceeded):
            await room.send()


async def test_reading_goes_on_while_another_process_holds_the_write_lock(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    async with chatroom(path) as room:
        sent = await room.send()
        async with locked(path):
            assert await room.chat.last(1) == ([sent.record], sent.record.id)


async def test_what_was_acknowledged_is_there_once_while_the_database_comes_and_goes(tmp_path: Path) -> None:
    """Everybody sends each message again until it is acknowledged."""
    path = tmp_path / "chat.db"
    over, sent_one, refused = asyncio.Event(), asyncio.Event(), asyncio.Event()
    acknowledged: dict[int, str] = {}

    async def write(room: Chatroom, wallet: str) -> None:
        for number in itertools.count():
            text = f"{wallet} {number}"
            is_acknowledged = False
            while not is_acknowledged:
                try:
                    sent = await room.send(text, uuid_of(number), wallet=wallet)
                    acknowledged[sent.record.id] = text
                    is_acknowledged = True
                    sent_one.set()
                except Unavailable:
                    refused.set()
                    await asyncio.sleep(0.01)
            if over.is_set():
                return

    async with chatroom(path, settings=ChatSettings(messages_per_minute=0)) as room:
        writers = [asyncio.create_task(write(room, f"wallet-{number}")) for number in range(10)]
        for fault in (locked, gone, locked, gone):
            sent_one.clear()
            await sent_one.wait()
            async with fault(path):
                refused.clear()
                await refused.wait()
        over.set()
        await asyncio.gather(*writers)
        published = {push["data"]["id"]: push["data"]["text"] for push in room.pushes()}
        assert len(room.pushes()) == len(published)
    async with chatroom(path) as restarted:
        stored = {record.id: record.text for record in await restarted.stored()}
    assert stored == acknowledged == published
    assert len(set(stored.values())) == len(stored)

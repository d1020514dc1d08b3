"""Wallets that an admin mutes in a contest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from duelcast.domain.contests.errors import ContestNotFound, Muted
from duelcast.errors import InvalidRequest
from tests.domain.contests.chatroom import ADMIN, UNKNOWN_CONTEST, Chatroom, chatroom, uuid_of


@pytest_asyncio.fixture
async def room(tmp_path: Path) -> AsyncIterator[Chatroom]:
    async with chatroom(tmp_path / "chat.db") as room:
        yield room


async def refusal(room: Chatroom, wallet: str = "ann", contest_id: int = 1) -> Muted:
    with pytest.raises(Muted) as refused:
        await room.send(wallet=wallet, contest_id=contest_id)
    return refused.value


async def test_a_muted_wallet_may_not_write_in_that_contest(room: Chatroom) -> None:
    await room.chat.mutes.mute(1, "ann", None, ADMIN)
    assert (await refusal(room)).retry_after_ms is None
    assert await room.stored() == []
    assert room.listener.messages == []
    await room.send(contest_id=2)
    await room.send(wallet="bob")


async def test_a_mute_for_a_while_says_how_long_and_ends_by_itself(room: Chatroom) -> None:
    await room.chat.mutes.mute(1, "ann", room.now_ms + 60_000, ADMIN)
    await room.clock.advance(59.5)
    assert (await refusal(room)).retry_after_ms == 500
    assert room.chat.mutes.muted(1) == ["ann"]
    await room.clock.advance(0.5)
    await room.send()
    assert room.chat.mutes.muted(1) == []


async def test_a_mute_can_be_lifted_and_lifting_none_is_no_error(room: Chatroom) -> None:
    await room.chat.mutes.mute(1, "ann", None, ADMIN)
    for _ in range(2):
        await room.chat.mutes.unmute(1, "ann", ADMIN)
    await room.send()
    assert [act.action for act in await room.acts()] == ["mutes.put", "mutes.delete"]


async def test_a_later_mute_takes_the_place_of_an_earlier_one(room: Chatroom) -> None:
    await room.chat.mutes.mute(1, "ann", None, ADMIN)
    await room.chat.mutes.mute(1, "ann", room.now_ms + 1_000, ADMIN)
    assert (await refusal(room)).retry_after_ms == 1_000


async def test_the_muted_are_listed_by_contest_and_wallet(room: Chatroom) -> None:
    for contest_id, wallet in ((1, "b"), (1, "a"), (2, "c")):
        await room.chat.mutes.mute(contest_id, wallet, None, ADMIN)
    assert [room.chat.mutes.muted(contest_id) for contest_id in (1, 2, 3)] == [["a", "b"], ["c"], []]


async def test_mutes_outlive_a_restart(tmp_path: Path) -> None:
    async with chatroom(tmp_path / "chat.db") as room:
        await room.chat.mutes.mute(1, "for ever", None, ADMIN)
        await room.chat.mutes.mute(1, "for a while", room.now_ms + 60_000, ADMIN)
        await room.chat.mutes.mute(1, "lifted", None, ADMIN)
        await room.chat.mutes.unmute(1, "lifted", ADMIN)
    async with chatroom(tmp_path / "chat.db") as restarted:
        assert restarted.chat.mutes.muted(1) == ["for a while", "for ever"]
        assert (await refusal(restarted, "for a while")).retry_after_ms == 60_000


async def test_mutes_are_in_the_audit_trail(room: Chatroom) -> None:
    await room.chat.mutes.mute(1, "ann", None, ADMIN)
    await room.chat.mutes.mute(1, "ann", room.now_ms + 61, ADMIN)
    await room.chat.mutes.unmute(1, "ann", ADMIN)
    told = [(act.wallet, act.action, act.target, act.details) for act in await room.acts()]
    assert told == [
        ("root", "mutes.put", "contests/1/mutes/ann", {"until": None}),
        ("root", "mutes.put", "contests/1/mutes/ann", {"until": "2027-01-15T08:00:00.061Z"}),
        ("root", "mutes.delete", "contests/1/mutes/ann", {}),
    ]


async def test_a_mute_ends_in_the_future(room: Chatroom) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await room.chat.mutes.mute(1, "ann", room.now_ms, ADMIN)
    assert refused.value.field == "until"
    assert await room.acts() == []


async def test_nobody_is_muted_in_a_contest_that_is_not_there(room: Chatroom) -> None:
    with pytest.raises(ContestNotFound):
        await room.chat.mutes.mute(UNKNOWN_CONTEST, "ann", None, ADMIN)
    with pytest.raises(ContestNotFound):
        await room.chat.mutes.unmute(UNKNOWN_CONTEST, "ann", ADMIN)
    assert room.chat.mutes.muted(UNKNOWN_CONTEST) == []
    assert await room.acts() == []


async def test_who_was_muted_since_still_learns_that_a_message_was_stored(room: Chatroom) -> None:
    first = await room.send("gm", uuid_of(1))
    await room.chat.mutes.mute(1, "ann", None, ADMIN)
    assert await room.send("gm", uuid_of(1)) == (first.record, True)
    with pytest.raises(Muted):
        await room.send("gm", uuid_of(2))
    assert await room.texts() == ["gm"]


async def test_a_message_that_a_mute_refused_does_not_count(room: Chatroom) -> None:
    await room.chat.mutes.mute(1, "ann", None, ADMIN)
    for number in range(20):
        with pytest.raises(Muted):
            await room.send("gm", uuid_of(number))
    await room.chat.mutes.unmute(1, "ann", ADMIN)
    for _ in range(10):
        await room.send()


async def test_mutes_that_are_over_are_forgotten_and_others_stay(room: Chatroom) -> None:
    await room.chat.mutes.mute(1, "over", room.now_ms + 1_000, ADMIN)
    await room.chat.mutes.mute(1, "later", room.now_ms + 2_000, ADMIN)
    await room.chat.mutes.mute(1, "for ever", None, ADMIN)
    await room.clock.advance(1)
    await room.chat.delete_old(90)
    async with room.database.read() as transaction:
        stored = await transaction.exec_driver_sql("select wallet from contest_mutes order by wallet")
        assert stored.scalars().all() == ["for ever", "later"]
    assert room.chat.mutes.muted(1) == ["for ever", "later"]


async def test_a_mute_that_is_renewed_while_it_is_forgotten_stays(room: Chatroom) -> None:
    await room.chat.mutes.mute(1, "ann", room.now_ms + 1_000, ADMIN)
    await room.clock.advance(1)
    await asyncio.gather(room.chat.mutes.mute(1, "ann", None, ADMIN), room.chat.mutes.delete_ended())
    assert room.chat.mutes.muted(1) == ["ann"]

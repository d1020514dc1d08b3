"""Writing in the chat of a contest, and reading it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from duelcast.channels.broker import Origin
from duelcast.channels.names import Role
from duelcast.domain.contests.chat import ChatSettings
from duelcast.domain.contests.errors import ContestNotFound, EmptyMessage, MessageTooLong
from duelcast.errors import AppError, InvalidRequest, InvalidState, RateLimitExceeded
from tests.domain.contests.chatroom import UNKNOWN_CONTEST, Chatroom, chatroom, decode, user, uuid_of


@pytest_asyncio.fixture
async def room(tmp_path: Path) -> AsyncIterator[Chatroom]:
    """Two contests without a limit on how often somebody writes."""
    async with chatroom(tmp_path / "chat.db", settings=ChatSettings(messages_per_minute=0)) as room:
        yield room


@pytest_asyncio.fixture
async def limited(tmp_path: Path) -> AsyncIterator[Chatroom]:
    """Two contests with the usual limit."""
    async with chatroom(tmp_path / "chat.db") as room:
        yield room


# ── a message ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_is_published_as_it_is_stored(room: Chatroom) -> None:
    origin = Origin("connection", "r1")
    sent = await room.chat.send(1, user("ann", "Ann"), "gm", uuid_of(1), origin)
    (message,) = room.listener.messages
    assert (message.channel.name, message.seq, message.origin) == ("chat.1", 1, origin)
    assert decode(message) == {
        "type": "chat_message",
        "contestId": 1,
        "data": {
            "id": sent.record.id,
            "contestId": 1,
            "sender": {"wallet": "ann", "nickname": "Ann", "role": "user"},
            "text": "gm",
            "timestamp": "2027-01-15T08:00:00.000Z",
            "isAdmin": False,
            "messageId": uuid_of(1),
        },
        "timestamp": "2027-01-15T08:00:00.000Z",
    }
    assert await room.stored() == [sent.record]
    assert not sent.duplicate


async def test_a_sender_is_named_as_of_then(tmp_path: Path) -> None:
    async with chatroom(tmp_path / "chat.db") as room:
        await room.chat.send(1, user("ann", "Ann"), "before")
        await room.chat.send(1, user("ann", "Queen", Role.SUPERADMIN), "after")
    async with chatroom(tmp_path / "chat.db") as restarted:
        before, after = await restarted.stored()
    assert (before.sender.nickname, before.sender.role, before.isAdmin) == ("Ann", "user", False)
    assert (after.sender.nickname, after.sender.role, after.isAdmin) == ("Queen", "superadmin", True)


async def test_a_message_without_an_id_of_its_sender_has_none_on_the_wire(room: Chatroom) -> None:
    await room.send()
    assert "messageId" not in room.pushes()[0]["data"]


async def test_a_text_is_trimmed_and_composed(room: Chatroom) -> None:
    assert (await room.send("  e\u0301 ")).record.text == "\u00e9"


@pytest.mark.parametrize(
    ("refusal", "contest_id", "text", "message_id"),
    [
        (ContestNotFound, UNKNOWN_CONTEST, "gm", uuid_of(1)),
        (InvalidState, 2, "gm", None),
        (InvalidState, 2, "gm", uuid_of(1)),
        (EmptyMessage, 1, " ", None),
        (MessageTooLong, 1, "a" * 501, None),
        (InvalidRequest, 1, "a\nb", None),
        (InvalidRequest, 1, "gm", "00000000000000000000000000000001"),
        (InvalidRequest, 1, "gm", "{00000000-0000-0000-0000-000000000001}"),
        (InvalidRequest, 1, "gm", uuid_of(1) + "\n"),
        (InvalidRequest, 1, "gm", ""),
    ],
)
async def test_what_is_refused_is_neither_stored_nor_published(
    room: Chatroom, refusal: type[AppError], contest_id: int, text: str, message_id: str | None
) -> None:
    room.cancelled.add(2)
    with pytest.raises(refusal):
        await room.send(text, message_id, contest_id=contest_id)
    assert await room.stored(contest_id) == []
    assert room.listener.messages == []


async def test_the_length_of_a_message_is_a_setting_that_acts_at_once(room: Chatroom) -> None:
    room.settings = ChatSettings(max_characters=3)
    await room.send("abc")
    with pytest.raises(MessageTooLong):
        await room.send("abcd")


async def test_messages_that_are_sent_at_once_are_stored_and_published_in_the_order_sent(room: Chatroom) -> None:
    texts = [str(number) for number in range(300)]
    sent = await asyncio.gather(
        *(room.send(text, contest_id=1 + number % 2) for number, text in enumerate(texts)),
    )
    ids = [each.record.id for each in sent]
    assert ids == sorted(ids)
    assert [msgspec.json.decode(message.body)["data"]["id"] for message in room.listener.messages] == ids
    assert [push["data"]["text"] for push in room.pushes(1)] == texts[::2] == await room.texts(1)
    assert [push["data"]["text"] for push in room.pushes(2)] == texts[1::2] == await room.texts(2)


# ── once ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_repeat_gives_the_stored_message_and_is_not_published(room: Chatroom) -> None:
    first = await room.send("gm", uuid_of(1))
    await room.clock.advance(5)
    again = await room.send("something else", uuid_of(1))
    assert again == (first.record, True)
    assert await room.stored() == [first.record]
    assert len(room.pushes()) == 1


async def test_repeats_in_one_group_are_stored_once(room: Chatroom) -> None:
    ids = [uuid_of(number) for number in (1, 2, 1, 1, 3, 2)]
    sent = await asyncio.gather(*(room.send(str(number), message_id) for number, message_id in enumerate(ids)))
    assert [each.duplicate for each in sent] == [False, False, True, True, False, True]
    assert [each.record.text for each in sent] == ["0", "1", "0", "0", "4", "1"]
    assert await room.texts() == ["0", "1", "4"]
    assert [push["data"]["text"] for push in room.pushes()] == ["0", "1", "4"]


async def test_a_repeat_is_answered_in_a_chat_that_was_closed_since(room: Chatroom) -> None:
    first = await room.send("gm", uuid_of(1))
    room.cancelled.add(1)
    assert await room.send("gm", uuid_of(1)) == (first.record, True)


async def test_a_repeat_is_recognised_after_a_restart(tmp_path: Path) -> None:
    async with chatroom(tmp_path / "chat.db") as room:
        first = await room.send("gm", uuid_of(1))
    async with chatroom(tmp_path / "chat.db") as restarted:
        assert await restarted.send("gm", uuid_of(1)) == (first.record, True)
        assert await restarted.stored() == [first.record]
        assert restarted.listener.messages == []


async def test_an_id_is_the_same_in_upper_and_lower_case(room: Chatroom) -> None:
    message_id = "ABCDEF00-0000-4000-8000-00000000000F"
    first = await room.send("gm", message_id)
    again = await room.send("gm", message_id.lower())
    assert first.record.messageId == message_id.lower()
    assert again == (first.record, True)


async def test_the_same_id_of_another_wallet_or_contest_is_another_message(room: Chatroom) -> None:
    sent = [
        await room.send("1", uuid_of(1)),
        await room.send("2", uuid_of(1), wallet="bob"),
        await room.send("3", uuid_of(1), contest_id=2),
    ]
    assert [each.duplicate for each in sent] == [False] * 3
    assert (await room.texts(1), await room.texts(2)) == (["1", "2"], ["3"])


# ── how often ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_wallet_may_write_ten_messages_at_once_and_then_one_every_six_seconds(limited: Chatroom) -> None:
    for _ in range(10):
        await limited.send()
    with pytest.raises(RateLimitExceeded) as refused:
        await limited.send()
    assert refused.value.retry_after_ms == 6_000
    await limited.clock.advance(5.9)
    with pytest.raises(RateLimitExceeded) as refused:
        await limited.send()
    assert refused.value.retry_after_ms == 100
    await limited.clock.advance(0.1)
    await limited.send()
    assert len(await limited.stored()) == 11


async def test_every_wallet_has_its_own_limit_in_every_contest(limited: Chatroom) -> None:
    for _ in range(10):
        await limited.send()
    await limited.send(wallet="bob")
    await limited.send(contest_id=2)


async def test_messages_that_are_sent_at_once_do_not_pass_the_limit(limited: Chatroom) -> None:
    sending = [limited.send(str(number), uuid_of(number)) for number in range(15)]
    results = await asyncio.gather(*sending, return_exceptions=True)
    assert [isinstance(each, RateLimitExceeded) for each in results] == [False] * 10 + [True] * 5
    assert await limited.texts() == [str(number) for number in range(10)]


async def test_a_repeat_does_not_count(limited: Chatroom) -> None:
    for number in range(5):
        await limited.send("gm", uuid_of(number))
        for _ in range(5):
            assert (await limited.send("gm", uuid_of(number))).duplicate
    for number in range(5, 10):
        await limited.send("gm", uuid_of(number))
    with pytest.raises(RateLimitExceeded):
        await limited.send()


async def test_a_repeat_is_answered_beyond_the_limit(limited: Chatroom) -> None:
    for number in range(10):
        await limited.send("gm", uuid_of(number))
    assert (await limited.send("gm", uuid_of(3))).duplicate


async def test_a_repeat_of_what_is_still_being_stored_is_answered_beyond_the_limit(limited: Chatroom) -> None:
    for _ in range(9):
        await limited.send()
    first, again = await asyncio.gather(limited.send("gm", uuid_of(1)), limited.send("gm", uuid_of(1)))
    assert (first.duplicate, again) == (False, (first.record, True))


async def test_a_message_that_was_refused_may_be_sent_later_with_its_id(limited: Chatroom) -> None:
    for _ in range(10):
        await limited.send()
    with pytest.raises(RateLimitExceeded):
        await limited.send("late", uuid_of(1))
    await limited.clock.advance(6)
    assert not (await limited.send("late", uuid_of(1))).duplicate


@pytest.mark.parametrize(
    ("settings", "messages"),
    [
        (ChatSettings(rate_limit_factor=2), 20),
        (ChatSettings(messages_per_minute=3), 3),
        (ChatSettings(messages_per_minute=3, rate_limit_factor=0.1), 1),
    ],
)
async def test_the_limit_is_a_setting_that_acts_at_once(
    limited: Chatroom, settings: ChatSettings, messages: int
) -> None:
    await limited.send()
    limited.settings = settings
    for _ in range(messages):
        await limited.send()
    with pytest.raises(RateLimitExceeded):
        await limited.send()


@pytest.mark.parametrize("settings", [ChatSettings(rate_limit_factor=0), ChatSettings(messages_per_minute=0)])
async def test_the_limit_can_be_switched_off(limited: Chatroom, settings: ChatSettings) -> None:
    limited.settings = settings
    for _ in range(30):
        await limited.send()


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after", "limit", "texts", "has_more"),
    [
        (None, None, 3, ["4", "5", "6"], True),
        (None, None, 6, ["1", "2", "3", "4", "5", "6"], False),
        ("5", None, 3, ["2", "3", "4"], True),
        ("4", None, 3, ["1", "2", "3"], False),
        ("1", None, 3, [], False),
        (None, "1", 3, ["2", "3", "4"], True),
        (None, "3", 3, ["4", "5", "6"], False),
        (None, "6", 3, [], False),
    ],
)
async def test_a_page_is_in_the_order_of_the_ids(
    room: Chatroom, before: str | None, after: str | None, limit: int, texts: list[str], has_more: bool
) -> None:
    ids: dict[str | None, int] = {}
    for text in "123456":
        ids[text] = (await room.send(text)).record.id
        await room.send("elsewhere", contest_id=2)
    records, more = await room.chat.page(1, before_id=ids.get(before), after_id=ids.get(after), limit=limit)
    assert ([record.text for record in records], more) == (texts, has_more)


async def test_a_page_has_one_direction(room: Chatroom) -> None:
    with pytest.raises(InvalidRequest):
        await room.chat.page(1, before_id=1, after_id=1)


async def test_a_snapshot_is_the_last_twenty_messages_and_names_the_position_it_includes(room: Chatroom) -> None:
    assert await room.chat.last(1) == ([], 0)
    sent = [await room.send(str(number)) for number in range(25)]
    await room.send("elsewhere", contest_id=2)
    assert await room.chat.last(1) == ([each.record for each in sent[5:]], 25)


async def test_a_stored_message_reads_as_it_was_published(room: Chatroom) -> None:
    """At any millisecond: times are kept as whole ones and written from floats."""
    for _ in range(50):
        await room.clock.advance(0.0137)
        await room.send("gm", uuid_of(len(room.pushes())))
    published = [push["data"] for push in room.pushes()]
    assert published == [msgspec.to_builtins(record) for record in await room.stored()]

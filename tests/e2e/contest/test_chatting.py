"""Chat of a contest's room: who may write, what, how often, and what everybody gets of it (protocol §5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from duelcast.wire.timestamps import format_time
from tests.e2e.contest.contest_room import ADMIN, Stage, join, pushes, stage
from tests.serving import Client, Frame

pytestmark = pytest.mark.asyncio(loop_scope="module")

UUID = "123e4567-e89b-42d3-a456-426614174000"


async def say(member: Client, contest: int, text: str = "Hello", **more: Any) -> Frame:
    return await member.ask(type="send_chat_message", contestId=contest, text=text, **more)


def texts(frames: list[Frame]) -> list[str]:
    return [frame["data"]["text"] for frame in frames if frame["type"] == "chat_message"]


@pytest.mark.parametrize(
    ("who", "code"), [(None, "UNAUTHORIZED"), ("uma", "NOT_IN_ROOM"), ("ann", "NOT_IN_ROOM"), (ADMIN, "NOT_IN_ROOM")]
)
async def test_who_is_not_in_the_room_may_not_write(hall: Stage, who: str | None, code: str) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    async with hall.socket(who) as member:
        assert (await say(member, contest))["code"] == code
        # Following the chat is not being in the room.
        await member.ask(type="subscribe", channel=f"chat.{contest}")
        assert (await say(member, contest))["code"] == code


async def test_an_anonymous_spectator_may_not_write(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as member:
        await join(member, contest)
        assert (await say(member, contest))["code"] == "UNAUTHORIZED"
        assert (await member.ask(type="get_chat_messages", contestId=contest))["data"] == []


async def test_another_connection_in_the_room_does_not_let_one_write(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as inside, hall.socket("uma") as outside:
        await join(inside, contest)
        assert (await say(outside, contest))["code"] == "NOT_IN_ROOM"
        await inside.ask(type="leave_contest_room", contestId=contest)
        assert (await say(inside, contest))["code"] == "NOT_IN_ROOM"


@pytest.mark.parametrize(
    ("who", "role", "is_admin"), [("uma", "user", False), ("ann", "user", False), (ADMIN, "admin", True)]
)
async def test_a_message_reaches_everybody_in_the_room_and_its_sender_once(
    hall: Stage, who: str, role: str, is_admin: bool
) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    async with hall.socket(who) as sender, hall.socket() as reader:
        await join(sender, contest)
        await join(reader, contest)
        own = await say(sender, contest, "  Good  luck \t", messageId=UUID.upper())
        assert await pushes(sender, "chat_message") == []
        (told,) = await pushes(reader, "chat_message")
    assert (own["channel"], own["seq"], "duplicate" in own) == (f"chat.{contest}", 1, False)
    assert {name: value for name, value in own.items() if name != "requestId"} == told
    assert told["data"] == {
        "id": told["data"]["id"],
        "contestId": contest,
        "sender": {"wallet": who, "nickname": f"N-{who}", "role": role},
        "text": "Good  luck",
        "messageId": UUID,
        "timestamp": told["data"]["timestamp"],
        "isAdmin": is_admin,
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "EMPTY_MESSAGE"),
        (" \t\n\r ", "EMPTY_MESSAGE"),
        ("\u200b\u200d\ufeff", "EMPTY_MESSAGE"),
        ("a" * 501, "MESSAGE_TOO_LONG"),
        ("é" * 501, "MESSAGE_TOO_LONG"),
        ("👨‍👩‍👧" * 230, "MESSAGE_TOO_LONG"),
        ("a" * 60_000, "MESSAGE_TOO_LONG"),
        ("one\ntwo", "INVALID_REQUEST"),
        ("one\rtwo", "INVALID_REQUEST"),
        ("bell\x07", "INVALID_REQUEST"),
        ("\x1b[31mred", "INVALID_REQUEST"),
        ("c1\x85c1", "INVALID_REQUEST"),
        ("line\u2028line", "INVALID_REQUEST"),
        ("over\u202eride", "INVALID_REQUEST"),
        ("iso\u2066late", "INVALID_REQUEST"),
        (7, "INVALID_REQUEST"),
        (None, "INVALID_REQUEST"),
        (["x"], "INVALID_REQUEST"),
    ],
    ids=range(18),
)
async def test_a_text_that_may_not_be_is_refused_and_told_to_nobody(hall: Stage, text: Any, code: str) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as uma, hall.socket() as reader:
        await join(uma, contest)
        await join(reader, contest)
        answer = await say(uma, contest, text)
        assert answer["code"] == code
        assert answer.get("field") == ("text" if code == "INVALID_REQUEST" else None)
        assert await pushes(reader, "chat_message") == []
        assert (await uma.ask(type="get_chat_messages", contestId=contest))["data"] == []


@pytest.mark.parametrize("text", ["a" * 500, "e\u0301" * 500, "👨‍👩‍👧" * 200, "<b>&amp;</b>", "مرحبا", "{}"])
async def test_a_text_that_may_be_is_told_as_it_was_written(hall: Stage, text: str) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as uma:
        await join(uma, contest)
        answer = await say(uma, contest, text)
    assert answer["data"]["text"] == text.replace("e\u0301", "é")


async def test_the_same_message_id_is_stored_once_per_wallet_and_contest(hall: Stage) -> None:
    contest, other = await hall.contest(), await hall.contest()
    async with hall.socket("uma") as uma, hall.socket("ann") as ann, hall.socket() as reader:
        for member in (uma, ann, reader):
            await join(member, contest)
            await join(member, other)
        first = await say(uma, contest, "once", messageId=UUID)
        again = await say(uma, contest, "twice", messageId=UUID)
        assert (again["type"], again["duplicate"], again["data"]) == ("chat_message", True, first["data"])
        assert "channel" not in again
        assert "duplicate" not in await say(uma, other, "elsewhere", messageId=UUID)
        assert "duplicate" not in await say(ann, contest, "somebody else", messageId=UUID)
        assert texts(await reader.drain()) == ["once", "elsewhere", "somebody else"]


@pytest.mark.parametrize("message_id", ["", "x", UUID + "0", "{" + UUID + "}", 7])
async def test_a_message_id_that_is_no_uuid_is_refused(hall: Stage, message_id: Any) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as uma:
        await join(uma, contest)
        answer = await say(uma, contest, messageId=message_id)
        assert (answer["code"], answer["field"]) == ("INVALID_REQUEST", "messageId")


@pytest.mark.parametrize("what", ["start", "end", "cancel"])
async def test_writing_works_in_every_status_but_cancelled(hall: Stage, what: str) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    async with hall.socket("ann") as ann:
        await join(ann, contest)
        if what == "end":
            await hall.act(contest, "start")
        await hall.act(contest, what)
        answer = await say(ann, contest)
    assert answer.get("code") == ("INVALID_STATE" if what == "cancel" else None)


async def test_the_eleventh_message_in_a_minute_is_refused_and_the_connection_stays() -> None:
    async with stage(rate_limit_factor=1) as hall:
        contest, other = await hall.contest(), await hall.contest()
        async with hall.socket("uma") as uma, hall.socket("uma") as second:
            for member in (uma, second):
                await join(member, contest)
                await join(member, other)
            for number in range(10):
                await say(uma if number % 2 else second, contest, str(number), messageId=f"{UUID[:-1]}{number}")
            for member in (uma, second):
                refused = await say(member, contest, "eleventh")
                assert refused["code"] == "RATE_LIMIT_EXCEEDED"
                assert 0 < refused["retryAfterMs"] <= 6_000
            # A repeat does not count, and other contests have limits of their own.
            assert (await say(uma, contest, "0", messageId=f"{UUID[:-1]}0"))["duplicate"] is True
            assert "code" not in await say(uma, other)
            await hall.pass_time(refused["retryAfterMs"] / 1000)
            assert "code" not in await say(uma, contest, "eleventh")
            assert (await say(uma, contest, "twelfth"))["code"] == "RATE_LIMIT_EXCEEDED"


# ── mutes and deletions ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_muted_wallet_may_read_but_not_write_until_the_mute_is_lifted(hall: Stage) -> None:
    contest, other = await hall.contest(), await hall.contest()
    async with hall.socket("uma") as uma, hall.socket("ann") as ann:
        await join(uma, contest)
        await join(uma, other)
        await join(ann, contest)
        mute = await hall.do("PUT", f"/contests/{contest}/mutes/uma")
        assert mute == {"wallet": "uma", "until": None}
        refused = await say(uma, contest)
        assert (refused["code"], "retryAfterMs" in refused) == ("MUTED", False)
        assert "code" not in await say(uma, other)
        await say(ann, contest, "still here")
        assert texts(await uma.drain())[-1:] == ["still here"]
        assert (await hall.do("GET", f"/contests/{contest}"))["muted"] == ["uma"]
        assert "muted" not in await hall.do("GET", f"/contests/{contest}", by="uma")
        await hall.do("DELETE", f"/contests/{contest}/mutes/uma")
        assert "code" not in await say(uma, contest)


async def test_the_end_of_a_mute_is_told_in_utc(hall: Stage) -> None:
    contest = await hall.contest()
    mute = await hall.do("PUT", f"/contests/{contest}/mutes/uma", {"until": "2030-01-01T00:00:00+02:00"})
    assert mute == {"wallet": "uma", "until": "2029-12-31T22:00:00.000Z"}


async def test_admins_see_who_is_muted_and_until_when(hall: Stage) -> None:
    contest, other = await hall.contest(), await hall.contest()
    await hall.do("PUT", f"/contests/{other}/mutes/eve")
    soon = format_time(hall.clock.time() + 60)
    for wallet, until in (("uma", None), ("ann", soon), ("bob", soon)):
        await hall.do("PUT", f"/contests/{contest}/mutes/{wallet}", {"until": until})
    await hall.do("PUT", "/users/ann", {"nickname": "Muted Ann"})
    first = await hall.do("GET", f"/contests/{contest}/mutes?limit=2")
    assert first["data"] == [
        {"wallet": "ann", "until": soon, "nickname": "Muted Ann"},
        {"wallet": "bob", "until": soon, "nickname": None},
    ]
    last = await hall.do("GET", f"/contests/{contest}/mutes?limit=2&cursor={first['nextCursor']}")
    assert last == {"data": [{"wallet": "uma", "until": None, "nickname": None}], "count": 1}
    await hall.do("DELETE", f"/contests/{contest}/mutes/uma")
    await hall.pass_time(61)
    assert await hall.do("GET", f"/contests/{contest}/mutes") == {"data": [], "count": 0}


async def test_mutes_are_listed_of_a_contest_that_exists(hall: Stage) -> None:
    assert await hall.refusal("GET", "/contests/999999999/mutes") == (404, "CONTEST_NOT_FOUND")
    contest = await hall.contest()
    assert await hall.refusal("GET", f"/contests/{contest}/mutes?cursor=a%20b") == (400, "INVALID_REQUEST")
    assert await hall.refusal("GET", f"/contests/{contest}/mutes?limit=501") == (400, "INVALID_REQUEST")


async def test_a_mute_for_a_while_tells_how_long_and_ends_by_itself(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as uma:
        await join(uma, contest)
        past = await hall.refusal("PUT", f"/contests/{contest}/mutes/uma", {"until": "2027-01-15T08:00:00Z"})
        assert past == (400, "INVALID_REQUEST")
        until = format_time(hall.clock.time() + 5)
        await hall.do("PUT", f"/contests/{contest}/mutes/uma", {"until": until})
        refused = await say(uma, contest)
        assert refused["code"] == "MUTED"
        assert 4_990 <= refused["retryAfterMs"] <= 5_000
        await hall.pass_time(5.001)
        assert "code" not in await say(uma, contest)


async def test_a_deleted_message_is_told_once_and_gone_from_page_history_and_recovery(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as uma, hall.socket() as reader:
        joined = await join(reader, contest)
        confirmed = await reader.ask(type="subscribe", channel=f"chat.{contest}")
        await join(uma, contest)
        bad = await say(uma, contest, "something bad", messageId=UUID)
        good = await say(uma, contest, "something good")
        told = await reader.drain()
        for _ in range(2):
            await hall.do("DELETE", f"/contests/{contest}/chat/{bad['data']['id']}")
        told += await reader.drain()
        assert [frame["type"] for frame in told if "chat" in frame["type"]] == [
            "chat_message",
            "chat_message",
            "chat_message_deleted",
        ]
        assert told[-1]["id"] == bad["data"]["id"]
        page = await uma.ask(type="get_chat_messages", contestId=contest)
        assert [one["id"] for one in page["data"]] == [good["data"]["id"]]
        assert (await say(uma, contest, "again", messageId=UUID))["code"] == "CHAT_MESSAGE_NOT_FOUND"
        since = {"epoch": confirmed["epoch"], "seq": joined["positions"][f"chat.{contest}"]}
        async with hall.socket() as late:
            await late.ask(type="join_contest_room", contestId=contest, since=since)
            recovered = [frame for frame in await late.drain() if frame.get("channel") == f"chat.{contest}"]
    assert "something bad" not in json.dumps(recovered)
    assert [(frame["type"], frame["seq"]) for frame in recovered] == [
        ("chat_message_deleted", 1),
        ("chat_message", 2),
        ("chat_message_deleted", 3),
    ]


# ── history ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_pages_go_both_ways_in_the_order_of_ids(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as uma, hall.socket() as reader:
        await join(uma, contest)
        ids = [(await say(uma, contest, str(number)))["data"]["id"] for number in range(60)]

        async def page(**asked: Any) -> tuple[list[int], bool]:
            answer = await reader.ask(type="get_chat_messages", contestId=contest, **asked)
            assert (answer["type"], answer["contestId"]) == ("chat_messages", contest)
            return [one["id"] for one in answer["data"]], answer["hasMore"]

        assert ids == sorted(ids)
        assert await page() == (ids[10:], True)
        assert await page(limit=100) == (ids, False)
        assert await page(beforeId=ids[5], limit=3) == (ids[2:5], True)
        assert await page(beforeId=ids[3], limit=3) == (ids[:3], False)
        assert await page(afterId=ids[5], limit=3) == (ids[6:9], True)
        assert await page(afterId=ids[56], limit=3) == (ids[57:], False)
        assert await page(afterId=ids[59]) == ([], False)
        assert await page(beforeId=1) == ([], False)
        assert await page(beforeId=2**53 - 1, limit=1) == (ids[59:], True)
        both = await reader.ask(type="get_chat_messages", contestId=contest, beforeId=9, afterId=1)
        assert (both["code"], both["field"]) == ("INVALID_REQUEST", "afterId")


async def test_who_joins_gets_the_last_20_and_with_since_what_was_missed(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as uma, hall.socket() as reader:
        await join(uma, contest)
        for number in range(25):
            await say(uma, contest, str(number))
        joined = await reader.ask(type="join_contest_room", contestId=contest)
        snapshot = [frame for frame in await reader.drain() if frame["type"] == "chat_message"]
        assert texts(snapshot) == [str(number) for number in range(5, 25)]
        assert all("seq" not in frame and frame["channel"] == f"chat.{contest}" for frame in snapshot)
        assert joined["positions"] == {f"chat.{contest}": 25}
        epoch = (await reader.ask(type="subscribe", channel=f"chat.{contest}"))["epoch"]
        await reader.drain()
        await reader.ask(type="leave_contest_room", contestId=contest)
        for number in range(25, 28):
            await say(uma, contest, str(number))
        again = await reader.ask(type="join_contest_room", contestId=contest, since={"epoch": epoch, "seq": 25})
        missed = [frame for frame in await reader.drain() if frame["type"] == "chat_message"]
        assert [(frame["data"]["text"], frame["seq"]) for frame in missed] == [("25", 26), ("26", 27), ("27", 28)]
        assert (again["recovered"], "recovered" in joined) == (True, False)
        # From another epoch nothing can be told apart: the snapshot comes instead.
        again = await reader.ask(type="join_contest_room", contestId=contest, since={"epoch": "other", "seq": 25})
        assert again["recovered"] is False
        snapshot = [frame for frame in await reader.drain() if frame["type"] == "chat_message"]
        assert texts(snapshot) == [str(number) for number in range(8, 28)]

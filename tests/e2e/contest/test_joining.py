"""Rooms: who is in them, what they are told on the way in and out, and whom nobody sees (protocol §5, Room)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from duelcast.errors import Unavailable
from tests.e2e.contest.contest_room import ADMIN, Stage, join, pushes
from tests.e2e.users import put_user
from tests.serving import Client, Frame

pytestmark = pytest.mark.asyncio(loop_scope="module")


def head(joined: Frame) -> tuple[str, list[str], int, int]:
    """Role, the wallets of the members, and both counts."""
    members = [member["wallet"] for member in joined["members"]]
    return joined["role"], members, joined["memberCount"], joined["spectatorCount"]


async def left(member: Client, contest: int) -> Frame:
    answer = await member.ask(type="leave_contest_room", contestId=contest)
    assert answer["type"] == "contest_room_left", answer
    return answer


async def presence(member: Client) -> list[tuple[str, str]]:
    """Who came and who left, as it was pushed until now."""
    return [(frame["action"], frame["user"]["wallet"]) for frame in await pushes(member, "user_presence")]


@asynccontextmanager
async def joining(
    member: Client, contest: int, monkeypatch: pytest.MonkeyPatch, reader: object, method: str
) -> AsyncIterator[asyncio.Task[Frame]]:
    """Within the block the join waits for a `method` of `reader`; behind it the reply has come."""
    read, begun, may_end = getattr(reader, method), asyncio.Event(), asyncio.Event()

    async def slow(*arguments: Any) -> Any:
        begun.set()
        await may_end.wait()
        return await read(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(reader, method, slow)
        answer = asyncio.create_task(member.ask(type="join_contest_room", contestId=contest))
        await begun.wait()
        yield answer
        may_end.set()
        await answer


@pytest.mark.parametrize(
    ("who", "more", "expected"),
    [
        (None, {}, ("spectator", [], 0, 1)),
        ("uma", {}, ("spectator", ["uma"], 1, 1)),
        ("ann", {}, ("participant", ["ann"], 1, 0)),
        (ADMIN, {}, ("admin", [], 0, 0)),
        (ADMIN, {"visibility": "invisible"}, ("admin", [], 0, 0)),
        (ADMIN, {"visibility": None}, ("admin", [], 0, 0)),
        (ADMIN, {"visibility": "visible"}, ("admin", [ADMIN], 1, 0)),
    ],
    ids=["anonymous", "user", "participant", "admin", "hidden admin", "null", "visible admin"],
)
async def test_joining_tells_ones_role_and_who_is_there(
    hall: Stage, who: str | None, more: dict[str, Any], expected: Any
) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    async with hall.socket(who) as member:
        joined = await member.ask(type="join_contest_room", contestId=contest, **more)
        frames = [frame for frame in await member.drain() if frame["type"] != "user_presence"]
    assert head(joined) == expected
    assert "channel" not in joined
    assert joined["positions"] == {f"chat.{contest}": 0}
    own = ["participant_update"] if who is not None else []
    rank = {"contest_state": 0, "admin_presence": 1, "spectator_count": 2, "leaderboard_update": 3}
    kinds = [frame["type"] for frame in frames]
    assert list(dict.fromkeys(kinds)) == [*rank, *own]
    assert all("channel" in frame and "requestId" not in frame for frame in frames)


@pytest.mark.parametrize("who", [None, "uma"])
@pytest.mark.parametrize("visibility", ["visible", "invisible"])
async def test_only_admins_choose_whether_they_are_seen(hall: Stage, who: str | None, visibility: str) -> None:
    contest = await hall.contest()
    async with hall.socket(who) as member:
        answer = await member.ask(type="join_contest_room", contestId=contest, visibility=visibility)
        assert (answer["code"], answer["field"]) == ("PERMISSION_DENIED", "visibility")
        assert (await member.ask(type="get_subscriptions"))["data"] == []


async def test_a_member_has_a_nickname_and_a_role(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann")
    async with hall.socket("ann") as ann, hall.socket("uma") as uma, hall.socket(ADMIN) as boss:
        await join(ann, contest)
        await join(uma, contest)
        joined = await boss.ask(type="join_contest_room", contestId=contest, visibility="visible")
    assert joined["members"] == [
        {"wallet": ADMIN, "nickname": f"N-{ADMIN}", "role": "admin"},
        {"wallet": "uma", "nickname": "N-uma", "role": "spectator"},
        {"wallet": "ann", "nickname": "N-ann", "role": "participant"},
    ]


async def test_the_list_has_the_last_100_and_the_count_everybody(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket(max_queue=None) as watcher, AsyncExitStack() as crowd:
        for number in range(103):
            # Nobody reads what the others' coming brings, so the queue must hold it.
            member = await crowd.enter_async_context(hall.socket(f"crowd-{number}", max_queue=None))
            await join(member, contest)
        joined = await watcher.ask(type="join_contest_room", contestId=contest)
        assert [one["wallet"] for one in joined["members"]] == [f"crowd-{number}" for number in range(102, 2, -1)]
        assert (joined["memberCount"], joined["spectatorCount"]) == (103, 104)


async def test_joining_twice_counts_once_and_repeats_the_snapshots(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as watcher, hall.socket("uma") as uma:
        await join(watcher, contest)
        first = await uma.ask(type="join_contest_room", contestId=contest)
        once = [frame["type"] for frame in await uma.drain() if frame["type"] != "user_presence"]
        second = await uma.ask(type="join_contest_room", contestId=contest)
        twice = [frame["type"] for frame in await uma.drain()]
        assert head(first) == head(second) == ("spectator", ["uma"], 1, 2)
        assert twice == once
        assert await presence(watcher) == [("join", "uma")]
        await left(uma, contest)
        assert await presence(watcher) == [("leave", "uma")]


async def test_a_wallet_with_two_connections_is_one_member_until_the_last_is_gone(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as watcher:
        await join(watcher, contest)
        async with hall.socket("uma") as first:
            await join(first, contest)
            async with hall.socket("uma") as second:
                assert head(await join(second, contest)) == ("spectator", ["uma"], 1, 2)
                await left(first, contest)
                assert await presence(watcher) == [("join", "uma")]
                assert head(await join(watcher, contest))[1:] == (["uma"], 1, 2)
        gone = await watcher.receive_until(type="user_presence")
        assert gone[-1]["action"] == "leave"
        assert head(await join(watcher, contest))[1:] == ([], 0, 1)


async def test_leaving_ends_every_channel_of_the_contest_and_of_no_other(hall: Stage) -> None:
    contest, other = await hall.contest(), await hall.contest()
    async with hall.socket("uma") as uma:
        await join(uma, contest)
        await join(uma, other)
        await uma.ask(type="get_all_contests")
        await uma.ask(type="get_leaderboard", contestId=contest)
        assert await left(uma, contest)
        channels = {one["channel"] for one in (await uma.ask(type="get_subscriptions"))["data"]}
    families = ("contest", "presence", "chat", "leaderboard", "participant.uma")
    assert channels == {"public.contests"} | {f"{family}.{other}" for family in families}


@pytest.mark.parametrize("who", [None, "uma", ADMIN])
async def test_leaving_a_room_one_is_not_in_is_no_error(hall: Stage, who: str | None) -> None:
    contest = await hall.contest()
    async with hall.socket(who) as member:
        assert (await left(member, contest))["contestId"] == contest


async def test_one_more_room_than_allowed_is_refused_and_nothing_of_it_is_joined(hall: Stage) -> None:
    contests = [await hall.contest() for _ in range(21)]
    async with hall.socket("uma") as uma:
        for contest in contests[:20]:
            await join(uma, contest)
        refused = await uma.ask(type="join_contest_room", contestId=contests[20])
        assert refused["code"] == "TOO_MANY_SUBSCRIPTIONS"
        channels = {one["channel"] for one in (await uma.ask(type="get_subscriptions"))["data"]}
        assert not any(channel.endswith(f".{contests[20]}") for channel in channels)
        assert len(channels) == 5 * 20
        await join(uma, contests[0])
        await left(uma, contests[0])
        await join(uma, contests[20])


async def test_entering_makes_a_spectator_a_participant_and_withdrawing_undoes_it(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as watcher, hall.socket("uma") as uma:
        await join(uma, contest)
        assert head(await join(watcher, contest))[1:] == (["uma"], 1, 2)
        await hall.enter(contest, "uma")
        joined = await join(watcher, contest)
        assert (joined["members"][0]["role"], joined["spectatorCount"]) == ("participant", 1)
        await hall.set_status(contest, "uma", "disqualified")
        joined = await join(watcher, contest)
        assert (joined["members"][0]["role"], joined["spectatorCount"]) == ("spectator", 2)
        await hall.set_status(contest, "uma", "registered")
        await hall.do("DELETE", f"/contests/{contest}/entries/me", by="uma")
        joined = await join(watcher, contest)
        assert (joined["members"][0]["role"], joined["spectatorCount"]) == ("spectator", 2)


async def test_a_join_that_fails_leaves_nobody_behind(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    contest = await hall.contest()

    async def broken(_contest_id: int, _limit: int = 20) -> Any:
        raise Unavailable("The store is out of reach.", retry_after_ms=1_000)

    async with hall.socket("uma") as uma, hall.socket() as watcher:
        with monkeypatch.context() as patched:
            patched.setattr(hall.app.leader.contests.chat, "last", broken)
            refused = await uma.ask(type="join_contest_room", contestId=contest)
        assert refused["code"] == "UNAVAILABLE"
        assert head(await join(watcher, contest))[1:] == ([], 0, 1)
        assert (await uma.ask(type="get_subscriptions"))["data"] == []
        await join(uma, contest)
        with monkeypatch.context() as patched:
            patched.setattr(hall.app.leader.contests.chat, "last", broken)
            assert (await uma.ask(type="join_contest_room", contestId=contest))["code"] == "UNAVAILABLE"
        assert head(await join(watcher, contest))[1:] == (["uma"], 1, 2)


async def test_the_frames_behind_a_reply_do_not_take_its_count_back(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as first, hall.socket() as second:
        await join(first, contest)
        joined = await second.ask(type="join_contest_room", contestId=contest)
        frames = await second.drain()
        assert joined["spectatorCount"] == 2
        assert [frame["count"] for frame in frames if frame["type"] == "spectator_count"] == [2]
        assert [frame["data"]["spectatorCount"] for frame in frames if frame["type"] == "contest_state"] == [2]


async def test_who_comes_while_somebody_joins_is_in_the_list_and_told(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as uma, hall.socket(ADMIN) as boss:
        await join(boss, contest)
        async with joining(uma, contest, monkeypatch, hall.app.leader.contests.chat, "last") as answer:
            await boss.ask(type="set_admin_presence", contestId=contest, visibility="visible")
        assert head(answer.result()) == ("spectator", [ADMIN, "uma"], 2, 1)
        assert await presence(uma) == [("join", ADMIN)]


async def test_who_comes_while_somebody_joins_again_is_in_the_new_list(
    hall: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    contest = await hall.contest()
    async with hall.socket("uma") as uma, hall.socket(ADMIN) as boss:
        await join(uma, contest)
        await join(boss, contest)
        async with joining(uma, contest, monkeypatch, hall.app.leader.contests.chat, "last") as answer:
            await boss.ask(type="set_admin_presence", contestId=contest, visibility="visible")
        assert head(answer.result()) == ("spectator", [ADMIN, "uma"], 2, 1)


async def test_who_took_part_in_a_contest_that_is_over_is_a_participant_in_its_room(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "ann", "bea", "cal")
    await hall.set_status(contest, "bea", "disqualified")
    async with hall.socket("cal") as cal:
        await join(cal, contest)
        await hall.act(contest, "start")
        await hall.act(contest, "end")
        async with hall.socket("ann") as ann, hall.socket("bea") as bea, hall.socket("uma") as uma:
            assert (await join(ann, contest))["role"] == "participant"
            assert (await join(bea, contest))["role"] == "spectator"
            joined = await join(uma, contest)
    assert [member["role"] for member in joined["members"]] == ["spectator", "spectator", "participant", "participant"]
    assert joined["spectatorCount"] == 2


# ── admins ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_admin_shows_and_hides_itself(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as watcher, hall.socket(ADMIN) as boss:
        await join(watcher, contest)
        await join(boss, contest)
        assert await watcher.drain() == []
        for visibility, action, active in (("visible", "join", True), ("invisible", "leave", False)):
            answer = await boss.ask(type="set_admin_presence", contestId=contest, visibility=visibility)
            assert (answer["type"], answer["contestId"], answer["visibility"]) == (
                "admin_presence_updated",
                contest,
                visibility,
            )
            told = await watcher.drain()
            (news,) = [frame for frame in told if frame["type"] == "admin_presence"]
            assert (news["active"], news["channel"]) == (active, f"contest.{contest}")
            assert ADMIN not in json.dumps(news)
            assert [(one["action"], one["user"]["wallet"]) for one in told if one["type"] == "user_presence"] == [
                (action, ADMIN)
            ]
            view = await hall.do("GET", f"/contests/{contest}", by=None)
            assert (view["hasAdminPresence"], view["spectatorCount"]) == (active, 1)


@pytest.mark.parametrize(
    ("who", "code"), [(None, "UNAUTHORIZED"), ("uma", "PERMISSION_DENIED"), (ADMIN, "NOT_IN_ROOM")]
)
async def test_presence_is_for_admins_in_the_room(hall: Stage, who: str | None, code: str) -> None:
    contest = await hall.contest()
    async with hall.socket(who) as member:
        if who != ADMIN:
            await join(member, contest)
        answer = await member.ask(type="set_admin_presence", contestId=contest, visibility="visible")
    assert answer["code"] == code


async def test_an_admin_is_seen_while_one_of_its_connections_is(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as watcher, hall.socket(ADMIN) as shown, hall.socket(ADMIN) as hidden:
        await join(watcher, contest)
        await join(hidden, contest)
        await join(shown, contest, visibility="visible")
        assert await presence(watcher) == [("join", ADMIN)]
        assert head(await join(watcher, contest))[1:] == ([ADMIN], 1, 1)
        await left(shown, contest)
        assert await presence(watcher) == [("leave", ADMIN)]
        assert head(await join(watcher, contest))[1:] == ([], 0, 1)


async def test_a_hidden_admin_leaks_nowhere(hall: Stage) -> None:
    """Not in a frame of others, not in a count, not over HTTP; but as the sender of what it writes."""
    contest = await hall.contest()
    async with hall.socket() as watcher, hall.socket("uma") as uma, hall.socket("chief") as chief:
        await join(watcher, contest)
        await join(uma, contest)
        await hall.pass_time(1)
        await watcher.drain()
        await uma.drain()
        await join(chief, contest)
        await chief.ask(type="join_contest_room", contestId=contest, visibility="invisible")
        await chief.ask(type="set_admin_presence", contestId=contest, visibility="invisible")
        await hall.pass_time(2)
        for member in (watcher, uma):
            assert await member.drain() == []
            frames = [await member.ask(type="join_contest_room", contestId=contest), *await member.drain()]
            for kind in ("get_contest_state", "get_leaderboard", "get_chat_messages"):
                frames += [await member.ask(type=kind, contestId=contest), *await member.drain()]
            frames += [await member.ask(type="get_all_contests"), *await member.drain()]
            assert "chief" not in json.dumps(frames)
            assert (frames[0]["memberCount"], frames[0]["spectatorCount"]) == (1, 2)
        view = await hall.do("GET", f"/contests/{contest}", by="uma")
        assert (view["spectatorCount"], view["hasAdminPresence"]) == (2, False)
        await chief.ask(type="send_chat_message", contestId=contest, text="I see you.")
        (said,) = [frame for frame in await watcher.drain() if "chief" in json.dumps(frame)]
        assert (said["type"], said["data"]["sender"]["wallet"], said["data"]["isAdmin"]) == (
            "chat_message",
            "chief",
            True,
        )
        await left(chief, contest)
        await hall.pass_time(2)
        assert await watcher.drain() == []


async def test_who_is_promoted_while_it_joins_is_a_hidden_admin(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    contest = await hall.contest()
    async with hall.socket("pia") as pia, hall.socket() as watcher:
        await join(watcher, contest)
        async with joining(pia, contest, monkeypatch, hall.app.leader.contests.standings, "took_part") as answer:
            await put_user(hall.app, "pia", role="admin")
        assert head(answer.result()) == ("admin", [], 0, 1)
        assert await presence(watcher) == []
        assert head(await join(watcher, contest))[1:] == ([], 0, 1)


async def test_who_is_promoted_while_its_snapshots_are_read_hides(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    contest = await hall.contest()
    async with hall.socket("pat") as pat, hall.socket() as watcher:
        await join(watcher, contest)
        async with joining(pat, contest, monkeypatch, hall.app.leader.contests.chat, "last") as answer:
            assert await presence(watcher) == [("join", "pat")]
            await put_user(hall.app, "pat", role="admin")
        assert answer.result()["role"] == "admin"
        assert await presence(watcher) == [("leave", "pat")]
        assert head(await join(watcher, contest))[1:] == ([], 0, 1)


async def test_who_is_demoted_while_it_joins_is_seen(hall: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    contest = await hall.contest()
    await put_user(hall.app, "dan", role="admin")
    async with hall.socket("dan") as dan, hall.socket() as watcher:
        await join(watcher, contest)
        async with joining(dan, contest, monkeypatch, hall.app.leader.contests.chat, "last") as answer:
            await put_user(hall.app, "dan", role="user")
        assert answer.result()["role"] == "spectator"
        assert await presence(watcher) == [("join", "dan")]
        assert head(await join(watcher, contest))[1:] == (["dan"], 1, 2)


async def test_a_hidden_admin_that_takes_part_is_no_participant_in_the_room(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.enter(contest, "chief")
    async with hall.socket() as watcher, hall.socket("chief") as chief:
        assert head(await join(chief, contest)) == ("admin", [], 0, 0)
        assert head(await join(watcher, contest)) == ("spectator", [], 0, 1)


# ── counts that are pushed ──────────────────────────────────────────────────────────────────────────────────────────


async def test_spectators_are_counted_at_most_once_a_second(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as watcher, hall.socket("uma") as uma, hall.socket() as third:
        await watcher.ask(type="subscribe", channel=f"contest.{contest}")
        await watcher.drain()
        await join(uma, contest)
        await join(third, contest)
        await left(third, contest)
        await join(third, contest)
        assert [frame["count"] for frame in await pushes(watcher, "spectator_count")] == [1]
        await hall.pass_time(1)
        assert [frame["count"] for frame in await pushes(watcher, "spectator_count")] == [2]
        await hall.pass_time(5)
        assert await pushes(watcher, "spectator_count") == []
        # It comes and goes within a second: nothing is news.
        await left(third, contest)
        assert [frame["count"] for frame in await pushes(watcher, "spectator_count")] == [1]


async def test_spectator_count_and_admin_presence_cause_no_contest_state(hall: Stage) -> None:
    contest = await hall.contest()
    await hall.pass_time(2)
    async with hall.socket() as watcher, hall.socket(ADMIN) as boss, hall.socket("uma") as uma:
        await watcher.ask(type="subscribe", channel=f"contest.{contest}")
        await watcher.drain()
        await join(uma, contest)
        await join(boss, contest, visibility="visible")
        await hall.pass_time(2)
        assert await pushes(watcher, "contest_state") == []


async def test_a_lost_connection_leaves_its_rooms(hall: Stage) -> None:
    contest = await hall.contest()
    async with hall.socket() as watcher, hall.socket("uma") as uma:
        await join(watcher, contest)
        await join(uma, contest)
        await watcher.drain()
        uma.ws.transport.abort()
        gone = (await watcher.receive_until(type="user_presence"))[-1]
        assert (gone["action"], gone["user"]) == ("leave", {"wallet": "uma", "nickname": "N-uma"})
        assert head(await join(watcher, contest))[1:] == ([], 0, 1)

"""What is pushed of contests unasked: when, to whom, and not more often than agreed (protocol §5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from duelcast.channels.broker import Position, Recovery
from duelcast.channels.names import Channel
from tests.e2e.contest.contest_room import Stage, choices, join, pushes, rows_of, stage


@pytest.fixture
async def scene() -> AsyncIterator[Stage]:
    async with stage() as made:
        yield made


async def running_contest(scene: Stage, **portfolios: dict[str, int]) -> int:
    contest = await scene.contest()
    for wallet, portfolio in portfolios.items():
        await scene.enter(contest, wallet, portfolio=portfolio)
    await scene.act(contest, "start")
    await scene.pass_time(2)
    return contest


async def test_a_state_is_pushed_when_a_stored_field_or_the_number_of_participants_changes(scene: Stage) -> None:
    contest = await scene.contest()
    await scene.pass_time(2)
    async with scene.socket() as follower:
        await follower.ask(type="get_contest_state", contestId=contest)
        await follower.drain()
        await scene.do("PATCH", f"/contests/{contest}", {"description": "New"})
        await scene.enter(contest, "ann", "bea")
        (state,) = await pushes(follower, "contest_state")
        assert (state["data"]["description"], state["data"]["participantCount"]) == ("New", 0)
        await scene.pass_time(1)
        (state,) = await pushes(follower, "contest_state")
        assert state["data"]["participantCount"] == 2
        await scene.set_status(contest, "ann", "disqualified")
        await scene.pass_time(1)
        assert [state["data"]["participantCount"] for state in await pushes(follower, "contest_state")] == [1]
        await scene.do("PATCH", f"/contests/{contest}", {"description": "New"})
        await scene.pass_time(2)
        assert await pushes(follower, "contest_state") == []


async def test_every_step_of_a_contest_is_told_to_those_who_follow_it_and_the_list(scene: Stage) -> None:
    contest = await scene.contest(starts_in_s=10, lasts_s=10)
    await scene.enter(contest, "ann")
    async with scene.socket() as single, scene.socket() as lister:
        await single.ask(type="get_contest_state", contestId=contest)
        await lister.ask(type="get_all_contests")
        await single.drain()
        await lister.drain()
        for seconds, status in ((10.1, "active"), (10, "completed")):
            await scene.pass_time(seconds)
            await scene.pass_time(1)
            for follower, channel in ((single, f"contest.{contest}"), (lister, "public.contests")):
                last = (await pushes(follower, "contest_state"))[-1]
                assert (last["channel"], last["data"]["status"]) == (channel, status)


async def test_a_contest_leaves_the_default_list_24_hours_after_its_end(scene: Stage) -> None:
    contest = await scene.contest(starts_in_s=10, lasts_s=10)
    await scene.enter(contest, "ann")
    await scene.pass_time(20.1)
    await scene.clock.jump(24 * 3600 - 10)
    async with scene.socket() as lister:
        assert [one["id"] for one in (await lister.ask(type="get_all_contests"))["data"]] == [contest]
        await scene.pass_time(9)
        assert await pushes(lister, "contest_removed") == []
        await scene.pass_time(2)
        (removed,) = await pushes(lister, "contest_removed")
        assert (removed["contestId"], removed["channel"]) == (contest, "public.contests")
        assert (await lister.ask(type="get_all_contests"))["data"] == []
        ended = await lister.ask(type="get_all_contests", status="completed")
        assert [one["id"] for one in ended["data"]] == [contest]
    async with scene.socket() as late:
        await late.ask(type="subscribe", channel="public.contests")
        (listed,) = await late.drain()
        assert (listed["type"], listed["data"]) == ("all_contests", [])


async def test_a_leaderboard_follows_the_prices_at_most_once_a_second_and_only_where_it_differs(scene: Stage) -> None:
    contest = await running_contest(scene, ann={"SOL": 100}, bea={"BTC": 100})
    async with scene.socket() as follower:
        first = (await follower.ask(type="get_leaderboard", contestId=contest))["data"]["version"]
        await follower.drain()
        for price in (110, 120, 90):
            await scene.prices({"SOL": price})
        boards = [frame["data"] for frame in await pushes(follower, "leaderboard_update")]
        assert [rows_of(board)[0] for board in boards] == [(1, "ann", 1100, 10, 0)]
        await scene.pass_time(1)
        boards += [frame["data"] for frame in await pushes(follower, "leaderboard_update")]
        assert [rows_of(board)[0] for board in boards[1:]] == [(1, "bea", 1000, 0, 0)]
        assert first < boards[0]["version"] < boards[1]["version"]
        assert (boards[0]["offset"], boards[0]["limit"], boards[0]["total"]) == (0, 100, 2)
        # Nobody holds that token, or nothing changes.
        await scene.prices({"DOGE": 1})
        await scene.prices({"SOL": 90})
        await scene.pass_time(3)
        assert await pushes(follower, "leaderboard_update") == []


async def test_a_page_is_not_older_than_a_push_before_it(scene: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    contest = await running_contest(scene, ann={"SOL": 100})
    recover, begun, may_end = scene.app.leader.broker.recover, asyncio.Event(), asyncio.Event()

    async def slow(channel: Channel, since: Position | None = None) -> Recovery:
        begun.set()
        await may_end.wait()
        return await recover(channel, since)

    async with scene.socket() as follower:
        await follower.ask(type="get_leaderboard", contestId=contest)
        await follower.drain()
        monkeypatch.setattr(scene.app.leader.broker, "recover", slow)
        await follower.send(type="get_leaderboard", contestId=contest, requestId="page")
        await begun.wait()
        await scene.prices({"SOL": 120})
        await scene.pass_time(1)
        (push,) = [frame for frame in await follower.receive_until(type="leaderboard_update") if "channel" in frame]
        may_end.set()
        page = (await follower.receive_until(requestId="page"))[-1]
        assert page["data"]["version"] >= push["data"]["version"]
        assert rows_of(page["data"]) == rows_of(push["data"]) == [(1, "ann", 1200, 20, 0)]


async def test_a_row_is_pushed_to_its_owner_when_rank_or_value_changes(scene: Stage) -> None:
    contest = await running_contest(scene, ann={"SOL": 100}, bea={"BTC": 100})
    async with scene.socket("ann") as ann, scene.socket("bea") as bea:
        for member in (ann, bea):
            await member.ask(type="get_participant_status", contestId=contest)
            await member.drain()
        await scene.prices({"SOL": 110})
        rows = [
            (frame["data"]["rank"], frame["data"]["portfolioValue"], frame["data"]["returnPct"])
            for member in (ann, bea)
            for frame in await pushes(member, "participant_update")
        ]
        # The value of bea stays, but she is overtaken.
        assert rows == [(1, 1100, 10), (2, 1000, 0)]
        await scene.pass_time(1)
        await scene.prices({"SOL": 111})
        assert len(await pushes(ann, "participant_update")) == 1
        await scene.prices({"SOL": 112})
        await scene.prices({"SOL": 113})
        assert await pushes(ann, "participant_update") == []
        await scene.pass_time(1)
        (row,) = await pushes(ann, "participant_update")
        assert row["data"]["portfolioValue"] == 1130
        await scene.pass_time(5)
        assert await pushes(bea, "participant_update") == []


async def test_entering_and_changing_a_portfolio_is_told_to_its_owner(scene: Stage) -> None:
    contest = await scene.contest()
    async with scene.socket("ann") as ann:
        row = await ann.ask(type="get_participant_status", contestId=contest)
        assert row["data"] == {"isParticipant": False, "walletAddress": "ann"}
        await ann.drain()
        await scene.enter(contest, "ann")
        (row,) = await pushes(ann, "participant_update")
        assert (row["data"]["isParticipant"], row["data"]["status"]) == (True, "registered")
        await scene.pass_time(1)
        body = {"portfolio": choices({"BTC": 100})}
        await scene.do("PUT", f"/contests/{contest}/entries/me/portfolio", body, by="ann")
        (row,) = await pushes(ann, "participant_update")
        assert [one["symbol"] for one in row["data"]["portfolio"]] == ["BTC"]
        await scene.pass_time(1)
        await scene.do("DELETE", f"/contests/{contest}/entries/me", by="ann")
        (row,) = await pushes(ann, "participant_update")
        assert row["data"] == {"isParticipant": False, "walletAddress": "ann"}


async def test_a_cancelled_contest_tells_its_state_its_participants_and_its_empty_leaderboard(scene: Stage) -> None:
    contest = await running_contest(scene, ann={"SOL": 100})
    async with scene.socket("ann") as ann:
        await join(ann, contest)
        await scene.act(contest, "cancel", reason="The venue failed.")
        await scene.pass_time(1)
        frames = await ann.drain()
        states = [frame["data"] for frame in frames if frame["type"] == "contest_state"]
        assert (states[-1]["status"], states[-1]["cancellation_reason"]) == ("cancelled", "The venue failed.")
        boards = [frame["data"] for frame in frames if frame["type"] == "leaderboard_update"]
        assert (boards[-1]["entries"], boards[-1]["total"]) == ([], 0)
        rows = [frame["data"] for frame in frames if frame["type"] == "participant_update"]
        assert (rows[-1]["status"], rows[-1]["rank"]) == ("finished", None)


async def test_a_disqualified_participant_leaves_the_ranks_at_once_and_comes_back(scene: Stage) -> None:
    contest = await running_contest(scene, ann={"SOL": 100}, bea={"BTC": 100})
    async with scene.socket("ann") as ann:
        await join(ann, contest)
        await scene.set_status(contest, "ann", "disqualified")
        frames = await ann.drain()
        (board,) = [frame["data"] for frame in frames if frame["type"] == "leaderboard_update"]
        assert [row[:2] for row in rows_of(board)] == [(1, "bea")]
        (row,) = [frame["data"] for frame in frames if frame["type"] == "participant_update"]
        assert (row["status"], row["rank"], row["totalParticipants"]) == ("disqualified", None, 1)
        await scene.pass_time(1)
        await scene.prices({"SOL": 150})
        await scene.pass_time(1)
        await ann.drain()
        await scene.set_status(contest, "ann", "active")
        frames = await ann.drain()
        (board,) = [frame["data"] for frame in frames if frame["type"] == "leaderboard_update"]
        assert [row[:3] for row in rows_of(board)] == [(1, "ann", 1500), (2, "bea", 1000)]


async def test_a_new_nickname_is_on_the_leaderboard(scene: Stage) -> None:
    contest = await running_contest(scene, ann={"SOL": 100})
    async with scene.socket() as follower:
        await follower.ask(type="get_leaderboard", contestId=contest)
        await follower.drain()
        await scene.do("PATCH", "/users/me", {"nickname": "Anna"}, by="ann")
        await scene.pass_time(1)
        board = (await pushes(follower, "leaderboard_update"))[-1]["data"]
        assert board["entries"][0]["nickname"] == "Anna"

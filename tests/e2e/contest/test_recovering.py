"""What a client gets that comes back to a channel of a contest with its position (protocol §2)."""

from __future__ import annotations

import pytest

from tests.e2e.contest.contest_room import Stage, join, stage
from tests.serving import Client, Frame

IDLE_S = 700
"""After which a channel that nobody follows, and on which nothing happens, is forgotten."""


async def position(member: Client, channel: str) -> dict[str, object]:
    confirmed = await member.ask(type="subscribe", channel=channel)
    await member.drain()
    return {"epoch": confirmed["epoch"], "seq": confirmed["seq"]}


async def come_back(member: Client, channel: str, since: dict[str, object]) -> tuple[bool, list[Frame]]:
    """Whether the position was recovered, and what followed the confirmation."""
    confirmed = await member.ask(type="subscribe", channel=channel, since=since)
    return confirmed["recovered"], await member.drain()


async def running_contest(scene: Stage) -> int:
    contest = await scene.contest()
    await scene.enter(contest, "ann", "bob", portfolio={"SOL": 100})
    await scene.act(contest, "start")
    await scene.pass_time(2)
    return contest


@pytest.mark.parametrize("joins", ["once", "twice"])
async def test_who_was_away_over_the_end_gets_the_final_row(joins: str) -> None:
    async with stage() as scene:
        contest = await running_contest(scene)
        channel = f"participant.ann.{contest}"
        async with scene.socket("ann") as ann:
            await join(ann, contest)
            since = await position(ann, channel)
        if joins == "twice":
            async with scene.socket("ann") as ann:
                since = await position(ann, channel)
        await scene.act(contest, "end")
        await scene.pass_time(2)
        async with scene.socket("ann") as ann:
            recovered, (row,) = await come_back(ann, channel, since)
        assert not recovered
        assert (row["channel"], row["data"]["status"], row["data"]["finalRank"]) == (channel, "finished", 1)


async def test_who_has_the_row_in_another_window_recovers_it() -> None:
    async with stage() as scene:
        contest = await running_contest(scene)
        channel = f"participant.ann.{contest}"
        async with scene.socket("ann") as window, scene.socket("ann") as other:
            since = await position(window, channel)
            await other.ask(type="subscribe", channel=channel)
            await window.ask(type="unsubscribe", channel=channel)
            assert await come_back(window, channel, since) == (True, [])
            await window.ask(type="unsubscribe", channel=channel)
            await scene.prices({"SOL": 110.0})
            await scene.pass_time(2)
            recovered, (row,) = await come_back(window, channel, since)
        assert recovered
        assert row["data"]["portfolioValue"] == 1_100


@pytest.mark.parametrize("family", ["contest", "leaderboard"])
async def test_the_channels_of_an_ended_contest_are_recovered_until_nobody_used_them_for_long(family: str) -> None:
    async with stage() as scene:
        contest = await running_contest(scene)
        channel = f"{family}.{contest}"
        async with scene.socket("ann") as ann:
            before = await position(ann, channel)
            await scene.prices({"SOL": 110.0})
            await scene.act(contest, "end")
            await scene.pass_time(2)
            since = await position(ann, channel)
        assert since != before
        async with scene.socket("ann") as ann:
            assert await come_back(ann, channel, since) == (True, [])
        await scene.pass_time(IDLE_S)
        async with scene.socket("ann") as ann:
            recovered, snapshot = await come_back(ann, channel, before)
        assert not recovered
        assert snapshot

"""A server that was away over the start or the end of a contest catches up as if it had been there (protocol §5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from duelcast.clock import ManualClock
from tests.e2e.contest.contest_room import Stage, rows_of, stage

START, END = "2027-01-15T08:01:00.000Z", "2027-01-15T08:04:00.000Z"
"""The contest of these tests: 60 s after the clock begins, for 180 s."""


async def prepared(scene: Stage, **terms: Any) -> int:
    """A contest of ann with SOL, bea with BTC and cal with both, created at 08:00:00."""
    contest = await scene.contest(starts_in_s=60, lasts_s=180, prize_pool="10", **terms)
    await scene.enter(contest, "ann", portfolio={"SOL": 100})
    await scene.enter(contest, "bea", portfolio={"BTC": 100})
    await scene.enter(contest, "cal", portfolio={"SOL": 50, "BTC": 50})
    return contest


async def view(scene: Stage, contest: int) -> dict[str, Any]:
    found: dict[str, Any] = await scene.do("GET", f"/contests/{contest}", by=None)
    return found


async def board(scene: Stage, contest: int) -> list[tuple[int, str, float, float, int]]:
    return rows_of(await scene.do("GET", f"/contests/{contest}/leaderboard", by=None))


async def prices_at(scene: Stage, contest: int, boundary: str) -> tuple[str, dict[str, float]]:
    """The moment of a boundary, and the prices it took."""
    settled = (await scene.do("GET", f"/contests/{contest}/settlement", by=None))[boundary]
    return settled["at"], {one["symbol"]: one["price"] for one in settled["prices"]}


async def test_over_the_start(tmp_path: Path) -> None:
    clock = ManualClock()
    async with stage(clock, data_dir=tmp_path) as scene:
        contest = await prepared(scene)
        await scene.pass_time(30)
        await scene.prices({"SOL": 80.0})
    await clock.advance(50)
    async with stage(clock, data_dir=tmp_path) as scene:
        assert (await view(scene, contest))["status"] == "active"
        assert await prices_at(scene, contest, "start") == (START, {"BTC": 50_000, "SOL": 80})
        # 1000 / 80 SOL: what comes now counts from the price of before the start.
        await scene.prices({"SOL": 100.0})
        await scene.pass_time(1)
        assert await board(scene, contest) == [
            (1, "ann", 1250, 25, 0),
            (2, "cal", 1125, 12.5, 0),
            (3, "bea", 1000, 0, 0),
        ]


async def test_a_price_behind_the_start_does_not_count_for_it(tmp_path: Path) -> None:
    """Nobody else posts while the server is away; what is posted first thing afterwards came after the start."""
    clock = ManualClock()
    async with stage(clock, data_dir=tmp_path) as scene:
        contest = await prepared(scene)
    await clock.advance(61)
    async with stage(clock, data_dir=tmp_path) as scene:
        await scene.prices({"SOL": 1.0, "BTC": 1.0})
        assert await prices_at(scene, contest, "start") == (START, {"BTC": 50_000, "SOL": 100})


async def played(scene: Stage) -> None:
    """Prices between 08:01:30 and 08:03:10: bea leads at 08:02, ann at 08:03, and then again bea."""
    await scene.pass_time(30)
    await scene.prices({"SOL": 90.0})
    await scene.pass_time(60)
    await scene.prices({"SOL": 110.0})
    await scene.pass_time(40)
    await scene.prices({"SOL": 99.0})


FINAL = [(1, "bea", 1000, 0, 2), (2, "cal", 995, -0.5, 0), (3, "ann", 990, -1, -2)]
"""At 08:03:00 ann was first, cal second, bea third."""


@pytest.mark.parametrize("away_s", [None, 1, 50, 3_600])
async def test_over_the_end(tmp_path: Path, away_s: float | None) -> None:
    """Values, ranks, `rankChange` and prizes are those of a server that was there all the time."""
    clock = ManualClock()
    async with stage(clock, data_dir=tmp_path) as scene:
        contest = await prepared(scene)
        await scene.pass_time(60.1)
        await played(scene)
        if away_s is None:
            await scene.pass_time(60)
            await check_final(scene, contest)
    if away_s is not None:
        # It stopped at 08:03:10.1.
        await clock.advance(49.9 + away_s)
        async with stage(clock, data_dir=tmp_path) as scene:
            await check_final(scene, contest)
    async with stage(clock, data_dir=tmp_path) as scene:
        await check_final(scene, contest)


async def check_final(scene: Stage, contest: int) -> None:
    assert (await view(scene, contest))["status"] == "completed"
    assert await board(scene, contest) == FINAL
    assert await prices_at(scene, contest, "end") == (END, {"BTC": 50_000, "SOL": 99})
    rows = [await scene.do("GET", f"/contests/{contest}/entries/{wallet}", by=None) for wallet in ("bea", "cal", "ann")]
    assert [row["prize"] for row in rows] == ["6.9", "2", "1.1"]


async def test_over_the_start_and_the_end(tmp_path: Path) -> None:
    """No price moves while the server is away: everybody ends as it began, and the first entry takes what is left."""
    clock = ManualClock()
    async with stage(clock, data_dir=tmp_path) as scene:
        contest = await prepared(scene, payout=[{"place": 1, "percent": 100}])
    await clock.advance(1_000)
    async with stage(clock, data_dir=tmp_path) as scene:
        assert (await view(scene, contest))["status"] == "completed"
        for boundary, moment in (("start", START), ("end", END)):
            assert await prices_at(scene, contest, boundary) == (moment, {"BTC": 50_000, "SOL": 100})
        assert await board(scene, contest) == [
            (1, "ann", 1000, 0, 0),
            (1, "bea", 1000, 0, 0),
            (1, "cal", 1000, 0, 0),
        ]
        rows = [
            await scene.do("GET", f"/contests/{contest}/entries/{wallet}", by=None) for wallet in ("ann", "bea", "cal")
        ]
        assert [row["prize"] for row in rows] == ["3.333333334", "3.333333333", "3.333333333"]


async def test_in_the_middle_of_a_contest_rank_changes_go_on(tmp_path: Path) -> None:
    clock = ManualClock()
    async with stage(clock, data_dir=tmp_path) as scene:
        contest = await prepared(scene)
        await scene.pass_time(60.1)
        await played(scene)
        await scene.pass_time(1)
        before = await board(scene, contest)
        assert before == FINAL
    await clock.advance(10)
    async with stage(clock, data_dir=tmp_path) as scene:
        await scene.pass_time(1)
        assert await board(scene, contest) == before


async def test_with_too_few_participants_it_is_cancelled_with_its_reason(tmp_path: Path) -> None:
    clock = ManualClock()
    async with stage(clock, data_dir=tmp_path) as scene:
        in_time, late = (
            await prepared(scene, min_participants=4),
            await scene.contest(starts_in_s=120, min_participants=2),
        )
        await scene.pass_time(60.1)
        cancelled = await view(scene, in_time)
        assert cancelled["status"] == "cancelled"
        assert "4" in cancelled["cancellation_reason"]
    await clock.advance(600)
    async with stage(clock, data_dir=tmp_path) as scene:
        assert await view(scene, in_time) == cancelled
        missed = await view(scene, late)
        assert missed["status"] == "cancelled"
        assert "2" in missed["cancellation_reason"]


async def test_the_disqualified_do_not_count_for_the_minimum(tmp_path: Path) -> None:
    async with stage(data_dir=tmp_path) as scene:
        contest = await prepared(scene, min_participants=3)
        await scene.set_status(contest, "cal", "disqualified")
        await scene.pass_time(60.1)
        assert (await view(scene, contest))["status"] == "cancelled"


async def test_what_happened_in_a_room_is_there_after_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    async with stage(clock, data_dir=tmp_path) as scene:
        contest = await prepared(scene)
        await scene.set_status(contest, "cal", "disqualified")
        await scene.do("PUT", f"/contests/{contest}/mutes/bea")
        async with scene.socket("ann") as ann:
            await ann.ask(type="join_contest_room", contestId=contest)
            said = (await ann.ask(type="send_chat_message", contestId=contest, text="Hello"))["data"]
    async with stage(clock, data_dir=tmp_path) as scene:
        async with scene.socket("bea") as bea:
            joined = await bea.ask(type="join_contest_room", contestId=contest)
            assert joined["members"] == [{"wallet": "bea", "nickname": "N-bea", "role": "participant"}]
            muted = await bea.ask(type="send_chat_message", contestId=contest, text="Hello")
            assert muted["code"] == "MUTED"
            page = await bea.ask(type="get_chat_messages", contestId=contest)
            assert page["data"] == [said]
        assert [row[1] for row in await board(scene, contest)] == ["ann", "bea"]
        row = await scene.do("GET", f"/contests/{contest}/entries/me", by="cal")
        assert row["status"] == "disqualified"

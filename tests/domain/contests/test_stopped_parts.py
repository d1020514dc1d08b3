"""Scorer and contest clock are stopped and started again: what was accepted or due meanwhile is made good."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

import duelcast.domain.contests.scorer as module
from duelcast.clock import ManualClock
from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.scoring import Scoring
from duelcast.domain.market.ticks import Ticker
from duelcast.errors import InvalidState
from duelcast.wire.timestamps import format_time
from tests.domain.contests.contest_room import ADMIN, ContestRoom, contest_room
from tests.store.facts import held, until
from tests.storing import moved_away

START_S = 90.0
END_S = 630.0
"""In the middle of a minute, of which only the last price is stored."""
MINUTE_S = 60.0


async def entered(room: ContestRoom) -> Contest:
    """A contest that ann entered, with SOL at 100."""
    await room.prices(SOL=100.0, BTC=100.0)
    now_s = room.clock.time()
    times = {"start_time": format_time(now_s + START_S), "end_time": format_time(now_s + END_S)}
    contest = await room.create(**times)
    await room.enter(contest, "ann", {"SOL": 100})
    return contest


async def running(room: ContestRoom) -> Contest:
    contest = await entered(room)
    await room.advance(START_S + 1)
    assert contest.row.status == "active"
    return contest


async def later_prices(room: ContestRoom) -> None:
    """Some of the same minute, and of later ones."""
    for after_s, price in ((10.0, 130.0), (10.0, 135.0), (2 * MINUTE_S, 140.0), (2 * MINUTE_S, 150.0)):
        await room.advance(after_s)
        await room.prices(SOL=price)


async def start_and_end(room: ContestRoom, contest: Contest) -> tuple[dict[str, float], dict[str, float]]:
    return await room.boundary_prices(contest, "start"), await room.boundary_prices(contest, "end")


# ── the contest clock ───────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_start_that_passed_is_made_good_at_the_price_of_its_moment(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await entered(room)
        async with room.stopped(room.contests.clock):
            await room.advance(START_S - 1)
            await room.prices(SOL=110.0)
            await later_prices(room)
            assert contest.row.status == "pending"
        await room.advance(1)
        assert (contest.row.status, contest.row.started_ms) == ("active", contest.row.start_ms)
        assert await room.boundary_prices(contest, "start") == {"SOL": 110.0}
        await room.advance(1)
        assert await room.ranking(contest) == [(1, "ann", 1363.63636364)]


async def test_an_end_that_passed_is_made_good_at_the_price_of_its_moment(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        async with room.stopped(room.contests.clock):
            await room.prices(SOL=110.0)
            await room.advance(END_S - START_S - 2)
            await room.prices(SOL=120.0)
            await later_prices(room)
            assert contest.row.status == "active"
        await room.advance(1)
        assert (contest.row.status, contest.row.ended_ms) == ("completed", contest.row.end_ms)
        assert (await start_and_end(room, contest))[1] == {"SOL": 120.0}
        assert await room.ranking(contest) == [(1, "ann", 1200.0)]


async def test_both_boundaries_may_have_passed(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await entered(room)
        async with room.stopped(room.contests.clock):
            await room.advance(START_S + 1)
            await room.prices(SOL=150.0)
            await room.advance(END_S)
            await room.prices(SOL=400.0)
        await room.advance(1)
        assert contest.row.status == "completed"
        assert await start_and_end(room, contest) == ({"SOL": 100.0}, {"SOL": 150.0})


async def test_entries_are_taken_while_it_is_stopped_and_take_part(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await entered(room)
        async with room.stopped(room.contests.clock):
            await room.enter(contest, "bob", {"BTC": 100})
            await room.advance(START_S + 5)
        await room.advance(1)
        assert [wallet for _, wallet, _ in await room.ranking(contest)] == ["ann", "bob"]


async def test_an_admin_does_what_is_due_first_also_while_it_is_stopped(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        async with room.stopped(room.contests.clock):
            await room.advance(END_S)
            with pytest.raises(InvalidState):
                await room.contests.clock.cancel(contest.id, ADMIN, "too late")
        assert (contest.row.status, contest.row.ended_ms) == ("completed", contest.row.end_ms)


async def test_released_it_settles_when_asked_though_nobody_keeps_time(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        async with room.stopped(room.contests.clock):
            await room.prices(SOL=110.0)
            await room.advance(END_S)
            await room.prices(SOL=200.0)
            await room.contests.clock.settle_due()
            assert contest.row.status == "active"
            await room.contests.clock.release()
            assert contest.row.ended_ms == contest.row.end_ms
        assert (await start_and_end(room, contest))[1] == {"SOL": 110.0}


async def test_what_could_not_be_settled_at_its_release_is_before_the_last_prices_are_stored(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        async with room.stopped(room.contests.clock), room.stopped(room.market):
            await room.prices(SOL=110.0)
            await room.advance(END_S - START_S)
            with moved_away(tmp_path / "contests.db"):
                await room.contests.clock.release()
            assert (contest.row.status, contest.row.ended_ms) == ("active", None)
            room.market.sink("venue", frozenset()).accept(Ticker(symbol="ETH", price=1.0))
            await room.market.close()
            assert contest.row.ended_ms == contest.row.end_ms
        assert (await start_and_end(room, contest))[1] == {"SOL": 110.0}


async def test_a_server_that_ends_with_the_clock_stopped_settles_what_is_due(tmp_path: Path) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        contest = await entered(room)
        keeping_time = room.task(room.contests.clock)
        keeping_time.cancel()
        await asyncio.wait([keeping_time])
        await room.advance(START_S - 1)
        await room.prices(SOL=110.0)
        await later_prices(room)
        assert contest.row.status == "pending"
        await room.contests.clock.release()
    async with contest_room(tmp_path, clock) as room:
        assert await room.boundary_prices(contest, "start") == {"SOL": 110.0}


async def test_cancelled_in_the_middle_of_a_settlement_it_ends_that_first(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await entered(room)
        keeping_time = room.task(room.contests.clock)
        async with held(room.database):
            await room.clock.advance(START_S + 1)
            keeping_time.cancel()
            await room.clock.advance(0)
            assert not keeping_time.done()
            assert contest.row.status == "pending"
        await asyncio.wait([keeping_time])
        assert keeping_time.cancelled()
        assert (contest.row.status, contest.row.started_ms) == ("active", contest.row.start_ms)


async def test_stopping_and_starting_it_again_and_again_settles_each_boundary_once(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await entered(room)
        for _ in range(14):
            async with room.stopped(room.contests.clock):
                await room.advance(25)
            await room.advance(25)
        assert contest.row.status == "completed"
        kinds = [event.kind for event in await room.events()]
        assert [kinds.count(kind) for kind in ("contest_started", "contest_completed")] == [1, 1]


# ── the scorer ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_prices_that_came_while_the_scorer_was_stopped_are_scored_when_it_starts(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        async with room.stopped(room.contests.scorer):
            await room.prices(SOL=150.0)
            await room.advance(5)
            assert await room.ranking(contest) == [(1, "ann", 1000.0)]
        await room.advance(1)
        assert await room.ranking(contest) == [(1, "ann", 1500.0)]
        newest = room.pushes.newest[f"leaderboard.{contest.id}", "leaderboard_update"]
        assert newest["data"]["entries"][0]["value"] == 1500.0


async def test_a_scoring_that_was_cut_short_is_made_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, compute = threading.Event(), Scoring.compute

    def computed_later(scoring: Scoring) -> None:
        may_end.wait()
        compute(scoring)

    async with contest_room(tmp_path) as room:
        contest = await running(room)
        board = contest.board
        assert board is not None
        monkeypatch.setattr(module, "THREAD_PARTICIPANTS", 0)
        monkeypatch.setattr(Scoring, "compute", computed_later)
        try:
            await room.prices(SOL=150.0)
            await room.clock.advance(2)
            async with room.stopped(room.contests.scorer):
                may_end.set()
            await room.clock.advance(2)
            await until(lambda: board.page(0, 1)[0].value == 1500.0)
        finally:
            may_end.set()


async def test_portfolios_that_were_changed_while_the_scorer_was_stopped_hold(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        async with room.stopped(room.contests.scorer):
            await room.change(contest, "ann", {"BTC": 100})
            await room.prices(SOL=500.0)
        await room.advance(1)
        await room.prices(BTC=110.0)
        await room.advance(2)
        assert await room.ranking(contest) == [(1, "ann", 1100.0)]


async def test_a_contest_ends_at_its_prices_while_the_scorer_is_stopped(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        async with room.stopped(room.contests.scorer):
            await room.prices(SOL=130.0)
            await room.advance(END_S)
            await until(lambda: contest.row.status == "completed")
            assert await room.ranking(contest) == [(1, "ann", 1300.0)]

"""Contests start and end by the wall clock as it was set last, with the prices that had been received by then."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import uvloop
from hypothesis import example, given, settings
from hypothesis import strategies as st

from duelcast.clock import ManualClock
from duelcast.domain.contests.contest import Contest
from duelcast.wire.timestamps import format_time
from tests.domain.contests.contest_room import END_S, START_S, ContestRoom, contest_room, status_of
from tests.examples import examples

AHEAD_S = (45.0, 600.0)


async def ahead_for_a_while(room: ContestRoom, seconds: float) -> None:
    """The clock is `seconds` ahead for ten seconds in which prices come, and is set back."""
    room.clock.step(seconds)
    await room.prices(SOL=100.0)
    await room.advance(10)
    await room.prices(SOL=101.0)
    room.clock.step(-seconds)


async def entered(room: ContestRoom, **terms: Any) -> Contest:
    contest = await room.create(**terms)
    await room.enter(contest, "ann", {"SOL": 100})
    return contest


async def received_by_the_end(room: ContestRoom, contest: Contest) -> bool:
    end = (await room.contests.standings.settlement(contest.id)).end
    assert end is not None
    return all(one.receivedAt <= end.at for one in end.prices)


@pytest.mark.parametrize("ahead_s", AHEAD_S)
async def test_a_clock_that_was_ahead_lets_no_contest_start_or_end_early(tmp_path: Path, ahead_s: float) -> None:
    async with contest_room(tmp_path) as room:
        await ahead_for_a_while(room, ahead_s)
        contest = await entered(room)
        await room.advance(START_S - 0.01)
        assert status_of(contest) == "pending"
        await room.advance(0.02)
        assert (status_of(contest), contest.row.started_ms) == ("active", contest.row.start_ms)
        await room.advance(END_S - START_S - 1)
        await room.prices(SOL=110.0)
        await room.advance(0.98)
        assert status_of(contest) == "active"
        await room.advance(0.02)
        await room.prices(SOL=120.0)
        assert status_of(contest) == "completed"
        assert await room.boundary_prices(contest, "end") == {"SOL": 110.0}
        assert await received_by_the_end(room, contest)


@pytest.mark.parametrize("ahead_s", AHEAD_S)
async def test_a_contest_that_runs_meanwhile_ends_at_its_end(tmp_path: Path, ahead_s: float) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await entered(room, end_time=format_time(room.clock.time() + 1_800))
        await room.advance(START_S + 1)
        await ahead_for_a_while(room, ahead_s)
        await room.advance(1_800 - START_S - 12)
        assert status_of(contest) == "active"
        await room.advance(1.1)
        assert (status_of(contest), contest.row.ended_ms) == ("completed", contest.row.end_ms)
        # The last price came while the clock was ahead, and that was before the end.
        assert await room.boundary_prices(contest, "end") == {"SOL": 101.0}
        assert await received_by_the_end(room, contest)


async def test_a_clock_that_is_set_forward_starts_what_is_due_within_a_second(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await entered(room)
        started = asyncio.Event()
        room.contests.book.on_change(lambda _contest: started.set())
        await room.clock.advance(1)
        room.clock.step(START_S)
        await room.clock.advance(1)
        async with asyncio.timeout(60):
            await started.wait()
        assert status_of(contest) == "active"


async def test_a_contest_that_the_clock_started_early_goes_on_to_its_end(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await entered(room)
        await ahead_for_a_while(room, 300)
        assert status_of(contest) == "active"
        await room.advance(END_S - 11)
        assert status_of(contest) == "active"
        await room.advance(1.1)
        assert status_of(contest) == "completed"


async def test_full_minutes_are_those_of_the_clock_that_was_set_back(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0, BTC=100.0)
        contest = await entered(room, end_time=format_time(room.clock.time() + 3_600))
        await room.enter(contest, "bob", {"BTC": 100})
        await room.advance(START_S + 1)
        await ahead_for_a_while(room, 600)
        await room.prices(SOL=110.0)
        await room.advance(60)
        await room.prices(BTC=120.0)
        await room.advance(1)
        page = await room.contests.standings.leaderboard(contest.id)
        assert {row.wallet: row.rankChange for row in page.entries} == {"bob": 1, "ann": -1}


@pytest.mark.parametrize("ahead_s", [0.0, *AHEAD_S, 86_400.0])
async def test_a_restart_behind_a_correction_settles_with_what_had_been_received(
    tmp_path: Path, ahead_s: float
) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        await ahead_for_a_while(room, ahead_s)
        contest = await entered(room)
        await room.advance(START_S + 1)
        await room.prices(SOL=110.0)
        await room.advance(END_S - START_S - 2)
        await room.prices(SOL=115.0)
    await clock.advance(100)
    async with contest_room(tmp_path, clock) as room:
        contest = room.contests.book[contest.id]
        assert (status_of(contest), contest.row.ended_ms) == ("completed", contest.row.end_ms)
        assert await room.boundary_prices(contest, "start") == {"SOL": 101.0}
        assert await room.boundary_prices(contest, "end") == {"SOL": 115.0}
        assert await received_by_the_end(room, contest)


@pytest.mark.parametrize("ahead_s", [*AHEAD_S, 86_400.0])
async def test_a_correction_while_the_server_is_down_lets_no_contest_start_or_end_early(
    tmp_path: Path, ahead_s: float
) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        clock.step(ahead_s)
        await room.prices(SOL=100.0)
        await room.advance(10)
    clock.step(-ahead_s)
    await clock.advance(5)
    async with contest_room(tmp_path, clock) as room:
        contest = await entered(room)
        await room.advance(START_S - 0.01)
        assert status_of(contest) == "pending"
        await room.advance(END_S - START_S)
        assert status_of(contest) == "active"
        await room.prices(SOL=120.0)
        await room.advance(0.02)
        assert status_of(contest) == "completed"
        assert await room.boundary_prices(contest, "start") == {"SOL": 100.0}
        assert await room.boundary_prices(contest, "end") == {"SOL": 120.0}


# ── whatever the clock does ─────────────────────────────────────────────────────────────────────────────────────────

moves = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.sampled_from([-600.0, -45.0, -1.0, 1.0, 45.0, 600.0])),
        st.tuples(st.just("wait"), st.sampled_from([0.5, 3.0, 20.0, 61.0])),
        st.tuples(st.just("price"), st.integers(1, 1_000)),
    ),
    max_size=14,
)


@settings(max_examples=examples(25))
@given(moves)
@example([("step", 45.0), ("wait", 0.5), ("step", -45.0), ("wait", 20.0)])
@example([("wait", 61.0), ("step", 45.0), ("price", 2), ("step", -45.0), ("price", 3), ("wait", 20.0)])
def test_no_contest_starts_or_ends_before_its_time(moved: list[tuple[str, Any]]) -> None:
    uvloop.run(_play(moved))


async def _play(moved: list[tuple[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        async with contest_room(Path(folder)) as room:
            await room.prices(SOL=1.0)
            contest = await entered(room, end_time=format_time(room.clock.time() + 2 * START_S))
            told = Told(room, contest)
            for name, figure in moved:
                if name == "step":
                    room.clock.step(figure)
                elif name == "price":
                    told.price = float(figure)
                    await room.prices(SOL=told.price)
                else:
                    for _ in range(int(figure / 0.5)):
                        await room.advance(0.5)
                        told.look()
                told.look()
            await room.advance(max(0.0, contest.row.end_ms / 1000 - room.clock.time()) + 1)
            told.look()
            assert status_of(contest) == "completed"
            assert await room.boundary_prices(contest, "end") == {"SOL": told.at_the_end}


class Told:
    """Looks at a contest each half second: nothing may have happened that the clock did not call for."""

    def __init__(self, room: ContestRoom, contest: Contest) -> None:
        self.price = 1.0
        self.at_the_end = 1.0
        self._clock = room.clock
        self._contest = contest
        self._status = "pending"

    def look(self) -> None:
        row, now_ms = self._contest.row, self._clock.time() * 1000
        if row.status != self._status:
            due_ms = row.start_ms if self._status == "pending" and row.status == "active" else row.end_ms
            assert now_ms > due_ms
            self._status = row.status
        if self._status != "completed":
            self.at_the_end = self.price

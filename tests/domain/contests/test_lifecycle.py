"""Starts, ends and cancellations, in time and late, each once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from duelcast.clock import ManualClock
from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.errors import ContestStarted
from duelcast.domain.contests.terms import ContestPatch
from duelcast.domain.market.ticks import Ticker
from duelcast.errors import InvalidState, Unavailable
from duelcast.store.database import Transaction
from duelcast.wire.timestamps import format_time
from tests.domain.contests.contest_room import ADMIN, END_S, START_S, ContestRoom, contest_room, status_of
from tests.store.facts import held, waiting
from tests.storing import moved_away


async def test_a_contest_runs_from_its_start_to_its_prizes(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0, BTC=50_000.0)
        contest = await room.create(prize_pool="10")
        await room.enter(contest, "ann", {"SOL": 60, "BTC": 40})
        await room.enter(contest, "bob", {"SOL": 100})
        assert await room.ranking(contest) == [(1, "ann", 1_000.0), (1, "bob", 1_000.0)]
        await room.advance(START_S + 1)
        assert status_of(contest) == "active"
        assert await room.boundary_prices(contest, "start") == {"BTC": 50_000.0, "SOL": 100.0}
        await room.prices(SOL=110.0)
        await room.advance(1)
        # ann: 6 SOL and 0.008 BTC; bob: 10 SOL
        assert await room.ranking(contest) == [(1, "bob", 1_100.0), (2, "ann", 1_060.0)]
        await room.advance(END_S - START_S)
        assert status_of(contest) == "completed"
        assert await room.ranking(contest) == [(1, "bob", 1_100.0), (2, "ann", 1_060.0)]
        told = [(event.kind, event.wallet, event.data.get("prize")) for event in await room.events()]
        assert told == [
            ("contest_started", None, None),
            ("contest_completed", None, None),
            ("prize_won", "bob", "6.9"),
            ("prize_won", "ann", "2"),
        ]


async def test_a_price_in_the_moment_of_a_boundary_counts_and_one_behind_it_does_not(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.advance(START_S)
        await room.prices(SOL=125.0)
        await room.clock.advance(0.002)
        await room.prices(SOL=200.0)
        await room.advance(1)
        assert await room.boundary_prices(contest, "start") == {"SOL": 125.0}
        assert await room.ranking(contest) == [(1, "ann", 1_600.0)]


async def test_nobody_enters_or_leaves_once_the_start_has_come(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.clock.advance(START_S)
        with pytest.raises(ContestStarted):
            await room.enter(contest, "bob", {"SOL": 100})
        with pytest.raises(ContestStarted):
            await room.contests.entering.withdraw(contest.id, "ann")
        with pytest.raises(InvalidState):
            await room.change(contest, "ann", {"SOL": 100})


async def test_a_start_that_was_put_off_just_in_time_does_not_happen(tmp_path: Path) -> None:
    """The edit is decided before the start, and committed behind it."""
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.clock.advance(START_S - 0.001)
        await edit_slowly(room, contest, ContestPatch(start_time=format_time(room.clock.time() + 300)))
        await room.advance(299)
        assert status_of(contest) == "pending"
        await room.advance(2)
        assert contest.row.started_ms == contest.row.start_ms


async def test_an_end_that_was_put_off_just_in_time_does_not_happen(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.advance(START_S + 1)
        await room.clock.advance(END_S - START_S - 1.001)
        await edit_slowly(room, contest, ContestPatch(end_time=format_time(room.clock.time() + 300)))
        await room.advance(299)
        assert contest.row.ended_ms is None
        await room.advance(2)
        assert contest.row.ended_ms == contest.row.end_ms


async def test_an_admin_who_ends_a_contest_in_the_moment_of_its_end_leaves_it_to_the_clock(tmp_path: Path) -> None:
    """The act is asked for before the end, and comes to the store behind it."""
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.advance(START_S + 1)
        await room.clock.advance(END_S - START_S - 1.001)
        async with held(room.database):
            (ending,) = await waiting(room.database, room.contests.clock.end(contest.id, ADMIN))
            await room.clock.advance(0.01)
        with pytest.raises(InvalidState):
            await ending
        await room.advance(0)
        assert contest.row.ended_ms == contest.row.end_ms


async def edit_slowly(room: ContestRoom, contest: Contest, patch: ContestPatch) -> None:
    """A change of times that is decided now, and whose commit takes 10 ms."""
    edit = room.contests.organising.edit(contest.id, patch, ADMIN)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def delay(_transaction: Transaction) -> None:
        begun.set()
        await may_end.wait()

    async with held(room.database):
        writes = await waiting(room.database, edit, room.database.write(delay))
    await begun.wait()
    await room.clock.advance(0.01)
    may_end.set()
    await asyncio.gather(*writes)


async def test_a_contest_that_nobody_entered_is_cancelled_at_its_start(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await room.create()
        await room.advance(START_S + 1)
        assert contest.row.cancellation_reason == "1 participant was needed, and nobody took part."


async def test_too_few_participants_cancel_a_contest_at_its_start(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create(min_participants=2)
        await room.enter(contest, "ann", {"SOL": 100})
        await room.enter(contest, "eve", {"SOL": 100})
        await room.disqualify(contest, "eve")
        await room.advance(START_S + 1)
        assert status_of(contest) == "cancelled"
        assert contest.row.cancellation_reason == "2 participants were needed, and 1 took part."
        assert await room.ranking(contest) == []
        assert [event.kind for event in await room.events()] == ["participant_disqualified", "contest_cancelled"]


async def test_an_admin_starts_below_the_minimum_but_not_without_anybody(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create(min_participants=2)
        with pytest.raises(InvalidState):
            await room.contests.clock.start(contest.id, ADMIN)
        await room.enter(contest, "ann", {"SOL": 100})
        await room.contests.clock.start(contest.id, ADMIN)
        assert status_of(contest) == "active"
        with pytest.raises(InvalidState):
            await room.contests.clock.start(contest.id, ADMIN)
        await room.prices(SOL=150.0)
        await room.contests.clock.end(contest.id, ADMIN, "enough")
        assert await room.ranking(contest) == [(1, "ann", 1_500.0)]
        with pytest.raises(InvalidState):
            await room.contests.clock.cancel(contest.id, ADMIN, "too late")


async def test_a_server_that_was_down_over_both_boundaries_catches_up_with_the_prices_of_then(tmp_path: Path) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        await room.prices(SOL=100.0, BTC=50_000.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.enter(contest, "bob", {"BTC": 100})
        await room.advance(START_S - 10)
        await room.prices(SOL=80.0)
    await clock.advance(END_S + 3_600)
    async with contest_room(tmp_path, clock) as room:
        contest = room.contests.book[contest.id]
        assert status_of(contest) == "completed"
        assert await room.boundary_prices(contest, "start") == {"BTC": 50_000.0, "SOL": 80.0}
        assert await room.boundary_prices(contest, "end") == {"BTC": 50_000.0, "SOL": 80.0}
        assert await room.ranking(contest) == [(1, "ann", 1_000.0), (1, "bob", 1_000.0)]


async def test_an_end_is_late_and_right_where_prices_went_on_without_the_clock(tmp_path: Path) -> None:
    """The store is out of reach over the end; prices of a feed go on in memory meanwhile."""
    async with contest_room(tmp_path) as room:
        feed = room.market.sink("venue", frozenset({"SOL"}))
        feed.accept(Ticker(symbol="SOL", price=100.0))
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.advance(START_S + 1)
        feed.accept(Ticker(symbol="SOL", price=130.0))
        await room.clock.advance(END_S - START_S - 2)
        with moved_away(tmp_path / "contests.db"):
            await room.clock.advance(2)
            feed.accept(Ticker(symbol="SOL", price=500.0))
            with pytest.raises(Unavailable):
                await room.contests.clock.settle_due()
            assert contest.row.ended_ms is None
        await room.advance(30)
        assert status_of(contest) == "completed"
        assert await room.ranking(contest) == [(1, "ann", 1_300.0)]


async def test_an_end_whose_ranking_could_not_be_stored_goes_on_after_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.advance(START_S + 1)
        await room.prices(SOL=120.0)
        # The first step alone, as of a server that is killed behind it.
        lifecycle = room.contests.clock._lifecycle
        await lifecycle.end(contest, None, ADMIN)
        assert status_of(contest) == "active"
        with pytest.raises(InvalidState):
            await room.change(contest, "ann", {"SOL": 100})
        with pytest.raises(InvalidState):
            await room.disqualify(contest, "ann")
        with pytest.raises(InvalidState):
            await room.contests.clock.cancel(contest.id, ADMIN, "no")
    async with contest_room(tmp_path, clock) as room:
        contest = room.contests.book[contest.id]
        assert status_of(contest) == "completed"
        assert await room.ranking(contest) == [(1, "ann", 1_200.0)]


async def test_rank_changes_count_from_the_last_full_minute_also_after_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        await room.prices(SOL=100.0, BTC=100.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.enter(contest, "bob", {"BTC": 100})
        await room.advance(START_S + 1)
        await room.prices(SOL=200.0)
        await room.advance(1)
        page = await room.contests.standings.leaderboard(contest.id)
        assert [(row.wallet, row.rank, row.rankChange) for row in page.entries] == [("ann", 1, 0), ("bob", 2, 0)]
        await room.advance(60)
        await room.prices(BTC=300.0)
        await room.advance(1)
        page = await room.contests.standings.leaderboard(contest.id)
        assert [(row.wallet, row.rank, row.rankChange) for row in page.entries] == [("bob", 1, 1), ("ann", 2, -1)]
    async with contest_room(tmp_path, clock) as room:
        await room.advance(1)
        page = await room.contests.standings.leaderboard(contest.id)
        assert [(row.wallet, row.rank, row.rankChange) for row in page.entries] == [("bob", 1, 1), ("ann", 2, -1)]

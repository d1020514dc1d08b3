"""The contest clock: what is due comes first, in its order, and one contest stops no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from duelcast.clock import ManualClock
from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.scoring import Board, Scoring
from duelcast.errors import InvalidState
from duelcast.wire.timestamps import format_time
from tests.domain.contests.contest_room import ADMIN, END_S, START_S, ContestRoom, contest_room
from tests.store.facts import figure
from tests.storing import moved_away


async def rank_changes(room: ContestRoom, contest: Contest) -> dict[str, int]:
    page = await room.contests.standings.leaderboard(contest.id)
    return {row.wallet: row.rankChange for row in page.entries}


async def duel(room: ContestRoom) -> Contest:
    """A contest of ann and bob: ann was ahead at the last full minute, bob is now."""
    await room.prices(SOL=100.0, BTC=100.0)
    contest = await room.create()
    await room.enter(contest, "ann", {"SOL": 100})
    await room.enter(contest, "bob", {"BTC": 100})
    await room.advance(START_S + 1)
    await room.prices(SOL=110.0)
    await room.advance(61)
    await room.prices(BTC=120.0)
    await room.advance(1)
    assert await rank_changes(room, contest) == {"bob": 1, "ann": -1}
    return contest


# ── admins behind the boundary ──────────────────────────────────────────────────────────────────────────────────────


async def over_unsettled(room: ContestRoom, path: Path) -> Contest:
    """A contest whose end has come while the store was out of reach, a moment before the clock tries again."""
    await room.prices(SOL=100.0)
    contest = await room.create()
    await room.enter(contest, "ann", {"SOL": 100})
    await room.advance(START_S + 1)
    await room.clock.advance(END_S - START_S - 2)
    with moved_away(path):
        await room.clock.advance(1.5)
    assert contest.row.ended_ms is None
    return contest


async def test_an_admin_who_ends_a_contest_behind_its_end_finds_it_over(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await over_unsettled(room, tmp_path / "contests.db")
        with pytest.raises(InvalidState):
            await room.contests.clock.end(contest.id, ADMIN)
        assert (contest.row.status, contest.row.ended_ms) == ("completed", contest.row.end_ms)


async def test_an_admin_cannot_cancel_a_contest_behind_its_end(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await over_unsettled(room, tmp_path / "contests.db")
        with pytest.raises(InvalidState):
            await room.contests.clock.cancel(contest.id, ADMIN, "too late")
        assert contest.row.status == "completed"


# ── many at once ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_contests_that_start_at_one_moment_share_commits(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        made = [await room.create() for _ in range(25)]
        for contest in made:
            await room.enter(contest, "ann", {"SOL": 100})
        before = figure(room.database, "commits_total")
        await room.advance(START_S + 1)
        assert {contest.row.status for contest in made} == {"active"}
        assert figure(room.database, "commits_total") - before < 10


async def test_contests_that_were_missed_end_in_the_order_of_their_ends(tmp_path: Path) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        await room.prices(SOL=100.0)
        ends_s = {}
        for end_s in (500, 300, 400, 300):
            contest = await room.create(end_time=format_time(clock.time() + end_s))
            await room.enter(contest, "ann", {"SOL": 100})
            ends_s[contest.id] = end_s
    await clock.advance(END_S)
    async with contest_room(tmp_path, clock) as room:
        done = [event.contest_id for event in await room.events() if event.kind == "contest_completed"]
        assert [ends_s[contest_id or 0] for contest_id in done] == [300, 300, 400, 500]


# ── full minutes ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_defect_in_one_contest_does_not_keep_the_minute_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        broken = await room.create()
        await room.enter(broken, "ann", {"SOL": 100})
        prepare = Board.prepare

        def fail(board: Board, prices: dict[str, float] | None = None) -> Scoring:
            if board is broken.board:
                raise ValueError("a defect")
            return prepare(board, prices)

        monkeypatch.setattr(Board, "prepare", fail)
        # Its ranks change from those of a full minute, which was marked.
        await duel(room)


async def test_rank_changes_of_an_end_are_the_same_where_the_server_was_killed_before_the_ranking(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        contest = await duel(room)
        # The first step alone, as of a server that is killed behind it.
        await room.contests.clock._lifecycle.end(contest, None, ADMIN)
    await clock.advance(90)
    async with contest_room(tmp_path, clock) as room:
        contest = room.contests.book[contest.id]
        assert contest.row.status == "completed"
        assert await rank_changes(room, contest) == {"bob": 1, "ann": -1}

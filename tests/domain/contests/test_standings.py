"""What is read of contests: who took part, pages, rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from duelcast.clock import ManualClock
from duelcast.domain.contests.events import LEADERBOARD
from duelcast.domain.contests.terms import ContestPatch
from duelcast.wire.timestamps import format_ms
from tests.domain.contests.contest_room import ADMIN, END_S, START_S, contest_room


async def test_who_took_part_is_known_of_a_contest_that_is_over(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        for wallet in ("ann", "bob"):
            await room.enter(contest, wallet, {"SOL": 100})
        await room.disqualify(contest, "bob")
        standings = room.contests.standings
        assert not await standings.took_part(contest.id, "ann")
        await room.advance(START_S + 1)
        await room.advance(END_S)
        took_part = [await standings.took_part(contest.id, wallet) for wallet in ("ann", "bob", "cal")]
    assert took_part == [True, False, False]


async def test_versions_grow_over_a_restart_and_over_another_balance(tmp_path: Path) -> None:
    clock = ManualClock()
    versions = []
    async with contest_room(tmp_path, clock) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        for _ in range(2):
            await room.enter(contest, "ann", {"SOL": 100})
            await room.advance(2)
            versions.append(contest.board.version if contest.board else 0)
            await room.contests.entering.withdraw(contest.id, "ann")
            await room.advance(2)
        versions.append((await room.contests.standings.leaderboard(contest.id)).version)
        await room.contests.organising.edit(contest.id, ContestPatch(starting_balance=500.0), ADMIN)
        await room.enter(contest, "ann", {"SOL": 100})
        await room.advance(2)
        versions.append((await room.contests.standings.leaderboard(contest.id)).version)
    async with contest_room(tmp_path, clock) as room:
        versions.append((await room.contests.standings.leaderboard(contest.id)).version)
    assert versions == sorted(set(versions))


@pytest.mark.parametrize("is_cancelled", [False, True], ids=["completed", "cancelled"])
async def test_the_board_of_a_contest_that_is_over_has_one_version_and_time_before_and_after_a_restart(
    tmp_path: Path, is_cancelled: bool
) -> None:
    clock = ManualClock()
    async with contest_room(tmp_path, clock) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await room.enter(contest, "ann", {"SOL": 100})
        await room.advance(START_S + 1)
        await room.prices(SOL=110.0)
        await room.advance(1)
        running = await room.contests.standings.leaderboard(contest.id)
        if is_cancelled:
            await room.contests.clock.cancel(contest.id, ADMIN, "Rain.")
        else:
            await room.advance(END_S - START_S - 2.5)
            for price in (115.0, 120.0):  # the second waits for its interval, and the end comes first
                await room.prices(SOL=price)
            await room.advance(0.6)
        await room.advance(5)
        final = await room.contests.standings.leaderboard(contest.id)
        pushed = room.pushes.newest[(LEADERBOARD.channel(str(contest.id)).name, "leaderboard_update")]["data"]
        assert final.version > running.version
        assert (pushed["version"], pushed["total"]) == (final.version, final.total)
        assert final.updatedAt == format_ms(contest.row.updated_ms)
    async with contest_room(tmp_path, clock) as room:
        assert await room.contests.standings.leaderboard(contest.id) == final

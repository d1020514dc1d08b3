"""The contest clock looks at all contests when it wakes: only what moves a boundary wakes it before its time."""

from __future__ import annotations

from pathlib import Path

import pytest

from duelcast.domain.contests.terms import ContestPatch
from duelcast.wire.timestamps import format_time
from tests.domain.contests.contest_room import ADMIN, START_S, ContestRoom, contest_room


class Wakings:
    """Counts how often the clock looked for what is due."""

    def __init__(self, room: ContestRoom, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self._look = room.contests.clock.settle_due
        monkeypatch.setattr(room.contests.clock, "settle_due", self._counted)

    async def _counted(self) -> None:
        self.count += 1
        await self._look()


async def test_entries_do_not_wake_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await room.clock.advance(0)
        wakings = Wakings(room, monkeypatch)
        await room.enter(contest, "ann", {"SOL": 100})
        await room.disqualify(contest, "ann")
        await room.clock.advance(0)
        assert wakings.count == 0


async def test_a_start_that_is_moved_wakes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        await room.clock.advance(0)
        wakings = Wakings(room, monkeypatch)
        sooner = ContestPatch(start_time=format_time(room.clock.time() + START_S / 2))
        await room.contests.organising.edit(contest.id, sooner, ADMIN)
        await room.clock.advance(0)
        assert wakings.count == 1

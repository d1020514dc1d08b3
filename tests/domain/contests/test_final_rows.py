"""Who follows its row hears how the contest ended for it, whatever the store does meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.events import PARTICIPANT, Participant
from duelcast.domain.contests.service import ContestSettings
from duelcast.errors import Unavailable
from tests.domain.contests.contest_room import ADMIN, START_S, ContestRoom, contest_room
from tests.store.facts import until

WALLETS = ("ann", "bob")


async def running(room: ContestRoom) -> Contest:
    """A contest under way, in which both follow their rows."""
    await room.prices(SOL=100.0)
    contest = await room.create()
    for wallet in WALLETS:
        await room.enter(contest, wallet, {"SOL": 100})
        room.broker.follow(PARTICIPANT.channel(f"{wallet}.{contest.id}"))
    await room.advance(START_S + 1)
    return contest


def told(room: ContestRoom, contest: Contest) -> list[dict[str, Any]]:
    """The rows that were published last."""
    newest = room.pushes.newest
    return [newest[(f"participant.{wallet}.{contest.id}", "participant_update")]["data"] for wallet in WALLETS]


def statuses(room: ContestRoom, contest: Contest) -> list[str]:
    return [row["status"] for row in told(room, contest)]


def figures(room: ContestRoom) -> dict[str, float]:
    samples = [sample for metric in room.contests.final_rows.collect() for sample in metric.samples]
    return {sample.name.removeprefix("duelcast_final_rows_"): sample.value for sample in samples}


class Reading:
    """The reads of rows fail with `error` as long as there is one."""

    def __init__(self, room: ContestRoom, error: Exception) -> None:
        self.error: Exception | None = error
        self.failures = 0
        self._read = room.contests.standings.participant

    async def participant(self, contest_id: int, wallet: str) -> Participant:
        if self.error is not None:
            self.failures += 1
            raise self.error
        return await self._read(contest_id, wallet)


async def test_the_end_is_told_with_rank_and_prize(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        await room.contests.clock.end(contest.id, ADMIN)
        await room.contests.final_rows.published()
        assert statuses(room, contest) == ["finished", "finished"]
        assert [row["finalRank"] for row in told(room, contest)] == [1, 1]


async def test_what_cannot_be_read_at_the_end_is_told_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        reading = Reading(room, Unavailable("The database is out of reach.", retry_after_ms=1_000))
        monkeypatch.setattr(room.contests.standings, "participant", reading.participant)
        await room.contests.clock.end(contest.id, ADMIN)
        await until(lambda: reading.failures == 1)
        assert contest.row.status == "completed"
        assert statuses(room, contest) == ["active", "active"]
        reading.error = None
        await room.clock.advance(1)
        await room.contests.final_rows.published()
        assert statuses(room, contest) == ["finished", "finished"]


async def test_beyond_the_bound_the_contest_that_ended_first_is_given_up_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with contest_room(tmp_path) as room:
        room.contests.settings = ContestSettings(final_rows_waiting=1)
        under_way, first, second = [await running(room) for _ in range(3)]
        reading = Reading(room, Unavailable("The database is out of reach.", retry_after_ms=1_000))
        monkeypatch.setattr(room.contests.standings, "participant", reading.participant)
        for contest in (under_way, first, second):
            await room.contests.clock.end(contest.id, ADMIN)
            await until(lambda: reading.failures > 0)
        assert figures(room) == {"waiting": 1, "given_up_total": 1}
        reading.error = None
        await room.clock.advance(1)
        await room.contests.final_rows.published()
        assert [statuses(room, contest)[0] for contest in (under_way, first, second)] == [
            "finished",
            "active",
            "finished",
        ]
        assert figures(room) == {"waiting": 0, "given_up_total": 1}


async def test_a_contest_whose_rows_nobody_follows_takes_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        for wallet in WALLETS:
            room.broker.unfollow(PARTICIPANT.channel(f"{wallet}.{contest.id}"))
        reading = Reading(room, Unavailable("The database is out of reach.", retry_after_ms=1_000))
        monkeypatch.setattr(room.contests.standings, "participant", reading.participant)
        await room.contests.clock.end(contest.id, ADMIN)
        await room.contests.final_rows.published()
        assert reading.failures == 0


async def test_a_cancellation_is_acknowledged_though_no_row_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with contest_room(tmp_path) as room:
        contest = await running(room)
        reading = Reading(room, Unavailable("The database is out of reach.", retry_after_ms=1_000))
        monkeypatch.setattr(room.contests.standings, "participant", reading.participant)
        await room.contests.clock.cancel(contest.id, ADMIN, "rain")
        assert contest.row.status == "cancelled"


async def test_a_defect_in_a_row_keeps_no_other_contest_from_being_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with contest_room(tmp_path) as room:
        first, second = await running(room), await running(room)
        reading = Reading(room, ValueError("a defect"))
        monkeypatch.setattr(room.contests.standings, "participant", reading.participant)
        await room.contests.clock.end(first.id, ADMIN)
        await until(lambda: reading.failures == len(WALLETS))
        reading.error = None
        await room.contests.clock.end(second.id, ADMIN)
        await room.contests.final_rows.published()
        assert statuses(room, second) == ["finished", "finished"]

"""Setting up contests and keeping order in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from duelcast.domain.contests import terms
from duelcast.domain.contests.errors import ContestFull
from tests.domain.contests.contest_room import contest_room


async def test_a_starting_balance_has_the_decimals_of_a_value(tmp_path: Path) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create(starting_balance=1_000.1234567849)
        for wallet in ("ann", "bob", "cal"):
            await room.enter(contest, wallet, {"SOL": 100})
            await room.clock.advance(0.001)
        assert contest.row.starting_balance == 1_000.12345678
        assert await room.ranking(contest) == [(1, wallet, 1_000.12345678) for wallet in ("ann", "bob", "cal")]


@pytest.mark.parametrize("limit", [1, None])
async def test_nobody_is_admitted_again_where_every_place_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int | None
) -> None:
    monkeypatch.setattr(terms, "MAX_PARTICIPANTS", 1)
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        contest = await room.create(max_participants=limit)
        await room.enter(contest, "ann", {"SOL": 100})
        await room.disqualify(contest, "ann")
        await room.enter(contest, "bob", {"SOL": 100})
        with pytest.raises(ContestFull):
            await room.disqualify(contest, "ann", disqualified=False)
        with pytest.raises(ContestFull):
            await room.enter(contest, "cal", {"SOL": 100})

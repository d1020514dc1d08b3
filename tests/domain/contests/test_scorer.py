"""Many contests are scored in a row, and nobody waits for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import pytest

from tests.domain.contests.contest_room import START_S, ContestRoom, contest_room

CONTESTS = 5
FULL_MINUTE_S = 60.0


async def states_meanwhile(room: ContestRoom, *works: Awaitable[None]) -> list[list[int]]:
    """The versions of all boards, as another task sees them one after the other while `works` are done."""
    boards = [contest.board for contest in room.contests.book.live if contest.board is not None]
    states: list[list[int]] = []
    for work in works:
        doing = asyncio.ensure_future(work)
        while not doing.done():
            state = [board.version for board in boards]
            if state not in states:
                states.append(state)
            await asyncio.sleep(0)
    return states


@pytest.mark.parametrize("what", ["a price", "a full minute"])
async def test_between_two_contests_that_are_scored_others_have_their_turn(tmp_path: Path, what: str) -> None:
    async with contest_room(tmp_path) as room:
        await room.prices(SOL=100.0)
        for _ in range(CONTESTS):
            await room.enter(await room.create(), "ann", {"SOL": 100})
        await room.advance(START_S + 2)
        if what == "a price":
            states = await states_meanwhile(room, room.prices(SOL=110.0), room.advance(1))
        else:
            states = await states_meanwhile(room, room.advance(FULL_MINUTE_S))
        assert len(states) > CONTESTS

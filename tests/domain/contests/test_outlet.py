"""Rows of participants are pushed to those who follow them, and made for nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import pairwise
from pathlib import Path

from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.events import PARTICIPANT
from duelcast.store.contests import HoldingRow
from tests.domain.contests.contest_room import START_S, ContestRoom, contest_room

MANY = 1_000


@asynccontextmanager
async def running_contest(folder: Path) -> AsyncIterator[tuple[ContestRoom, Contest]]:
    """A contest that has begun, in which ann and bob hold SOL, bought at 100."""
    async with contest_room(folder) as room:
        await room.prices(SOL=100.0)
        contest = await room.create()
        for wallet in ("ann", "bob"):
            await room.enter(contest, wallet, {"SOL": 100})
        await room.advance(START_S + 2)
        yield room, contest


@contextmanager
def following(room: ContestRoom, contest: Contest, *wallets: str) -> Iterator[None]:
    channels = [PARTICIPANT.channel(f"{wallet}.{contest.id}") for wallet in wallets]
    for channel in channels:
        room.broker.follow(channel)
    try:
        yield
    finally:
        for channel in channels:
            room.broker.unfollow(channel)


def values_told(room: ContestRoom, wallet: str) -> list[float]:
    """What was pushed of the portfolio of a participant, in order."""
    return [
        body["data"]["portfolioValue"]
        for channel, body in room.pushes.all
        if channel.startswith(f"participant.{wallet}.")
    ]


async def move(room: ContestRoom, price: float) -> None:
    await room.prices(SOL=price)
    await room.advance(2)


async def test_only_rows_that_are_followed_are_pushed(tmp_path: Path) -> None:
    async with running_contest(tmp_path) as (room, contest):
        with following(room, contest, "ann"):
            await move(room, 110.0)
        await move(room, 120.0)
        assert values_told(room, "ann") == [1_100.0]
        assert values_told(room, "bob") == []


async def test_rows_of_one_contest_are_not_taken_for_those_of_another(tmp_path: Path) -> None:
    async with running_contest(tmp_path) as (room, _):
        other = await room.create()
        with following(room, other, "ann"):
            await move(room, 110.0)
            await room.enter(other, "ann", {"SOL": 100})
            await room.advance(2)
        told = [channel for channel, _ in room.pushes.all if channel.startswith("participant.")]
        assert set(told) == {f"participant.ann.{other.id}"}


async def test_who_comes_back_is_told_when_a_value_is_what_it_was_when_they_left(tmp_path: Path) -> None:
    async with running_contest(tmp_path) as (room, contest):
        with following(room, contest, "ann"):
            await move(room, 110.0)
        await move(room, 120.0)
        with following(room, contest, "ann"):
            assert (await room.contests.standings.participant(contest.id, "ann")).portfolioValue == 1_200.0
            await move(room, 110.0)
        assert values_told(room, "ann") == [1_100.0, 1_100.0]


async def test_what_waited_for_its_interval_is_not_pushed_once_nobody_follows_it(tmp_path: Path) -> None:
    async with running_contest(tmp_path) as (room, contest):
        with following(room, contest, "ann"):
            await move(room, 110.0)
            await room.disqualify(contest, "ann")
            await room.disqualify(contest, "ann", disqualified=False)
            made = len(values_told(room, "ann"))
        await room.advance(2)
        with following(room, contest, "ann"):
            await room.advance(2)
        assert len(values_told(room, "ann")) == made


async def test_a_disqualification_is_told_once(tmp_path: Path) -> None:
    async with running_contest(tmp_path) as (room, contest):
        with following(room, contest, "ann"):
            await room.disqualify(contest, "ann")
            await room.advance(3)
        assert values_told(room, "ann") == [1_000.0]


async def test_the_rows_of_many_followers_leave_time_for_others_between_them(tmp_path: Path) -> None:
    async with running_contest(tmp_path) as (room, contest):
        assert contest.board is not None
        wallets = [f"w{number}" for number in range(MANY)]
        for number, wallet in enumerate(wallets):
            contest.board.add(wallet, None, 1_000 + number, number, [HoldingRow("SOL", 100, 10.0)])
        with following(room, contest, *wallets):
            for price in (110.0, 120.0):
                await room.prices(SOL=price)
                told = [len(room.pushes.all)]
                passing = asyncio.create_task(room.advance(2))
                while not passing.done():
                    await asyncio.sleep(0)
                    told.append(len(room.pushes.all))
                assert told[-1] - told[0] > MANY
                assert max(after - before for before, after in pairwise(told)) < MANY / 2

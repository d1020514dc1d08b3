"""A server that is killed (SIGKILL) at random points of a contest: nothing that it acknowledged is lost or there twice,
nothing is half there, and the contest ends as if nothing had happened."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.crash.script import cup
from tests.crash.stage import Outcome, random_kills, run

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]

RUNS = 20
AT_ONCE = 11
"""Runs that go on at the same time; most of each is waiting for its boundaries."""
UNDISTURBED = RUNS


def is_by_admin(number: int) -> bool:
    """Every third contest is started and ended by an admin, the others by the clock."""
    return number % 3 == 2


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Outcome | BaseException]]:
    """Of each run what it left, or why it failed; the last one was not disturbed."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(number: int, folder: Path) -> Outcome:
        by_admin = is_by_admin(number)
        kills = random_kills(cup(("", ""), by_admin=by_admin), random.Random(number))
        async with free:
            return await run(folder, [] if number == UNDISTURBED else kills, by_admin=by_admin)

    runs = [one(number, tmp_path_factory.mktemp(f"run{number}-")) for number in range(RUNS + 1)]
    yield await asyncio.gather(*runs, return_exceptions=True)


def of(outcomes: list[Outcome | BaseException], number: int) -> Outcome:
    outcome = outcomes[number]
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


async def test_undisturbed_the_contest_ends_with_a_tie_that_shares_its_prizes(
    outcomes: list[Outcome | BaseException],
) -> None:
    board = of(outcomes, UNDISTURBED).told["leaderboard"]
    assert sorted(row["wallet"] for row in board) == ["ann", "bob", "cat", "dan"]
    assert next(row["rank"] for row in board if row["wallet"] == "bob") == next(
        row["rank"] for row in board if row["wallet"] == "dan"
    )


@pytest.mark.parametrize("number", range(RUNS))
async def test_whenever_it_is_killed_everything_is_there_once_and_the_result_is_the_same(
    outcomes: list[Outcome | BaseException], number: int
) -> None:
    undisturbed, disturbed = of(outcomes, UNDISTURBED), of(outcomes, number)
    assert disturbed.file == undisturbed.file
    assert disturbed.told == undisturbed.told


async def test_some_acts_were_under_way_when_it_was_killed(outcomes: list[Outcome | BaseException]) -> None:
    under_way = [found for outcome in outcomes if isinstance(outcome, Outcome) for found in outcome.under_way]
    assert len(under_way) > RUNS / 4, under_way

"""Contests while the scorer or the contest clock is switched off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.e2e.contest.contest_room import Stage, rows_of, stage
from tests.serving import Client, client

PATIENCE_S = 60.0


@asynccontextmanager
async def operated() -> AsyncIterator[tuple[Stage, Client]]:
    """Contests, and an operator of their server."""
    async with stage() as scene, client(scene.app, "skyduel", token=scene.token("boss")) as operator:
        yield scene, operator


async def command(operator: Client, service: str, what: str) -> None:
    answer = await operator.ask(type="service_command", serviceName=service, command=what)
    assert answer["result"]["success"] is True, answer


async def until_status(scene: Stage, contest: int, status: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await scene.do("GET", f"/contests/{contest}"))["status"] != status:
            await scene.clock.advance(0)


async def test_what_was_due_while_the_clock_was_stopped_is_done_when_it_starts_at_the_prices_of_then() -> None:
    async with operated() as (scene, operator):
        contest = await scene.contest(starts_in_s=60, lasts_s=600)
        await scene.enter(contest, "ann")
        await command(operator, "contest_clock", "stop")
        await scene.clock.advance(61)
        await scene.prices({"SOL": 200.0, "BTC": 80_000.0})
        assert (await scene.do("GET", f"/contests/{contest}"))["status"] == "pending"
        await command(operator, "contest_clock", "start")
        await until_status(scene, contest, "active")
        started = (await scene.do("GET", f"/contests/{contest}/settlement"))["start"]
        assert started["at"] == "2027-01-15T08:01:00.000Z"
        assert {row["symbol"]: row["price"] for row in started["prices"]} == {"SOL": 100.0, "BTC": 50_000.0}


async def test_ranks_stand_still_while_the_scorer_is_stopped_and_follow_when_it_starts() -> None:
    async with operated() as (scene, operator):
        contest = await scene.contest(starts_in_s=60, lasts_s=600)
        await scene.enter(contest, "ann", portfolio={"SOL": 100})
        await scene.enter(contest, "bob", portfolio={"BTC": 100})
        await scene.act(contest, "start")
        await scene.clock.advance(2)
        async with scene.socket("cat") as cat:
            await cat.ask(type="get_leaderboard", contestId=contest)
            await cat.drain()
            await command(operator, "scorer", "stop")
            await scene.prices({"BTC": 100_000.0})
            await scene.clock.advance(5)
            assert await cat.drain() == []
            await command(operator, "scorer", "start")
            await scene.clock.advance(2)
            board = (await cat.receive_until(type="leaderboard_update"))[-1]["data"]
            assert [(rank, wallet) for rank, wallet, *_ in rows_of(board)] == [(1, "bob"), (2, "ann")]

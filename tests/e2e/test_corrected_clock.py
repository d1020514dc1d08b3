"""A server whose machine's clock is moved: contests start and end by the clock as it was set last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from duelcast.channels.names import Role
from duelcast.wire.timestamps import format_time
from tests.crash.caller import headers_for
from tests.e2e.process import Server, kill, serving
from tests.e2e.shifted_clock import ShiftedClock
from tests.serving import SECRET, Client

pytestmark = pytest.mark.process


class Desk:
    """Somebody who posts prices, has a contest and looks at it."""

    def __init__(self, server: Server, clock: ShiftedClock, http: httpx.AsyncClient) -> None:
        self.server = server
        self.clock = clock
        self._http = http

    async def do(self, method: str, path: str, body: Any = None, wallet: str = "boss") -> Any:
        headers = headers_for(wallet, Role.ADMIN if wallet == "boss" else Role.USER)
        answer = await self._http.request(method, f"/api/v69{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    async def price(self, price: float) -> None:
        await self.do("POST", "/tokens/prices", [{"symbol": "SOL", "price": price}])

    async def contest(self, starts_in_s: float, lasts_s: float) -> dict[str, Any]:
        """A contest that ann has entered."""
        start_s = self.clock.time() + starts_in_s
        times = {"start_time": format_time(start_s), "end_time": format_time(start_s + lasts_s)}
        created: dict[str, Any] = await self.do("POST", "/contests", {"name": "One", **times})
        await self.do(
            "POST", f"/contests/{created['id']}/entries", {"portfolio": [{"symbol": "SOL", "weight": 100}]}, "ann"
        )
        return created

    async def status(self, contest: dict[str, Any]) -> str:
        return str((await self.do("GET", f"/contests/{contest['id']}"))["status"])

    async def until_status(self, contest: dict[str, Any], status: str) -> None:
        while True:
            if await self.status(contest) == status:
                return
            await asyncio.sleep(0.02)

    async def until_set_back(self, seconds: float) -> None:
        """Set the clock back by `seconds`, and wait until the server has noticed."""
        steps = await self.server.metric("duelcast_clock_steps_total")
        self.clock.set(self.clock.shift_s - seconds)
        while True:
            if await self.server.metric("duelcast_clock_steps_total") > steps:
                return
            await asyncio.sleep(0.02)

    async def settled(self, contest: dict[str, Any]) -> dict[str, tuple[str, float]]:
        """The moment and the price of each boundary; the price came before the moment."""
        settlement = await self.do("GET", f"/contests/{contest['id']}/settlement")
        (start,), (end,) = (settlement[name]["prices"] for name in ("start", "end"))
        assert start["receivedAt"] <= settlement["start"]["at"]
        assert end["receivedAt"] <= settlement["end"]["at"]
        return {name: (settlement[name]["at"], one["price"]) for name, one in (("start", start), ("end", end))}


@asynccontextmanager
async def desk(folder: Path, clock: ShiftedClock) -> AsyncIterator[Desk]:
    async with (
        serving(folder, command=clock.command, feed="none", jwt_secret=SECRET, rate_limit_factor=0) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as http,
    ):
        yield Desk(server, clock, http)


async def test_a_clock_that_was_ten_minutes_ahead_moves_no_contest(tmp_path: Path) -> None:
    clock = ShiftedClock(tmp_path)
    async with desk(tmp_path, clock) as here:
        clock.set(600)
        await here.price(100)
        await here.until_set_back(600)
        contest = await here.contest(starts_in_s=300, lasts_s=600)
        async with connect(f"{here.server.ws_url('contest')}?endpoint=public.contests", proxy=None) as ws:
            follower = Client(ws)
            await follower.send(type="subscribe", channel=f"contest.{contest['id']}")
            clock.set(200)
            await here.price(110)
            assert await here.status(contest) == "pending"
            clock.set(301)
            assert (await until_status(follower, "active"))["start_time"] == contest["start_time"]
            await here.price(120)
            await here.until_set_back(101)
            await here.price(130)
            assert await here.status(contest) == "active"
            clock.set(901)
            await until_status(follower, "completed")
        await here.price(140)
        assert await here.settled(contest) == {"start": (contest["start_time"], 110), "end": (contest["end_time"], 130)}


async def test_a_clock_that_is_set_back_while_the_server_is_down_moves_no_contest(tmp_path: Path) -> None:
    clock = ShiftedClock(tmp_path)
    clock.set(45)
    async with desk(tmp_path, clock) as before:
        await before.price(100)
        await kill(before.server.process)
    clock.set(0)
    async with desk(tmp_path, clock) as here:
        contest = await here.contest(starts_in_s=30, lasts_s=600)
        await here.price(110)
        assert await here.status(contest) == "pending"
        clock.set(31)
        await here.until_status(contest, "active")
        await here.price(120)
        clock.set(631)
        await here.until_status(contest, "completed")
        assert await here.settled(contest) == {"start": (contest["start_time"], 110), "end": (contest["end_time"], 120)}


async def until_status(follower: Client, status: str) -> dict[str, Any]:
    """The record of the contest as soon as it has `status`."""
    while True:
        frame = await follower.receive()
        if frame["type"] == "contest_state" and frame["data"]["status"] == status:
            data: dict[str, Any] = frame["data"]
            return data

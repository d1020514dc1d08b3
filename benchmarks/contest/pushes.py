"""Measures how long it takes from posting a price until followers have the new leaderboard, over real sockets."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import httpx
import msgspec
import numpy as np
import uvloop
from numpy.typing import NDArray

from benchmarks.contest.followers import following
from benchmarks.measuring import Failed, cores, free_port, running, token_of, wallet_of
from benchmarks.rows import Row, Target, row
from benchmarks.servers import LIMITS_OFF, SECRET
from duelcast.wire.timestamps import format_time

MOST_BEYOND_MS = 150.0
INTERVAL_MS = 1_000
ENTRIES = 100
TICK_S = 0.02
SETTLE_S = 2.0
"""The time for the last push to reach all followers."""
SYMBOLS = [f"TOKEN{number:02d}" for number in range(20)]
MARK = "MARK"
"""A token of which the first participant holds one unit, and the others none. Its price contains the number of the
tick, and so does the value of the first participant in each push."""
FIRST_MARK = 1_000
SECONDS = 10.0


class _Row(msgspec.Struct):
    wallet: str
    value: float


class _Page(msgspec.Struct):
    entries: list[_Row]


class _Push(msgspec.Struct):
    """The part of a push that is read."""

    data: _Page


def measure(followers: int, rounds: int, seconds: float = SECONDS) -> list[Row]:
    """Measure how much longer than the interval pushes take. Raises `Failed`."""
    beyond = [_round(followers, seconds) for _ in range(rounds)]
    name = f"tick → push with {followers:,} followers, beyond the interval"
    return [
        row(f"{name}: p50", "ms", [float(np.percentile(one, 50)) for one in beyond]),
        row(f"{name}: p99", "ms", [float(np.percentile(one, 99)) for one in beyond], Target("most", MOST_BEYOND_MS)),
        row(f"{name}: max", "ms", [float(one.max()) for one in beyond]),
    ]


def beyond_interval_ms(
    sent_s: Mapping[int, float], ticks: Mapping[int, int], arrivals_s: Sequence[Mapping[int, float]], interval_ms: float
) -> list[float]:
    """For each push but the first, and for each follower: how long the oldest new tick in the push took to arrive,
    minus the interval for which a push may be held back.

    `sent_s` is when each tick was sent. `ticks` is the newest tick in each push, by `seq`; `arrivals_s` is when each
    push arrived, by `seq`, for each follower. Raises `Failed` if a follower did not get a push, or if there are no
    two pushes with different ticks.
    """
    found = []
    for before, seq in pairwise(sorted(ticks)):
        if ticks[seq] == ticks[before]:
            # The push has no new tick: something else in the top changed, such as `rankChange` at a full minute.
            continue
        oldest_s = sent_s[ticks[before] + 1]
        for arrivals in arrivals_s:
            if seq not in arrivals:
                raise Failed(f"a follower did not get the push {seq}")
            found.append((arrivals[seq] - oldest_s) * 1000 - interval_ms)
    if not found:
        raise Failed("there were no two pushes with different ticks")
    return found


def _round(followers: int, seconds: float) -> NDArray[np.float64]:
    port = free_port()
    environment = {
        **LIMITS_OFF,
        "DUELCAST_FEED": "none",
        "DUELCAST_PORT": str(port),
        "DUELCAST_JWT_SECRET": SECRET,
        "DUELCAST_LEADERBOARD_INTERVAL_MS": str(INTERVAL_MS),
    }
    command = [str(Path(sys.executable).with_name("duelcast")), "serve"]
    allowed = os.sched_getaffinity(0)
    with running("duelcast", command, environment, port):
        os.sched_setaffinity(0, {cores()[1]})
        try:
            return np.array(uvloop.run(_measure(port, followers, seconds)))
        finally:
            os.sched_setaffinity(0, allowed)


async def _measure(port: int, count: int, seconds: float) -> list[float]:
    base = f"127.0.0.1:{port}/api/v69"
    async with httpx.AsyncClient(base_url=f"http://{base}", timeout=30) as http:
        poster = Poster(http)
        contest_id = await _open_contest(http, poster)
        tokens = [token_of(wallet_of(ENTRIES + number)) for number in range(count)]
        async with following(f"ws://{base}/ws/contest", contest_id, tokens) as followers:
            began_s = perf_counter()
            while perf_counter() < began_s + seconds:
                await poster.tick()
                await asyncio.sleep(TICK_S)
            await asyncio.sleep(SETTLE_S)
            if closed := sum(one.closed.is_set() for one in followers):
                raise Failed(f"{closed} followers were disconnected")
    first, arrivals_s = followers[0], [one.arrivals_s for one in followers]
    # Earlier pushes may not have reached followers that had not connected yet.
    ticks = {seq: _tick_in(text) for seq, text in first.pushes.items() if first.arrivals_s[seq] > began_s}
    return beyond_interval_ms(poster.sent_s, ticks, arrivals_s, INTERVAL_MS)


def _tick_in(push: bytes) -> int:
    rows = msgspec.json.decode(push, type=_Push).data.entries
    return next(round(one.value) - FIRST_MARK for one in rows if one.wallet == wallet_of(0))


class Poster:
    """Posts ticks, one after the other, and notes when each was sent."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.sent_s: dict[int, float] = {}
        self._http = http
        self._headers = {"Authorization": f"Bearer {token_of('poster', 'admin')}"}
        self._ticks = 0

    async def tick(self) -> None:
        """Post a new price for each token. Raises `Failed` if they are not accepted."""
        rng = np.random.default_rng(self._ticks)
        prices = [{"symbol": MARK, "price": FIRST_MARK + self._ticks}]
        prices += [{"symbol": symbol, "price": float(rng.uniform(99, 101))} for symbol in SYMBOLS]
        self.sent_s[self._ticks] = perf_counter()
        self._ticks += 1
        await self.post("/tokens/prices", prices)

    async def post(self, path: str, body: object, token: str | None = None) -> bytes:
        """Post `body`; returns the body of the answer. Raises `Failed` if the status is not a success."""
        headers = self._headers if token is None else {"Authorization": f"Bearer {token}"}
        answer = await self._http.post(path, json=body, headers=headers)
        if not answer.is_success:
            raise Failed(f"{path}: {answer.status_code} {answer.text}")
        return answer.content


async def _open_contest(http: httpx.AsyncClient, poster: Poster) -> int:
    """Create and start a contest with `ENTRIES` participants; returns its id."""
    await poster.tick()
    now_s = time.time()
    terms = {
        "name": "Benchmark",
        "start_time": format_time(now_s + 3600),
        "end_time": format_time(now_s + 7200),
        "starting_balance": FIRST_MARK,
    }
    contest_id = int(msgspec.json.decode(await poster.post("/contests", terms))["id"])
    for number in range(ENTRIES):
        held = [MARK] if number == 0 else [SYMBOLS[(number + step) % len(SYMBOLS)] for step in range(4)]
        portfolio = [{"symbol": symbol, "weight": 100 // len(held)} for symbol in held]
        token = token_of(wallet_of(number))
        await poster.post(f"/contests/{contest_id}/entries", {"portfolio": portfolio}, token)
    await poster.post(f"/contests/{contest_id}/start", {})
    return contest_id

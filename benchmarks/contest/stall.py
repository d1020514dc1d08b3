"""How long the event loop is blocked while a large contest is scored under ticks and trades."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from contextlib import suppress
from time import perf_counter
from typing import Any

import uvloop

from benchmarks.contest.boards import Ticks, bought, portfolio
from benchmarks.contest.hall import Hall, frozen_heap
from benchmarks.measuring import wallet_of
from benchmarks.rows import Row, Target, row, worst

MOST_MS = 15.0
PROBE_S = 0.001
TICK_S = 0.01
TRADE_S = 0.02
INTERVAL_MS = 50
"""The time between scorings: far shorter than the server's default of a second, so that there are more scorings."""


async def longest_gap_ms(seconds: float) -> float:
    """The longest delay of a timer of one millisecond, which is how long the event loop was blocked."""
    longest_s = 0.0
    now_s = perf_counter()
    until_s = now_s + seconds
    while now_s < until_s:
        before_s = now_s
        await asyncio.sleep(PROBE_S)
        now_s = perf_counter()
        longest_s = max(longest_s, now_s - before_s - PROBE_S)
    return longest_s * 1000


def measure(participants: int, rounds: int, seconds: float = 3.0) -> list[Row]:
    return uvloop.run(_measure(participants, rounds, seconds))


async def _measure(participants: int, rounds: int, seconds: float) -> list[Row]:
    hall = Hall(participants, INTERVAL_MS)
    idle_ms, busy_ms, per_s = [], [], []
    with frozen_heap():
        for _ in range(rounds):
            idle_ms.append(await longest_gap_ms(seconds))
            before = hall.outlet.rankings
            busy_ms.append(await _beside(longest_gap_ms(seconds), hall.scorer.run(), _tick(hall), _trade(hall)))
            per_s.append((hall.outlet.rankings - before) / seconds)
    name = f"event loop with {participants:,} participants"
    return [
        row(f"{name}: scorings per second", "1/s", per_s),
        row(f"{name}: longest gap, idle", "ms", idle_ms),
        worst(f"{name}: longest gap, scoring", "ms", busy_ms, Target("most", MOST_MS)),
    ]


async def _beside(probe: Coroutine[Any, Any, float], *load: Coroutine[Any, Any, None]) -> float:
    tasks = [asyncio.create_task(one) for one in load]
    try:
        return await probe
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _tick(hall: Hall) -> None:
    ticks = Ticks()
    while True:
        hall.take(ticks.next())
        await asyncio.sleep(TICK_S)


async def _trade(hall: Hall) -> None:
    """Change portfolios meanwhile, as the server does after the commit of a trade."""
    rng = random.Random(1)
    while True:
        hall.board.set_portfolio(wallet_of(rng.randrange(hall.board.total)), bought(portfolio(rng)))
        hall.scorer.touch(hall.contest)
        await asyncio.sleep(TRADE_S)

"""Measures how long it takes from a tick to the new ranking, compared with bare numpy in the same round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import log
from statistics import median
from time import perf_counter

import uvloop

from benchmarks.contest.boards import Bare, Ticks
from benchmarks.contest.hall import Hall, frozen_heap
from benchmarks.measuring import Failed
from benchmarks.rows import Row, Target, row

MOST_TIMES_BARE = 3.0
MOST_GROWTH = 1.0
MOST_GROWTH_IN_CI = 1.5
MAX_TICKS = 200
PARTICIPANTS_OF_A_ROUND = 200_000
"""How many participants are scored in a round, all ticks together: one tick of a small board is too short to time."""


@dataclass
class Timings:
    """The median time of a tick in each round: of our scoring, of bare numpy, and of publishing."""

    ours_ms: list[float] = field(default_factory=list)
    bare_ms: list[float] = field(default_factory=list)
    published_ms: list[float] = field(default_factory=list)


class Wrong(Failed):
    """The board and bare numpy do not agree, so their times cannot be compared."""


def measure(sizes: Sequence[int], rounds: int, most_growth: float = MOST_GROWTH) -> list[Row]:
    """Measure boards with these numbers of participants. Raises `Wrong`."""
    timings = uvloop.run(_measure(sizes, rounds))
    rows = []
    for participants, timing in timings.items():
        name = f"scoring of {participants:,}"
        ratios = [ours / bare for ours, bare in zip(timing.ours_ms, timing.bare_ms, strict=True)]
        rows += [
            row(f"{name}: tick → values and ranks", "ms", timing.ours_ms),
            row(f"{name}: bare numpy gather and stable sort", "ms", timing.bare_ms),
            row(f"{name}: top 100 made and published", "ms", timing.published_ms),
            row(f"{name}, × bare numpy", "×", ratios, Target("most", MOST_TIMES_BARE, decides=True)),
        ]
    for small, large in pairwise(sizes):
        growths = growth(small, timings[small].ours_ms, large, timings[large].ours_ms)
        target = Target("most", most_growth, decides=True)
        rows.append(row(f"growth from {small:,} to {large:,}, × n·log n", "×", growths, target))
    return rows


def growth(small: int, small_ms: Sequence[float], large: int, large_ms: Sequence[float]) -> list[float]:
    """The growth of the time from `small` to `large` participants, divided by that of n · log n, in each round."""
    allowed = large * log(large) / (small * log(small))
    return [of_large / of_small / allowed for of_small, of_large in zip(small_ms, large_ms, strict=True)]


async def _measure(sizes: Sequence[int], rounds: int) -> dict[int, Timings]:
    halls = {participants: Hall(participants) for participants in sizes}
    bares = {participants: Bare(participants) for participants in sizes}
    ticks = Ticks()
    timings = {participants: Timings() for participants in sizes}
    for participants in sizes:
        await check(halls[participants], bares[participants], ticks)
    with frozen_heap():
        for _ in range(rounds):
            for participants in sizes:
                await _round(halls[participants], bares[participants], ticks, timings[participants])
    return timings


def _ticks_of_a_round(participants: int) -> int:
    return min(MAX_TICKS, max(2, PARTICIPANTS_OF_A_ROUND // participants))


async def _round(hall: Hall, bare: Bare, ticks: Ticks, timings: Timings) -> None:
    ours_ms, bare_ms, published_ms = [], [], []
    for _ in range(_ticks_of_a_round(hall.board.total)):
        prices = ticks.next()
        began_s = perf_counter()
        bare.score(prices)
        bare_ms.append((perf_counter() - began_s) * 1000)
        hall.take(prices)
        began_s = perf_counter()
        await hall.scorer.score(hall.contest)
        ours_ms.append((hall.outlet.ranked_s - began_s) * 1000)
        published_ms.append((hall.outlet.published_s - hall.outlet.ranked_s) * 1000)
    timings.ours_ms.append(median(ours_ms))
    timings.bare_ms.append(median(bare_ms))
    timings.published_ms.append(median(published_ms))


async def check(hall: Hall, bare: Bare, ticks: Ticks) -> None:
    """Raises `Wrong` if the board and bare numpy rank the next tick differently."""
    prices = ticks.next()
    hall.take(prices)
    await hall.scorer.score(hall.contest)
    values, order = bare.score(prices)
    standings = list(hall.board.standings())
    if [one.entry_id for one in standings] != (order + 1).tolist():
        # Participants may swap places if their sums differ only in the last bits: the board rounds them to 8 decimals.
        for standing, participant in zip(standings, order.tolist(), strict=True):
            if abs(standing.value - values[participant]) > 1e-7:
                raise Wrong(f"{standing.value} at rank {standing.rank}, but numpy finds {values[participant]}")

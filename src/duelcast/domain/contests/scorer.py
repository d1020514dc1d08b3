"""Keeps the boards of running contests up to date with the prices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog
from prometheus_client import Histogram
from prometheus_client.core import Metric

from duelcast.clock import Clock
from duelcast.domain.conflation import Throttle
from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.outlet import ContestOutlet
from duelcast.domain.contests.price_vector import PriceVector
from duelcast.logs import exception_fields

THREAD_PARTICIPANTS = 5_000
"""Boards with more participants are scored in a thread, because scoring them takes half a millisecond or more."""

_log = structlog.get_logger("duelcast.contests")


class Scorer:
    """Scores a contest when somebody holds a token whose price changed, but at most once per `interval_ms()`, and
    publishes the changes of the ranking."""

    def __init__(
        self,
        clock: Clock,
        book: ContestBook,
        outlet: ContestOutlet,
        prices: PriceVector,
        interval_ms: Callable[[], int],
    ) -> None:
        self._clock = clock
        self._book = book
        self._outlet = outlet
        self._prices = prices
        self._moved = asyncio.Event()
        self._due: Throttle[int] = Throttle(clock, interval_ms)
        """The ids of contests to be scored."""
        self._duration_s = Histogram(
            "duelcast_contest_scoring_seconds",
            "The time that a scoring takes, from reading the prices to the ranking.",
            buckets=(0.0001, 0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1),
            registry=None,
        )

    def price_changed(self, symbol: str, price: float) -> None:
        """Take a new price. Every tick calls this."""
        self._prices.set(symbol, price)
        self._moved.set()

    def touch(self, contest: Contest) -> None:
        """Call this after the participants of a contest, or somebody's holdings, changed."""
        self._due.offer_later(contest.id)

    async def score(self, contest: Contest) -> None:
        """Value and rank a live contest now, and publish the changes; then let other tasks run, because many contests
        may be scored in a row."""
        board = contest.board
        assert board is not None
        began_s = self._clock.monotonic()
        scoring = board.prepare()
        if board.total > THREAD_PARTICIPANTS:
            await asyncio.to_thread(scoring.compute)
        else:
            scoring.compute()
        # The result is dropped if meanwhile the contest ended or another scoring began.
        if contest.board is board and board.apply(scoring):
            self._duration_s.observe(self._clock.monotonic() - began_s)
            self._outlet.ranked(contest)
        await self._clock.sleep(0)

    async def run(self) -> None:
        """Score due contests until cancelled. This may be run again: at the beginning of each run, all live contests
        are due."""
        for contest in self._book.live:
            self.touch(contest)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_prices())
            tasks.create_task(self._score_due())

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        return self._duration_s.collect()

    async def _watch_prices(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            changed = self._prices.take_changed()
            for contest in self._book.live:
                if contest.is_running and contest.board is not None and contest.board.concerned(changed):
                    self._due.offer_later(contest.id)
            await self._clock.sleep(0)

    async def _score_due(self) -> None:
        while True:
            contest = self._book[await self._due.take()]
            if contest.board is not None and contest.row.ended_ms is None:
                try:
                    await self.score(contest)
                except Exception as error:
                    # One contest must not stop the others.
                    _log.error("defect", **exception_fields(error))

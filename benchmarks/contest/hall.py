"""A running contest with the server's own scorer and outlet, without the rest of the server."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from benchmarks.contest.boards import BALANCE, filled_board
from benchmarks.nothing_stored import NothingStored
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.publisher import Publisher
from duelcast.clock import SystemClock
from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.events import Participant
from duelcast.domain.contests.outlet import ContestOutlet
from duelcast.domain.contests.price_vector import PriceVector
from duelcast.domain.contests.rooms import Rooms, RoomSettings
from duelcast.domain.contests.scorer import Scorer
from duelcast.domain.contests.scoring import Board
from duelcast.store.contests import ACTIVE, ContestRow

DAY_MS = 24 * 3600 * 1000


class TimedOutlet(ContestOutlet):
    """Notes when the latest ranking was finished and when it was published."""

    rankings = 0
    ranked_s = published_s = 0.0

    def ranked(self, contest: Contest) -> None:
        self.ranked_s = perf_counter()
        super().ranked(contest)
        self.published_s = perf_counter()
        self.rankings += 1


class Hall:
    """One started contest with this number of participants."""

    def __init__(self, participants: int, interval_ms: int = 1_000) -> None:
        clock = SystemClock()
        broker = MemoryBroker(clock, NothingStored())
        publisher = Publisher(broker, clock)
        book = ContestBook()
        rooms = Rooms(publisher, clock, book.is_participant, RoomSettings)
        self._prices = PriceVector()
        self.board: Board = filled_board(participants, self._prices)
        self.contest = Contest(_running_row(round(clock.time() * 1000)), self.board)
        book.add(self.contest, self.contest.row.start_ms)
        self.outlet = TimedOutlet(publisher, broker, clock, book, rooms, _no_row)
        self.scorer = Scorer(clock, book, self.outlet, self._prices, lambda: interval_ms)

    def take(self, prices: dict[str, float]) -> None:
        """Take new prices as the server does."""
        for symbol, price in prices.items():
            self.scorer.price_changed(symbol, price)


@contextmanager
def frozen_heap() -> Iterator[None]:
    """Make the garbage collector ignore all objects that exist now, as the server does when it has started."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _no_row(_contest: Contest, _wallet: str) -> Participant | None:
    return None


def _running_row(now_ms: int) -> ContestRow:
    return ContestRow(
        id=1,
        contest_code="BENCHMARK",
        name="Benchmark",
        description=None,
        image_url=None,
        rules=None,
        start_ms=now_ms,
        end_ms=now_ms + DAY_MS,
        status=ACTIVE,
        entry_fee="0",
        prize_pool="0",
        currency="SOL",
        payout=[],
        min_participants=1,
        max_participants=None,
        starting_balance=BALANCE,
        allowed_symbols=[],
        cancellation_reason=None,
        created_by="admin",
        created_ms=now_ms,
        updated_ms=now_ms,
        started_ms=now_ms,
        ended_ms=None,
    )

"""The contest clock: starts and ends each contest on time, and catches up on missed starts and ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from prometheus_client import Histogram
from prometheus_client.core import Metric

from duelcast.clock import Alarm, Clock
from duelcast.domain.audit import Actor
from duelcast.domain.contests.contest import Contest, ContestBook
from duelcast.domain.contests.lifecycle import Lifecycle
from duelcast.domain.contests.outlet import ContestOutlet
from duelcast.domain.contests.scorer import Scorer
from duelcast.domain.market.service import Market
from duelcast.errors import Outage
from duelcast.logs import exception_fields
from duelcast.store.contests import PENDING
from duelcast.tasks import retrieve

RETRY_S = 1.0
SETTLED_TOGETHER = 10
"""The maximum number of contests with the same boundary that share a commit. After the commit, each contest takes about
1 ms, during which nothing else is served."""
STUCK_RETRY_S = 60.0
"""The delay until a contest is retried after a defect; meanwhile it does not hold up the others."""
MINUTE_MS = 60_000
TOLERANCE_S = 0.0005
"""Added to each delay, because timers may fire a little early and sums of floats may be off by an ulp."""

_log = structlog.get_logger("duelcast.contests")


class ContestClock:
    """Every change of a contest's status goes through this class. Changes run one after the other, except that contests
    with the same boundary are settled together.

    The class follows the wall clock, even when somebody sets it. A boundary (the start or end of a contest) is due once
    its millisecond is over, so that a price received within that millisecond still counts. Each boundary is marked in
    the market, which awaits `settle_due` before it stores anything received after the boundary.
    """

    def __init__(
        self,
        clock: Clock,
        market: Market,
        book: ContestBook,
        lifecycle: Lifecycle,
        scorer: Scorer,
        outlet: ContestOutlet,
    ) -> None:
        self._clock = clock
        self._market = market
        self._book = book
        self._lifecycle = lifecycle
        self._scorer = scorer
        self._outlet = outlet
        self._settling = asyncio.Lock()
        self._alarm = Alarm(clock)
        self._marked: dict[int, int] = {}
        self._stuck_until_s: dict[int, float] = {}
        self._minute = 0
        self._stopped = False
        self._lag_s = Histogram(
            "duelcast_contest_clock_lag_seconds",
            "The delay between the start or end of a contest and the beginning of its handling.",
            buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 300),
            registry=None,
        )
        market.settle_first = self.settle_due
        market.oldest_needed_ms = self._oldest_needed_ms
        market.on_clock_step(self._alarm.ring)
        book.on_change(self.watch)

    # ── what admins do ──────────────────────────────────────────────────────────────────────────────────────────

    async def start(self, contest_id: int, actor: Actor, reason: str | None = None) -> None:
        """Start a pending contest at the current prices."""
        async with self._acting(contest_id) as contest:
            await self._lifecycle.start(contest, None, actor, reason)

    async def end(self, contest_id: int, actor: Actor, reason: str | None = None) -> None:
        """End an active contest at the current prices."""
        async with self._acting(contest_id) as contest:
            await self._lifecycle.end(contest, None, actor, reason)
            # The prices are final now. If the rest cannot be stored yet, `run` completes the contest later.
            with suppress(Outage):
                await self._lifecycle.complete(contest)

    async def cancel(self, contest_id: int, actor: Actor, reason: str) -> None:
        """Cancel a pending or active contest."""
        async with self._acting(contest_id) as contest:
            await self._lifecycle.cancel(contest, reason, actor)

    @asynccontextmanager
    async def _acting(self, contest_id: int) -> AsyncIterator[Contest]:
        """Settle due boundaries first, so that nobody ends or cancels a contest after its end."""
        contest = self._book[contest_id]
        with self._lifecycle.asked_now():
            async with self._settling:
                await self._settle_due()
                yield contest

    # ── what time does ──────────────────────────────────────────────────────────────────────────────────────────

    async def settle_due(self) -> None:
        """Start and end due contests, in the order of their boundaries. Does nothing while the clock is stopped. Raises
        `Unavailable`."""
        async with self._settling:
            if not self._stopped:
                await self._settle_due()

    async def remember_minute(self, contest: Contest) -> None:
        """Recompute the ranks that an active contest had at its last full minute, from the market's prices at that
        time, because the server may have been down then. Also works after the closing prices have been recorded."""
        board, row = contest.board, contest.row
        if board is None or row.started_ms is None:
            return
        minute_ms = min(self._now_ms(), (row.ended_ms or row.end_ms) - 1) // MINUTE_MS * MINUTE_MS
        if minute_ms <= row.started_ms:
            return
        points = await self._market.prices_at(board.symbols(), minute_ms * 1000)
        board.score({symbol: point.price for symbol, point in points.items()})
        board.minute_mark()

    async def run(self) -> None:
        """Run the clock until cancelled; it may be run again. Between runs the clock is stopped: due boundaries wait,
        and their prices are kept."""
        self._stopped = False
        self._minute = self._now_ms() // MINUTE_MS
        try:
            while True:
                try:
                    await _to_its_end(self.settle_due())
                    await self._mark_minute()
                except Outage:
                    await self._clock.sleep(RETRY_S)
                    continue
                for contest in self._book.delist(self._now_ms()):
                    self._outlet.removed(contest)
                await self._wait()
        finally:
            self._stopped = True

    async def release(self) -> None:
        """Settle due boundaries although the clock is stopped, and let `settle_due` do so from now on. If the store is
        unreachable, the boundaries go on waiting. Call this before the process ends, because only its memory has the
        prices of waiting boundaries."""
        self._stopped = False
        with suppress(Outage):
            await self.settle_due()

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        return self._lag_s.collect()

    async def _settle_due(self) -> None:
        while together := self._due_first():
            outcomes = await asyncio.gather(*map(self._settle, together), return_exceptions=True)
            for outcome in outcomes:
                if outcome is not None:
                    raise outcome

    def _due_first(self) -> list[Contest]:
        """The due contests with the earliest boundary, but no more than can share a commit."""
        due = [contest for contest in self._book.live if self._is_due(contest)]
        first_ms = min((contest.boundary_ms or 0 for contest in due), default=0)
        return [contest for contest in due if (contest.boundary_ms or 0) == first_ms][:SETTLED_TOGETHER]

    async def _settle(self, contest: Contest) -> None:
        boundary_ms = contest.boundary_ms
        late_s = 0.0 if boundary_ms is None else self._market.wall_us() / 1e6 - boundary_ms / 1000
        try:
            if boundary_ms is None:
                await self._lifecycle.complete(contest)
            elif contest.row.status == PENDING:
                await self._lifecycle.start(contest, boundary_ms * 1000)
                if late_s >= MINUTE_MS / 1000:
                    await self.remember_minute(contest)
                    # The board was valued at the prices of the last full minute: have it valued at the current ones.
                    self._scorer.touch(contest)
            else:
                await self._lifecycle.end(contest, boundary_ms * 1000)
        except Outage:
            raise
        except Exception as error:
            _report(contest, error)
            self._stuck_until_s[contest.id] = self._clock.monotonic() + STUCK_RETRY_S
        else:
            self._stuck_until_s.pop(contest.id, None)
            if boundary_ms is not None:
                self._lag_s.observe(late_s)

    def _is_due(self, contest: Contest) -> bool:
        if self._stuck_until_s.get(contest.id, 0.0) > self._clock.monotonic():
            return False
        boundary_ms = contest.boundary_ms
        return boundary_ms is None or boundary_ms < self._now_ms()

    async def _mark_minute(self) -> None:
        minute = self._now_ms() // MINUTE_MS
        was, self._minute = self._minute, minute
        if minute <= was:
            return  # the same minute, or the wall clock was set back
        for contest in self._book.live:
            if contest.is_running and (contest.row.started_ms or 0) < minute * MINUTE_MS < contest.row.end_ms:
                try:
                    await self._scorer.score(contest)
                    if contest.board is not None:
                        contest.board.minute_mark()
                        self._scorer.touch(contest)
                except Exception as error:
                    # One contest must not stop the others.
                    _report(contest, error)

    async def _wait(self) -> None:
        """Wait until something is, or may be, due."""
        delay_s = max(0.0, self._next_ms() / 1000 - self._market.wall_us() / 1e6) + TOLERANCE_S
        await self._alarm.sleep(delay_s)

    def _next_ms(self) -> float:
        now_s, now_ms = self._clock.monotonic(), self._now_ms()
        moments: list[float] = [(self._minute + 1) * MINUTE_MS]
        for contest in self._book.listed:
            stuck_until_s = self._stuck_until_s.get(contest.id, 0.0)
            if stuck_until_s > now_s:
                moments.append(now_ms + (stuck_until_s - now_s) * 1000)
            elif contest.boundary_ms is not None:
                moments.append(contest.boundary_ms + 1)
            elif contest.delisted_ms is not None:
                moments.append(contest.delisted_ms)
            else:
                moments.append(now_ms)
        return min(moments)

    def watch(self, contest: Contest) -> None:
        """Schedule the next boundary of a contest, and have the market keep the prices of that moment."""
        boundary_ms = contest.boundary_ms
        marked_us = self._marked.get(contest.id)
        moment_us = None if boundary_ms is None else boundary_ms * 1000
        if moment_us == marked_us:
            return
        if marked_us is not None:
            self._market.unmark(marked_us)
            del self._marked[contest.id]
        if moment_us is not None:
            self._market.mark(moment_us)
            self._marked[contest.id] = moment_us
        self._alarm.ring()

    def _oldest_needed_ms(self) -> int | None:
        """The earliest boundary that is not settled yet (epoch ms), or None. Prices from then on are still needed."""
        boundaries = [one.boundary_ms for one in self._book.live if one.boundary_ms is not None]
        return min(boundaries, default=None)

    def _now_ms(self) -> int:
        return self._market.wall_us() // 1000


async def _to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Complete `work` even if the calling task is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(retrieve)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


def _report(contest: Contest, error: Exception) -> None:
    _log.error("defect", contest=contest.id, **exception_fields(error))

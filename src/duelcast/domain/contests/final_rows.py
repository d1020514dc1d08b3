"""After a contest has ended, publishes the final row of each participant whose row is followed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.clock import Clock
from duelcast.domain.contests.outlet import ContestOutlet
from duelcast.domain.contests.standings import Standings
from duelcast.errors import Unavailable
from duelcast.logs import exception_fields

RETRY_S = 1.0

_log = structlog.get_logger("duelcast.contests")


class FinalRows:
    """Reads the followed rows of ended contests one by one, and publishes them. A row that cannot be read now is read
    later, so that no client is left with an outdated row. Contests wait in the order in which they ended.

    At most `max_waiting()` contests wait. If another contest ends, the waiting contest that ended first is given up:
    its participants keep their outdated rows until they ask for them or connect again.
    """

    def __init__(
        self, clock: Clock, standings: Standings, outlet: ContestOutlet, max_waiting: Callable[[], int]
    ) -> None:
        self._clock = clock
        self._standings = standings
        self._outlet = outlet
        self._max_waiting = max_waiting
        self._over: asyncio.Queue[int] = asyncio.Queue()
        self._given_up = 0

    def add(self, contest_id: int) -> None:
        """Queue a contest that is over, if anybody follows the row of one of its participants."""
        if not self._outlet.is_followed(contest_id):
            return
        if self._over.qsize() >= self._max_waiting():
            self._over.get_nowait()
            self._over.task_done()
            self._given_up += 1
        self._over.put_nowait(contest_id)

    async def published(self) -> None:
        """Return once the rows of all contests that have ended by now are published, or given up."""
        await self._over.join()

    async def run(self) -> None:
        """Publish the rows of waiting contests, until cancelled."""
        while True:
            contest_id = await self._over.get()
            for wallet in list(self._outlet.followed(contest_id)):
                await self._publish(contest_id, wallet)
            self._over.task_done()

    async def _publish(self, contest_id: int, wallet: str) -> None:
        while True:
            try:
                row = await self._standings.participant(contest_id, wallet)
            except Unavailable:
                await self._clock.sleep(RETRY_S)
                continue
            except Exception as error:
                _log.error("defect", contest=contest_id, **exception_fields(error))
                return
            if row.isParticipant:
                self._outlet.participant(contest_id, wallet, row)
            return

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily(
            "duelcast_final_rows_waiting",
            "Ended contests whose participants have not been sent their final row yet.",
            value=self._over.qsize(),
        )
        yield CounterMetricFamily(
            "duelcast_final_rows_given_up",
            "Contests whose participants were not sent their final row, because too many contests waited.",
            value=self._given_up,
        )

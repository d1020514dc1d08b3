"""The last word to each participant whose row is followed: how a contest that is over ended for it."""

from __future__ import annotations

import asyncio

import structlog

from duelcast.clock import Clock
from duelcast.domain.contests.outlet import ContestOutlet
from duelcast.domain.contests.standings import Standings
from duelcast.errors import Unavailable
from duelcast.logs import describe_exception

RETRY_S = 1.0

_log = structlog.get_logger("duelcast.contests")


class FinalRows:
    """Reads the rows that are followed, one by one, and publishes them. What cannot be read now is read later, so that
    nobody is left with the row of before. Contests wait in the order in which they ended, each once."""

    def __init__(self, clock: Clock, standings: Standings, outlet: ContestOutlet) -> None:
        self._clock = clock
        self._standings = standings
        self._outlet = outlet
        self._over: asyncio.Queue[int] = asyncio.Queue()

    def tell(self, contest_id: int) -> None:
        """The contest is over."""
        self._over.put_nowait(contest_id)

    async def told(self) -> None:
        """Return once all that are over by now have been told."""
        await self._over.join()

    async def run(self) -> None:
        """Publish what waits, until cancelled."""
        while True:
            contest_id = await self._over.get()
            for wallet in list(self._outlet.followed(contest_id)):
                await self._tell(contest_id, wallet)
            self._over.task_done()

    async def _tell(self, contest_id: int, wallet: str) -> None:
        while True:
            try:
                row = await self._standings.participant(contest_id, wallet)
            except Unavailable:
                await self._clock.sleep(RETRY_S)
                continue
            except Exception as error:
                _log.error("defect", contest=contest_id, error=describe_exception(error))
                return
            if row.isParticipant:
                self._outlet.participant(contest_id, wallet, row)
            return

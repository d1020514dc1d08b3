"""Does the work of a group of writes in one transaction, each write or batch in a savepoint of its own."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from duelcast.channels.publisher import Published
from duelcast.clock import Clock
from duelcast.store.channel_log import Encoded
from duelcast.store.savepoints import blamed, run_apart
from duelcast.store.write_queue import BatchWork, Job, Work
from duelcast.wire.frames import encode_body

MESSAGES_PER_TURN = 500
"""How many messages are encoded, in a few milliseconds, before other tasks run."""


class GroupWork:
    """Sets the outcome and the outgoing messages of each job. `is_failure` says whether an error is one of the database
    itself, which is raised, because it affects the whole transaction."""

    def __init__(self, clock: Clock, is_failure: Callable[[Exception], bool]) -> None:
        self._clock = clock
        self._is_failure = is_failure

    async def run(self, connection: AsyncConnection, jobs: Sequence[Job]) -> None:
        """Do the work of a group; writes of the same batch are adjacent."""
        for batch, group in itertools.groupby(jobs, lambda job: job.batch):
            if batch is not None:
                together = list(group)
                with blamed(together):
                    await self._run_batch(connection, batch, together)
                continue
            for job in group:
                if job.work is not None:
                    with blamed([job]):
                        await self._run_single(connection, job, job.work)

    async def _run_single(self, connection: AsyncConnection, job: Job, work: Work[Any]) -> None:
        async def encoded(within: AsyncConnection) -> None:
            await self._take_outcomes([job], [await work(within)])

        failure = await run_apart(connection, encoded, self._is_failure)
        if failure is not None:
            job.outcome, job.outgoing = failure, ()

    async def _run_batch(self, connection: AsyncConnection, batch: BatchWork[Any, Any], jobs: Sequence[Job]) -> None:
        async def work(within: AsyncConnection) -> None:
            outcomes = await batch(within, [job.payload for job in jobs])
            if len(outcomes) != len(jobs):
                raise RuntimeError("A batch returned more or fewer outcomes than it was given payloads.")
            await self._take_outcomes(jobs, outcomes)

        failure = await run_apart(connection, work, self._is_failure)
        if failure is None:
            return
        if len(jobs) == 1:
            jobs[0].outcome, jobs[0].outgoing = failure, ()
            return
        middle = len(jobs) // 2
        await self._run_batch(connection, batch, jobs[:middle])
        await self._run_batch(connection, batch, jobs[middle:])

    async def _take_outcomes(self, jobs: Sequence[Job], outcomes: Sequence[Any]) -> None:
        """Encode the messages of the outcomes, within the savepoint, so that an error fails only the write
        concerned."""
        count = 0
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.outcome, job.outgoing = outcome, ()
            if isinstance(outcome, Published):
                now_s = self._clock.time()
                encoded: list[Encoded] = []
                for each in outcome.outgoing:
                    encoded.append(Encoded(each, encode_body(each.event, now_s)))
                    count += 1
                    if count % MESSAGES_PER_TURN == 0:
                        await asyncio.sleep(0)
                job.outcome, job.outgoing = outcome.result, encoded

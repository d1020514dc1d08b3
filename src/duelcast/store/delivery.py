"""The steps after a commit: memory learns of it, messages are broadcast, and writes are acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import structlog

from duelcast.logs import exception_fields
from duelcast.store.channel_log import ChannelLog
from duelcast.store.write_queue import Job

DELIVERIES_PER_TURN = 100
"""How many steps follow one another after a commit before other tasks run. Each may publish to a room, which takes
about 40 µs."""

_log = structlog.get_logger("duelcast.store")


async def deliver(jobs: Sequence[Job], log: ChannelLog) -> None:
    """Deliver the writes of a commit, in order, letting other tasks run in between."""
    count = 0
    for job in jobs:
        for _ in _deliver(log, job):
            count += 1
            if count % DELIVERIES_PER_TURN == 0:
                await asyncio.sleep(0)


def _deliver(log: ChannelLog, job: Job) -> Iterator[None]:
    """Deliver one write after its commit. Yields after every step."""
    if isinstance(job.outcome, Exception):
        job.forget()
    else:
        yield from job.remember()
    for numbered in job.numbered:
        try:
            log.hand_over(numbered)
        except Exception as error:
            _log.error("defect", **exception_fields(error))
        yield
    job.acknowledge()
    yield

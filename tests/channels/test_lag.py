"""How far nodes are behind the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from duelcast.channels.log_writer import CHECK_INTERVAL_S, LogWriter
from duelcast.channels.records import BEGINNING, EntryId, Forget
from duelcast.clock import ManualClock
from duelcast.tasks import cancel
from tests.channels.fragile_log import FragileLog


class Desk:
    """A leader that writes an entry whenever the test says so."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.log = FragileLog(self.clock, entries_per_read=3)
        self.writer = LogWriter(self.log, self.clock)
        self.writer.open(EntryId(3, 0), BEGINNING, "only")

    async def write(self) -> None:
        self.writer.add(Forget("price.a"))
        await self.writer.appended(self.writer.newest)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    running = asyncio.create_task(made.writer.run())
    yield made
    await cancel([running])


async def test_a_node_lags_by_the_age_of_the_oldest_entry_that_it_lacks(desk: Desk) -> None:
    for _ in range(3):
        await desk.write()
        await desk.clock.advance(1.0)
    assert [desk.writer.lag_ms(EntryId(3, number)) for number in range(4)] == [3_000, 2_000, 1_000, 0]


async def test_a_node_of_an_earlier_term_lacks_every_entry(desk: Desk) -> None:
    await desk.write()
    await desk.clock.advance(1.0)
    assert desk.writer.lag_ms(EntryId(2, 900)) == desk.writer.lag_ms(BEGINNING) == 1_000


async def test_before_the_first_entry_nobody_lags(desk: Desk) -> None:
    assert desk.writer.lag_ms(BEGINNING) == 0


async def test_the_leader_lags_while_the_log_is_away(desk: Desk) -> None:
    await desk.write()
    desk.log.is_away = True
    desk.writer.add(Forget("price.b"))
    await desk.clock.advance(CHECK_INTERVAL_S)
    await desk.clock.advance(1.0)
    assert desk.writer.lag_ms() >= 1_000

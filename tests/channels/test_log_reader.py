"""A node's side of the shared log: what it does if the log goes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

from duelcast.channels.copied import CopiedChannels
from duelcast.channels.log_reader import RING_S, DumpPiece, LogReader
from duelcast.channels.names import Family, Kind
from duelcast.channels.records import BEGINNING, EntryId, Put, Record, encode_entry
from duelcast.channels.shared_log import LogEntry
from duelcast.clock import ManualClock
from duelcast.tasks import cancel
from duelcast.wire.messages import Event
from tests.channels.fragile_log import FragileLog
from tests.contract.buses import StoredInMemory


class Raised(Event, tag="raised"):
    """An urgent message."""


ALARM = Family("alarm", Kind.EVERY, (Raised,), "Urgent.", is_urgent=True)


class Leader:
    """Appends entries, and hands over empty channels after the newest one."""

    def __init__(self, log: FragileLog) -> None:
        self.newest = BEGINNING
        self.dumps = 0
        self.on_dump: Callable[[], None] = lambda: None
        """Called between the pieces of a dump."""
        self._log = log

    async def append(self, term: int, number: int, *records: Record) -> None:
        after, self.newest = self.newest, EntryId(term, number)
        await self._log.append(LogEntry(self.newest, encode_entry(after, 0, records)), BEGINNING)

    async def dump(self) -> AsyncGenerator[DumpPiece, None]:
        self.dumps += 1
        yield DumpPiece(self.newest, "epoch")
        self.on_dump()
        yield DumpPiece(self.newest, "epoch", up_to=EntryId(self.newest.term, self.newest.number + 2))


async def test_a_node_that_has_read_of_a_later_term_follows_the_leader_of_an_earlier_one() -> None:
    clock = ManualClock()
    log = FragileLog(clock)
    leader = Leader(log)
    reader = LogReader(log, CopiedChannels(clock, StoredInMemory(clock)), lambda _name: None, leader, clock)
    reading = asyncio.create_task(reader.run())
    try:
        await leader.append(3, 1)
        await leader.append(5, 0)
        while reader.term < 5:
            await clock.advance(1.0)
        log.drop(1)
        leader.newest = EntryId(3, 1)
        await leader.append(4, 0)
        await leader.append(4, 1)
        while reader.position != EntryId(4, 1):
            await clock.advance(1.0)
        assert reader.term == 4
        assert leader.dumps == 2
    finally:
        await cancel([reading])


async def test_a_node_that_takes_over_from_a_leader_that_began_anew_forgets_its_own_positions() -> None:
    clock = ManualClock()
    log = FragileLog(clock)
    leader = Leader(log)
    copied = CopiedChannels(clock, StoredInMemory(clock))
    reader = LogReader(log, copied, lambda _name: ALARM.channel(), leader, clock)
    copied.put(Put("alarm", 10, b"{}"), ALARM.channel())
    leader.newest = BEGINNING
    await leader.append(2, 1, Put("alarm", 4, b"{}"))
    await leader.append(3, 0)
    assert await reader.read_up_to(EntryId(3, 0))
    assert copied.every_positions() == {"alarm": 4}


async def test_what_was_read_before_the_end_of_a_dump_is_not_remembered() -> None:
    clock = ManualClock()
    log = FragileLog(clock)
    leader = Leader(log)
    reader = LogReader(log, CopiedChannels(clock, StoredInMemory(clock)), lambda _name: None, leader, clock)
    found: list[bool] = []
    leader.on_dump = lambda: found.append(reader.remembers(leader.newest))
    await leader.append(1, 1)
    reading = asyncio.create_task(reader.run())
    try:
        while not reader.is_complete:
            await clock.advance(0.1)
        assert [reader.remembers(EntryId(1, number)) for number in (1, 2, 3)] == [False, False, True]
        for number in (2, 3):
            await leader.append(1, number)
        while reader.position != EntryId(1, 3):
            await clock.advance(RING_S)
        assert [reader.remembers(EntryId(1, number)) for number in (2, 3)] == [False, True]
        assert found == [False]
    finally:
        await cancel([reading])

"""The leader's side of the shared log: the entries that records are in, and what happens while the log is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from hypothesis import given
from hypothesis import strategies as st

from duelcast.channels.log_writer import CHECK_INTERVAL_S, ENTRY_BYTES, MAX_WAITING_BYTES, LogWriter
from duelcast.channels.records import BEGINNING, EntryId, Put, decode_entry
from duelcast.channels.shared_log import MemoryLog
from duelcast.clock import ManualClock
from duelcast.tasks import cancel
from tests.channels.fragile_log import FragileLog

OPENED = EntryId(3, 0)


def record(number: int, size_bytes: int = 10) -> Put:
    return Put("chat.1", number, bytes(size_bytes))


@asynccontextmanager
async def writing(log: MemoryLog, clock: ManualClock) -> AsyncIterator[LogWriter]:
    writer = LogWriter(log, clock)
    writer.open(OPENED, OPENED, await log.run_id())
    running = asyncio.create_task(writer.run())
    try:
        yield writer
    finally:
        await cancel([running])


async def numbers_by_entry(log: MemoryLog) -> dict[EntryId, list[int]]:
    """The numbers of the messages in each entry."""
    found: dict[EntryId, list[int]] = {}
    for id_, data in await log.read(BEGINNING, 0.001):
        found[id_] = [put.seq for put in decode_entry(data).records if isinstance(put, Put)]
    return found


sizes = st.lists(st.sampled_from([1, 1_000, ENTRY_BYTES // 2, ENTRY_BYTES, 2 * ENTRY_BYTES]), min_size=1, max_size=8)


@given(bursts=st.lists(sizes, min_size=1, max_size=3))
async def test_an_answer_waits_for_the_very_entry_that_its_records_are_in(bursts: Sequence[Sequence[int]]) -> None:
    clock = ManualClock()
    log = MemoryLog(clock)
    async with writing(log, clock) as writer:
        number = 0
        for burst in bursts:
            expected: dict[int, EntryId] = {}
            for size_bytes in burst:
                number += 1
                writer.add(record(number, size_bytes))
                expected[number] = writer.newest
            await writer.appended(writer.newest)
            entries = await numbers_by_entry(log)
            assert {one: id_ for id_, numbers in entries.items() for one in numbers if one in expected} == expected
            assert writer.newest == writer.made == max(entries)


async def test_records_that_wait_too_long_are_dropped_and_the_next_entry_follows_none() -> None:
    clock = ManualClock()
    log = FragileLog(clock)
    async with writing(log, clock) as writer:
        log.is_away = True
        writer.add(record(1))
        while writer.failure is None:
            await clock.advance(0.01)
        pieces = 1 + MAX_WAITING_BYTES // ENTRY_BYTES
        for number in range(2, 12):
            writer.add(record(number, ENTRY_BYTES))
        early = asyncio.create_task(writer.appended(writer.newest))
        await asyncio.sleep(0)
        for number in range(12, 12 + pieces):
            writer.add(record(number, ENTRY_BYTES))
        assert 0 < writer.dropped < pieces
        log.is_away = False
        newest = writer.newest
        appended = asyncio.create_task(writer.appended(newest))
        while not (appended.done() and early.done()):
            await clock.advance(1.0)
        entries = await log.read(BEGINNING, 0.001)
        assert entries[-1].id == newest
        assert [entry.id for entry in entries if decode_entry(entry.data).after == entry.id] == [EntryId(3, 2)]


async def test_another_run_of_the_server_is_reported_once_it_has_all_entries() -> None:
    clock = ManualClock()
    log = FragileLog(clock)
    async with writing(log, clock) as writer:
        found: list[tuple[str, EntryId]] = []
        writer.on_another_run = lambda run_id: found.append((run_id, log.newest))
        writer.add(record(1))
        await writer.appended(writer.newest)
        await clock.advance(CHECK_INTERVAL_S)
        assert found == []
        log.run = "second"
        log.drop(1)
        while not found:
            await clock.advance(CHECK_INTERVAL_S)
        await clock.advance(CHECK_INTERVAL_S)
        assert found == [("second", EntryId(3, 1))]
        assert writer.run_id == "second"


async def test_a_busy_leader_notices_another_run_of_the_server_between_two_entries() -> None:
    clock = ManualClock()
    log = FragileLog(clock)
    async with writing(log, clock) as writer:
        writer.add(record(1))
        await writer.appended(writer.newest)
        log.run = "second"
        for number in range(2, 5):
            writer.add(record(number))
            await clock.advance(CHECK_INTERVAL_S / 2)
        assert writer.run_id == "second"

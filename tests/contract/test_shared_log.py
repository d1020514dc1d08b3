"""The guarantees of every shared log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from duelcast.channels.records import BEGINNING, EntryId
from duelcast.channels.shared_log import Fenced, LogEntry, MemoryLog, SharedLog
from duelcast.channels.valkey import ValkeyLog
from duelcast.clock import SystemClock
from tests.valkey import valkey

LONG_S = 30.0


@pytest.fixture(params=["memory", "valkey"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SharedLog]:
    if request.param == "memory":
        yield MemoryLog(SystemClock())
        return
    async with valkey(tmp_path) as server:
        log = ValkeyLog(server.url)
        yield log
        await log.close()


def entry(term: int, number: int, data: bytes = b"x") -> LogEntry:
    return LogEntry(EntryId(term, number), data)


async def append(log: SharedLog, *entries: LogEntry, keep_after: EntryId = BEGINNING) -> None:
    for one in entries:
        await log.append(one, keep_after)


async def read_all(log: SharedLog, after: EntryId = BEGINNING) -> list[LogEntry]:
    entries: list[LogEntry] = []
    while some := await log.read(entries[-1].id if entries else after, 0.001):
        entries += some
    return entries


async def test_entries_are_read_in_order_behind_a_place(log: SharedLog) -> None:
    entries = [entry(1, 0, b"a"), entry(1, 1, b"\x00\xff"), entry(3, 0, b"")]
    await append(log, *entries)
    assert await read_all(log) == entries
    assert await read_all(log, EntryId(1, 0)) == entries[1:]
    assert await read_all(log, EntryId(1, 7)) == entries[2:]
    assert await log.top() == EntryId(3, 0)


async def test_an_empty_log_is_at_the_beginning(log: SharedLog) -> None:
    assert await log.top() == BEGINNING
    assert await read_all(log) == []


async def test_a_later_term_fences_all_earlier_ones(log: SharedLog) -> None:
    await append(log, entry(1, 0), entry(1, 1), entry(2, 0))
    for late in (entry(1, 2), entry(1, 1, b"another"), entry(2, 0, b"another")):
        with pytest.raises(Fenced):
            await append(log, late)
    assert await read_all(log) == [entry(1, 0), entry(1, 1), entry(2, 0)]


async def test_repeating_what_was_taken_does_nothing(log: SharedLog) -> None:
    entries = [entry(1, number, b"%d" % number) for number in range(4)]
    await append(log, *entries)
    await append(log, *entries[1:])
    assert await read_all(log) == entries


async def test_a_log_that_was_trimmed_empty_still_fences(log: SharedLog) -> None:
    await append(log, *(entry(2, number) for number in range(300)))
    await append(log, entry(2, 300), keep_after=EntryId(2, 299))
    assert (await read_all(log))[-1] == entry(2, 300)
    with pytest.raises(Fenced):
        await append(log, entry(1, 900))


async def test_a_reader_behind_the_trimmed_part_gets_what_is_left(log: SharedLog) -> None:
    entries = [entry(1, number, b"x" * 200) for number in range(1_000)]
    await append(log, *entries[:-1])
    await append(log, entries[-1], keep_after=entries[899].id)
    rest = await read_all(log, entries[3].id)
    assert rest == entries[-len(rest) :]
    assert 100 <= len(rest) < 500, "trimmed entries may be left in a node of the stream, but not many"


async def test_a_read_waits_for_the_next_entry(log: SharedLog) -> None:
    reading = asyncio.create_task(_read_once(log))
    await asyncio.sleep(0)
    assert not reading.done()
    await append(log, entry(1, 0))
    assert await reading == [entry(1, 0)]


@pytest.mark.parametrize("turns", range(6))
async def test_a_read_that_is_cancelled_ends_at_once(log: SharedLog, turns: int) -> None:
    await log.top()  # a connection
    reading = asyncio.create_task(_read_once(log))
    for _ in range(turns):
        await asyncio.sleep(0)
    reading.cancel()
    for _ in range(2):
        await asyncio.sleep(0)
    assert reading.cancelled()
    await append(log, entry(1, 0))
    assert await _read_once(log) == [entry(1, 0)]


async def test_readers_do_not_disturb_one_another(log: SharedLog) -> None:
    entries = [entry(1, number) for number in range(50)]
    readers = [asyncio.create_task(_read_until(log, entries[-1].id)) for _ in range(3)]
    await append(log, *entries)
    async with asyncio.timeout(LONG_S):
        assert await asyncio.gather(*readers) == [entries] * 3


async def test_a_server_that_starts_again_has_another_run(tmp_path: Path) -> None:
    async with valkey(tmp_path) as server:
        log = ValkeyLog(server.url)
        first = await log.run_id()
        assert await log.run_id() == first != ""
        await server.kill()
        await server.start()
        assert await log.run_id() not in ("", first)
        await log.close()


async def _read_once(log: SharedLog) -> Sequence[LogEntry]:
    return list(await log.read(BEGINNING, LONG_S))


async def _read_until(log: SharedLog, last: EntryId) -> list[LogEntry]:
    entries: list[LogEntry] = []
    while not entries or entries[-1].id != last:
        entries += await log.read(entries[-1].id if entries else BEGINNING, LONG_S)
    return entries

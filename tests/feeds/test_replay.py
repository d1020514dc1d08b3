"""Replay keeps the recorded pace, skips bad lines, and survives a file that is not there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from duelcast.clock import ManualClock
from duelcast.domain.market.ticks import Ticker, Trade
from duelcast.feeds.recording import Record
from duelcast.feeds.replay import ReplayFeed
from tests.feeds.collecting import CollectingSink, running


def line(received: float, price: float) -> bytes:
    return msgspec.json.encode(Record(received, Ticker(symbol="SOL", price=price))) + b"\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recording of three prices at 0, 10 and 30 s."""
    path = tmp_path / "session.jsonl"
    path.write_bytes(line(100.0, 1.0) + line(110.0, 2.0) + line(130.0, 3.0))
    return path


def prices(sink: CollectingSink) -> list[float]:
    return [ticker.price for ticker in sink.tickers]


async def test_ticks_come_at_the_recorded_pace(path: Path) -> None:
    clock, sink = ManualClock(), CollectingSink()
    async with running(ReplayFeed("replay", path, clock), sink):
        await clock.advance(9.9)
        assert prices(sink) == [1.0]
        await clock.advance(0.2)
        assert prices(sink) == [1.0, 2.0]
        await clock.advance(20)
        assert prices(sink) == [1.0, 2.0, 3.0]


async def test_times_of_the_venue_are_as_long_ago_as_they_were_when_recorded(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    records = (
        Record(100.0, Ticker(symbol="SOL", price=1.0, venue_time=99.75)),
        Record(102.0, Trade(symbol="SOL", price=1.0, quantity=1.0, venue_time=90.0)),
    )
    path.write_bytes(b"\n".join(map(msgspec.json.encode, records)))
    clock, sink = ManualClock(start=1_000.0), CollectingSink()
    async with running(ReplayFeed("replay", path, clock, speed=2), sink):
        await clock.advance(1)
    assert [ticker.venue_time for ticker in sink.tickers] == [999.75]
    assert [trade.venue_time for trade in sink.trades] == [989.0]


async def test_speed_divides_the_pauses(path: Path) -> None:
    clock, sink = ManualClock(), CollectingSink()
    async with running(ReplayFeed("replay", path, clock, speed=10), sink):
        await clock.advance(0.9)
        assert prices(sink) == [1.0]
        await clock.advance(0.2)
        assert prices(sink) == [1.0, 2.0]


async def test_speed_0_does_not_wait_and_the_feed_ends_with_the_file(path: Path) -> None:
    sink = CollectingSink()
    await ReplayFeed("replay", path, ManualClock(), speed=0).run(sink)
    assert prices(sink) == [1.0, 2.0, 3.0]
    assert sink.reports == ["connected"]


async def test_speed_0_lets_other_tasks_run(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    path.write_bytes(b"".join(line(0.0, 1.0) for _ in range(1000)))
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await ReplayFeed("replay", path, ManualClock(), speed=0).run(CollectingSink())
    counting.cancel()
    await asyncio.gather(counting, return_exceptions=True)
    assert turns >= 10


async def test_a_loop_begins_again_after_a_pause(path: Path) -> None:
    clock, sink = ManualClock(), CollectingSink()
    async with running(ReplayFeed("replay", path, clock, loop=True), sink):
        await clock.advance(30.5)
        assert prices(sink) == [1.0, 2.0, 3.0]
        await clock.advance(1)
        assert prices(sink) == [1.0, 2.0, 3.0, 1.0]


@pytest.fixture
def path_with_bad_lines(tmp_path: Path) -> Path:
    """Two records, and four lines that are none: of another shape, no JSON, no UTF-8, too long; and a blank one."""
    bad = [b'{"received":1}', b"nonsense", b"\xff", b"x" * 70_000]
    path = tmp_path / "damaged.jsonl"
    path.write_bytes(b"\n".join([*bad[:2], line(1.0, 5.0), *bad[2:], line(1.0, 6.0)]))
    return path


async def test_bad_lines_are_skipped_and_counted(path_with_bad_lines: Path) -> None:
    sink = CollectingSink()
    feed = ReplayFeed("replay", path_with_bad_lines, ManualClock(), speed=0)
    await feed.run(sink)
    assert prices(sink) == [5.0, 6.0]
    assert sink.unreadable_records == 4


async def test_a_missing_file_fails_the_feed_until_it_is_there(tmp_path: Path) -> None:
    clock, sink = ManualClock(), CollectingSink()
    path = tmp_path / "later.jsonl"
    async with running(ReplayFeed("replay", path, clock), sink):
        await clock.advance(0)
        assert sink.reports == ["The recording cannot be read."]
        path.write_bytes(line(1.0, 5.0))
        await clock.advance(5)
        assert prices(sink) == [5.0]
        assert sink.reports[-1] == "connected"


async def test_a_file_without_records_fails_the_feed_and_does_not_spin(tmp_path: Path) -> None:
    clock, sink = ManualClock(), CollectingSink()
    path = tmp_path / "empty.jsonl"
    path.write_bytes(b"nonsense\n")
    async with running(ReplayFeed("replay", path, clock, speed=0, loop=True), sink):
        await clock.advance(60)
        assert set(sink.reports) == {"The recording contains no records."}
        assert len(sink.reports) < 12


async def test_times_that_go_back_are_not_waited_for(tmp_path: Path) -> None:
    clock, sink = ManualClock(), CollectingSink()
    path = tmp_path / "joined.jsonl"
    path.write_bytes(line(100.0, 1.0) + line(50.0, 2.0))
    await ReplayFeed("replay", path, clock).run(sink)
    assert prices(sink) == [1.0, 2.0]

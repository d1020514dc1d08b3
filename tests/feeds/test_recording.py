"""A recording holds what a feed brought, and replay brings it again."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.clock import ManualClock, SystemClock
from duelcast.domain.market.ticks import Tick, Ticker, TokenInfo, Trade
from duelcast.feeds.recording import MAX_LINE_BYTES, Record, read_records, record
from duelcast.feeds.replay import ReplayFeed
from duelcast.feeds.simulated import SimulatedFeed
from duelcast.feeds.source import Feed, Sink
from tests.feeds.collecting import CollectingSink, running

FULL_DEVICE = Path("/dev/full")
"""Every write to it fails."""
TICKS: list[Tick] = [
    TokenInfo(symbol="SOL", name="Solana", decimals=9),
    Ticker(symbol="SOL", price=150.25, change_24h=-1.5, venue_time=1.5),
    Trade(symbol="SOL", price=150.25, quantity=2.0, side="buy", trade_id="7"),
]


class ListedFeed:
    """Brings a list, a second between two ticks, and ends."""

    name = "listed"
    symbols = frozenset({"SOL"})

    def __init__(self, ticks: list[Tick], clock: ManualClock) -> None:
        self._ticks = ticks
        self._clock = clock

    async def run(self, sink: Sink) -> None:
        for tick in self._ticks:
            sink.accept(tick)
            await self._clock.sleep(1)


async def recorded(feed: Feed, path: Path, clock: ManualClock, seconds: float, **options: float) -> int:
    task = asyncio.create_task(record(feed, path, clock, **options))
    await clock.advance(seconds)
    return await task


async def test_every_tick_is_written_with_the_time_it_was_received(tmp_path: Path) -> None:
    clock = ManualClock(1000.0)
    written = await recorded(ListedFeed(TICKS, clock), tmp_path / "file", clock, 10)
    with (tmp_path / "file").open("rb") as file:
        records = list(read_records(file))
    assert written == 3
    assert records == [Record(1000.0 + second, tick) for second, tick in enumerate(TICKS)]


async def test_a_line_is_in_the_file_as_soon_as_its_tick_came(tmp_path: Path) -> None:
    clock = ManualClock()
    task = asyncio.create_task(record(ListedFeed(TICKS, clock), tmp_path / "file", clock))
    await clock.advance(1.5)
    assert (tmp_path / "file").read_bytes().count(b"\n") == 2
    await clock.advance(10)
    await task


async def test_recording_stops_after_the_time_given(tmp_path: Path) -> None:
    clock = ManualClock()
    feed = SimulatedFeed("simulated", clock, seed=1)
    before = asyncio.all_tasks()
    written = await recorded(feed, tmp_path / "file", clock, 30, stop_after_s=10)
    assert written == (tmp_path / "file").read_bytes().count(b"\n")
    assert asyncio.all_tasks() == before


async def test_a_cancelled_recording_is_a_whole_file_and_leaves_no_task(tmp_path: Path) -> None:
    clock = ManualClock()
    before = asyncio.all_tasks()
    task = asyncio.create_task(record(SimulatedFeed("simulated", clock, seed=1), tmp_path / "file", clock))
    await clock.advance(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before
    assert (tmp_path / "file").read_bytes().endswith(b"}\n")


@pytest.mark.skipif(not FULL_DEVICE.exists(), reason="this system has no /dev/full")
async def test_a_file_that_cannot_be_written_ends_the_recording() -> None:
    clock = SystemClock()
    with pytest.raises(OSError, match="No space left"):
        await record(SimulatedFeed("simulated", clock, seed=1), FULL_DEVICE, clock)


async def test_what_was_recorded_is_replayed(tmp_path: Path) -> None:
    clock = ManualClock()
    await recorded(SimulatedFeed("simulated", clock, seed=1), tmp_path / "file", clock, 5, stop_after_s=4)
    sink = CollectingSink()
    clock = ManualClock()
    async with running(ReplayFeed("replay", tmp_path / "file", clock), sink):
        await clock.advance(5)
    original = CollectingSink()
    clock = ManualClock()
    task = asyncio.create_task(SimulatedFeed("simulated", clock, seed=1).run(original))
    await clock.advance(3.9)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert original.ticks == sink.ticks[: len(original.ticks)]


GOOD_LINES = [msgspec.json.encode(Record(1.0, tick)) for tick in TICKS]


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60).filter(lambda line: b"\n" not in line),
            st.sampled_from(GOOD_LINES),
            st.integers(MAX_LINE_BYTES - 1, 3 * MAX_LINE_BYTES),
        )
    )
)
def test_each_line_that_is_not_blank_is_a_record_or_counted(drawn: list[bytes | int]) -> None:
    """A number stands for a line of that length."""
    lines = [b"x" * line if isinstance(line, int) else line for line in drawn]
    records = list(read_records(io.BytesIO(b"".join(line + b"\n" for line in lines))))
    assert len(records) == sum(1 for line in lines if line and not line.isspace())
    good = [msgspec.json.encode(found) for found in records if found is not None]
    assert good == [line for line in lines if line in GOOD_LINES]

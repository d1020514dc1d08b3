"""A feed that crashes is started again; one that ends has ended."""

from __future__ import annotations

import asyncio

import structlog.testing

from duelcast.clock import ManualClock
from duelcast.feeds.source import Sink
from duelcast.feeds.supervisor import CRASH_REASON, supervise
from tests.feeds.collecting import CollectingSink

SECRET = "wss://user:password@venue"


class CrashingFeed:
    """Raises at each of its first `crashes` runs, then ends."""

    name = "crashing"
    symbols: frozenset[str] = frozenset()

    def __init__(self, crashes: int, *, grouped: bool = False) -> None:
        self.runs = 0
        self._crashes = crashes
        self._grouped = grouped

    async def run(self, sink: Sink) -> None:
        self.runs += 1
        if self.runs <= self._crashes:
            defect = ValueError(SECRET)
            raise ExceptionGroup(SECRET, [defect]) if self._grouped else defect
        sink.connected()


async def test_a_crash_is_told_and_the_feed_started_again_after_a_wait() -> None:
    clock, sink, feed = ManualClock(), CollectingSink(), CrashingFeed(1)
    task = asyncio.create_task(supervise(feed, sink, clock))
    await clock.advance(0)
    assert (feed.runs, sink.reports) == (1, [CRASH_REASON])
    await clock.advance(2)
    await task
    assert sink.reports == [CRASH_REASON, "connected"]


async def test_waits_grow_with_each_crash() -> None:
    clock, feed = ManualClock(), CrashingFeed(1000)
    task = asyncio.create_task(supervise(feed, CollectingSink(), clock))
    await clock.advance(600)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert 10 <= feed.runs <= 30


async def test_the_log_has_type_and_place_of_a_crash_and_not_its_text() -> None:
    for grouped in (False, True):
        clock = ManualClock()
        with structlog.testing.capture_logs() as logs:
            task = asyncio.create_task(supervise(CrashingFeed(1, grouped=grouped), CollectingSink(), clock))
            await clock.advance(2)
            await task
        crash = next(entry for entry in logs if entry["event"] == "feed_crashed")
        assert crash["error_type"] == "ValueError"
        assert SECRET not in str(logs)
    assert crash["feed"] == "crashing"


async def test_the_place_of_a_crash_is_file_and_line() -> None:
    clock = ManualClock()
    with structlog.testing.capture_logs() as logs:
        task = asyncio.create_task(supervise(CrashingFeed(1), CollectingSink(), clock))
        await clock.advance(2)
        await task
    assert logs[0]["place"].startswith("test_supervisor.py:")


async def test_a_feed_that_ends_is_not_started_again() -> None:
    feed = CrashingFeed(0)
    await supervise(feed, CollectingSink(), ManualClock())
    assert feed.runs == 1


async def test_cancelling_stops_the_feed() -> None:
    clock, feed = ManualClock(), CrashingFeed(1000)
    task = asyncio.create_task(supervise(feed, CollectingSink(), clock))
    await clock.advance(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    runs = feed.runs
    await clock.advance(100)
    assert feed.runs == runs

"""A feed behind a breaker: a crash is told and the feed run again, and while the breaker is open it is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

import duelcast.feeds.guarded as module
from duelcast.clock import ManualClock
from duelcast.domain.market.ticks import Ticker
from duelcast.domain.operations.breaker import Breaker
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.runner import Runner
from duelcast.domain.operations.transitions import BreakerState
from duelcast.feeds.guarded import (
    CRASH_REASON,
    LEFT_ALONE_REASON,
    NO_OUTCOME_REASON,
    NOTHING_YET,
    READS,
    GuardedFeed,
)
from duelcast.feeds.source import Sink
from tests.feeds.collecting import CollectingSink, until

OPEN, CLOSED = BreakerState.OPEN, BreakerState.CLOSED
DOWN = "The venue does not answer."
ATTEMPT_TIMEOUT_S = 120.0
SECRET = "wss://user:password@venue"

Script = Callable[[Sink], Awaitable[None]]


class ScriptedFeed:
    """Plays the next of `scripts` at each run, the last one for good; `under_way` are the runs that have not ended."""

    name = "scripted"
    symbols: frozenset[str] = frozenset()

    def __init__(self, *scripts: Script) -> None:
        self._scripts = list(scripts)
        self.began_s: list[float] = []
        self.under_way = 0
        self.clock = ManualClock()

    async def run(self, sink: Sink) -> None:
        self.began_s.append(self.clock.monotonic())
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        self.under_way += 1
        try:
            await script(sink)
        finally:
            self.under_way -= 1


async def crash(_sink: Sink) -> None:
    raise ValueError(SECRET)


async def crash_in_group(_sink: Sink) -> None:
    raise ExceptionGroup(SECRET, [ValueError(SECRET)])


async def read(sink: Sink) -> None:
    sink.connected()
    await asyncio.Event().wait()


async def read_to_the_end(sink: Sink) -> None:
    sink.connected()


async def hang(_sink: Sink) -> None:
    await asyncio.Event().wait()


def down(times: int) -> Script:
    async def script(sink: Sink) -> None:
        for _ in range(times):
            sink.failed(DOWN)
            await asyncio.sleep(0)
        await asyncio.Event().wait()

    return script


class Stand:
    """A guarded feed; its breaker opens by two failures in a row, for 5 s."""

    def __init__(self, *scripts: Script) -> None:
        self.feed = ScriptedFeed(*scripts)
        self.clock = self.feed.clock
        self.sink = CollectingSink()
        settings = BreakerSettings(failure_threshold=2, reset_timeout_ms=5_000, half_open_calls=1)
        self.guarded = GuardedFeed(
            self.feed,
            self.sink,
            self.clock,
            lambda turned: Breaker(self.clock, settings, turned),
            attempt_timeout_s=ATTEMPT_TIMEOUT_S,
        )
        self.breaker = self.guarded.breaker

    async def advance(self, seconds: float) -> None:
        """Whoever looks after breakers lets them turn in time."""
        await self.clock.advance(seconds)
        self.breaker.advance()
        await self.clock.advance(0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """Run once; a defect of the feed fails the test."""
        task = asyncio.create_task(self.guarded.run())
        await self.clock.advance(0)
        try:
            yield task
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @asynccontextmanager
    async def kept_running(self) -> AsyncIterator[Runner]:
        """Run as a service is."""
        runner = Runner("feed_scripted", self.guarded.run, self.clock, lambda: None)
        await runner.start()
        await self.clock.advance(0)
        try:
            yield runner
        finally:
            await runner.stop()


# ── crashes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_crash_is_told_and_the_feed_started_again_after_a_wait() -> None:
    stand = Stand(crash, read)
    async with stand.kept_running():
        assert (len(stand.feed.began_s), stand.sink.reports) == (1, [CRASH_REASON])
        await stand.advance(2)
        assert stand.sink.reports == [CRASH_REASON, "connected"]
    assert (stand.breaker.successful, stand.breaker.failed) == (1, 1)


async def test_a_feed_that_crashes_again_and_again_is_left_alone_for_longer_and_longer() -> None:
    stand = Stand(crash)
    async with stand.kept_running():
        for _ in range(600):
            await stand.advance(1)
    waits_s = [after - before for before, after in pairwise(stand.feed.began_s)]
    assert 6 <= len(waits_s) <= 8
    assert all(after > before for before, after in pairwise(waits_s))
    assert LEFT_ALONE_REASON in stand.sink.reports


@pytest.mark.parametrize(("script", "kind"), [(crash, "ValueError"), (crash_in_group, "ExceptionGroup")])
async def test_the_log_has_type_and_frames_of_a_crash_and_never_its_text(script: Script, kind: str) -> None:
    stand = Stand(script)
    with capture_logs() as logs:
        async with stand.kept_running():
            pass
    crashed = next(log for log in logs if log["event"] == "service_crashed")
    assert crashed["service"] == "feed_scripted"
    assert crashed["error"].startswith(f"{kind} at feeds.guarded:")
    place = f"tests/feeds/test_guarded.py:{script.__code__.co_firstlineno + 1} in {script.__name__}"
    assert place in crashed["traceback"]
    assert SECRET not in f"{logs}{stand.sink.reports}"


async def test_a_feed_that_ends_has_ended() -> None:
    stand = Stand(read_to_the_end)
    async with stand.kept_running() as runner:
        await stand.advance(100)
        assert not runner.running
    assert (len(stand.feed.began_s), stand.sink.reports) == (1, ["connected"])


# ── the breaker ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_a_feed_tells_are_calls_with_the_time_that_each_attempt_took() -> None:
    stand = Stand(hang)

    async def script(sink: Sink) -> None:
        for outcome_after_s in (1.0, 2.5):
            await stand.clock.sleep(outcome_after_s)
            sink.failed(DOWN) if outcome_after_s == 1.0 else sink.connected()
        await asyncio.Event().wait()

    stand.feed._scripts = [script]
    async with stand.running():
        await stand.advance(1)
        assert stand.breaker.durations.last_ms == pytest.approx(1_000)
        await stand.advance(3)
        assert stand.breaker.durations.last_ms == pytest.approx(2_500)
    assert (stand.breaker.successful, stand.breaker.failed) == (1, 1)


async def test_ticks_and_what_is_unreadable_pass_through() -> None:
    tick = Ticker(symbol="SOL", price=1.0)

    async def script(sink: Sink) -> None:
        sink.accept(tick)
        sink.unreadable(3)
        await asyncio.Event().wait()

    stand = Stand(script)
    async with stand.running():
        assert (stand.sink.ticks, stand.sink.unreadable_records, stand.breaker.total) == ([tick], 3, 0)


async def test_an_open_breaker_ends_the_run_and_nobody_tries_the_venue() -> None:
    stand = Stand(down(2), read)
    async with stand.running() as task:
        assert stand.breaker.state is OPEN
        assert stand.feed.under_way == 0
        await stand.clock.advance(4.9)
        assert len(stand.feed.began_s) == 1
        assert not task.done()
    assert stand.sink.reports == [DOWN, DOWN, LEFT_ALONE_REASON]


async def test_half_open_the_feed_is_run_again_and_its_success_closes_the_breaker() -> None:
    stand = Stand(down(2), read)
    async with stand.running():
        await stand.advance(5)
        assert (stand.feed.began_s, stand.feed.under_way) == ([0.0, 5.0], 1)
        assert stand.breaker.state is CLOSED
        await stand.advance(100)
        assert (len(stand.feed.began_s), stand.feed.under_way) == (2, 1), "closing disturbs nobody who reads"


@pytest.mark.parametrize("before", [[], [down(2)]], ids=["closed", "half open"])
async def test_a_venue_that_is_slow_is_waited_for_and_not_cut(before: list[Script]) -> None:
    may_connect = asyncio.Event()

    async def slow(sink: Sink) -> None:
        await may_connect.wait()
        await read(sink)

    stand = Stand(*before, slow)
    async with stand.running():
        await stand.advance(5 + ATTEMPT_TIMEOUT_S - 10)
        assert stand.feed.under_way == 1
        may_connect.set()
        await stand.advance(0)
        await stand.advance(10_000)
        assert (stand.feed.under_way, len(stand.feed.began_s)) == (1, len(before) + 1)
        assert stand.breaker.state is CLOSED
        assert (await stand.guarded.check()).healthy


async def test_an_attempt_without_an_outcome_is_given_up_and_counts_as_failed() -> None:
    stand = Stand(hang)
    async with stand.running():
        await stand.advance(ATTEMPT_TIMEOUT_S - 1)
        assert (len(stand.feed.began_s), stand.sink.reports) == (1, [])
        await stand.advance(1)
        assert stand.feed.began_s == [0.0, ATTEMPT_TIMEOUT_S]
        assert stand.sink.reports == [NO_OUTCOME_REASON]
        await stand.advance(ATTEMPT_TIMEOUT_S)
        assert (stand.breaker.state, stand.feed.under_way) == (OPEN, 0)


async def test_a_failure_while_half_open_leaves_the_venue_alone_for_longer() -> None:
    stand = Stand(down(2), down(1), read)
    async with stand.running():
        await stand.advance(5)
        assert (stand.breaker.state, stand.feed.under_way) == (OPEN, 0)
        await stand.advance(9.9)
        assert len(stand.feed.began_s) == 2
        await stand.advance(0.1)
        assert (len(stand.feed.began_s), stand.feed.under_way) == (3, 1)


async def test_a_reset_runs_the_feed_at_once() -> None:
    stand = Stand(down(2), read)
    async with stand.running():
        stand.breaker.reset()
        await stand.clock.advance(0)
        assert stand.feed.began_s == [0.0, 0.0]


async def test_a_feed_that_is_started_while_its_breaker_is_open_waits_for_it() -> None:
    stand = Stand(read)
    for _ in range(2):
        stand.breaker.record(False, 1.0)
    async with stand.running():
        assert (stand.feed.began_s, stand.sink.reports) == ([], [LEFT_ALONE_REASON])
        await stand.advance(5)
        assert stand.feed.began_s == [5.0]


# ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_check_tells_the_last_outcome() -> None:
    stand = Stand(down(1), read)
    async with stand.running():
        result = await stand.guarded.check()
        assert (result.healthy, result.details) == (False, DOWN)
    async with stand.running():
        assert (await stand.guarded.check()).healthy


async def test_a_check_of_a_feed_that_has_just_begun_waits_for_its_first_outcome() -> None:
    may_connect = asyncio.Event()

    async def script(sink: Sink) -> None:
        await may_connect.wait()
        sink.connected()
        await asyncio.Event().wait()

    stand = Stand(script)
    async with stand.running():
        checking = asyncio.create_task(stand.guarded.check())
        await stand.clock.advance(0)
        assert not checking.done()
        may_connect.set()
        assert (await checking).healthy


async def test_a_check_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_TIMEOUT_S", 0.01)
    stand = Stand(hang)
    async with stand.running():
        result = await stand.guarded.check()
    assert (result.healthy, result.details) == (False, NOTHING_YET)


async def test_what_was_known_before_the_breaker_opened_is_no_answer_when_it_is_half_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHECK_TIMEOUT_S", 0.01)
    stand = Stand(down(2), hang)
    async with stand.running():
        await stand.advance(5)
        assert (await stand.guarded.check()).details == NOTHING_YET


async def test_a_crash_that_opened_the_breaker_is_no_answer_either_while_nobody_runs_the_feed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHECK_TIMEOUT_S", 0.01)
    stand = Stand(crash)
    for state in (CLOSED, OPEN):
        with pytest.raises(ValueError, match=SECRET):
            await stand.guarded.run()
        assert stand.breaker.state is state
        expected = CRASH_REASON if state is CLOSED else LEFT_ALONE_REASON
        assert (await stand.guarded.check()).details == expected
    await stand.advance(5)
    assert (await stand.guarded.check()).details == NOTHING_YET


async def test_of_a_feed_that_was_started_again_the_outcome_of_before_is_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CHECK_TIMEOUT_S", 0.01)
    stand = Stand(read, hang)
    for outcome in (READS, NOTHING_YET):
        async with stand.running():
            assert (await stand.guarded.check()).details == outcome


# ── ending ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("script", [read, down(2), hang])
async def test_cancelling_leaves_no_task(script: Script) -> None:
    before = asyncio.all_tasks()
    stand = Stand(script)
    async with stand.running():
        pass
    assert stand.feed.under_way == 0
    await until(lambda: asyncio.all_tasks() == before)


async def test_cancelling_waits_for_what_the_feed_clears_up() -> None:
    may_end = asyncio.Event()

    async def script(_sink: Sink) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await may_end.wait()

    stand = Stand(script)
    async with stand.running() as task:
        task.cancel()
        await stand.clock.advance(0)
        assert not task.done()
        may_end.set()
    assert stand.feed.under_way == 0

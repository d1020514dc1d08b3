"""A part of the server at work: started, stopped, and run again where it ends by a defect."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from duelcast.backoff import FIRST_WAIT_S, LONGEST_WAIT_S
from duelcast.clock import ManualClock
from duelcast.domain.operations.runner import CRASHED, STABLE_AFTER_S, Runner

SECRET = "wss://user:password@venue"


class Part:
    """Works until it is cancelled; fails each time after `crash_after_s` where that is not None, and ends by itself
    where it `finishes`."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.crash_after_s: float | None = None
        self.finishes = False
        self.clears_up_s = 0.0
        self.began_s: list[float] = []
        self.ended = 0

    async def __call__(self) -> None:
        self.began_s.append(self._clock.monotonic())
        try:
            if self.crash_after_s is not None:
                await self._clock.sleep(self.crash_after_s)
                raise ValueError(SECRET)
            if not self.finishes:
                await asyncio.Event().wait()
        finally:
            await self._clock.sleep(self.clears_up_s)
            self.ended += 1


class Desk:
    """A runner of a part; `told` has (running, failure) of each change."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.part = Part(self.clock)
        self.told: list[tuple[bool, str | None]] = []
        self.runner = Runner("scorer", self.part, self.clock, self._changed)

    def _changed(self) -> None:
        self.told.append((self.runner.running, self.runner.failure))


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_it_has_begun_when_start_returns_and_ended_when_stop_does(desk: Desk) -> None:
    assert not desk.runner.running
    await desk.runner.start()
    assert (desk.runner.running, len(desk.part.began_s)) == (True, 1)
    desk.part.clears_up_s = 0.0
    await desk.runner.stop()
    assert (desk.runner.running, desk.part.ended) == (False, 1)
    assert desk.told == [(True, None), (False, None)]


async def test_starting_what_runs_and_stopping_what_does_not_change_nothing(desk: Desk) -> None:
    await desk.runner.stop()
    await desk.runner.start()
    await desk.runner.start()
    assert (len(desk.part.began_s), desk.runner.restarts) == (1, 0)
    await desk.runner.stop()
    await desk.runner.stop()
    assert desk.told == [(True, None), (False, None)]


async def test_stop_waits_until_all_is_cleared_up(desk: Desk) -> None:
    desk.part.clears_up_s = 5.0
    await desk.runner.start()
    stopping = asyncio.create_task(desk.runner.stop())
    await desk.clock.advance(4)
    assert desk.runner.running
    assert not stopping.done()
    await desk.clock.advance(1)
    await stopping
    assert not desk.runner.running


async def test_it_may_be_started_again_and_counts_that(desk: Desk) -> None:
    await desk.runner.start()
    await desk.clock.advance(10)
    await desk.runner.stop()
    await desk.runner.start()
    assert (desk.runner.restarts, desk.part.began_s) == (1, [0.0, 10.0])
    assert desk.runner.started_at_s == desk.clock.time()
    await desk.runner.stop()


async def test_what_ends_by_a_defect_is_told_and_run_again_after_a_wait(desk: Desk) -> None:
    desk.part.crash_after_s = 1.0
    await desk.runner.start()
    await desk.clock.advance(1)
    assert (desk.runner.running, desk.runner.failure, len(desk.part.began_s)) == (True, CRASHED, 1)
    await desk.clock.advance(FIRST_WAIT_S)
    assert (desk.runner.failure, desk.runner.restarts, len(desk.part.began_s)) == (None, 1, 2)
    assert 1.0 + FIRST_WAIT_S / 2 <= desk.part.began_s[1] <= 1.0 + FIRST_WAIT_S
    await desk.runner.stop()
    assert desk.told == [(True, None), (True, CRASHED), (True, None), (False, None)]


async def test_waits_grow_up_to_a_bound_while_it_crashes_at_start(desk: Desk) -> None:
    desk.part.crash_after_s = 0.0
    await desk.runner.start()
    await desk.clock.advance(1_000)
    await desk.runner.stop()
    waits_s = [after - before for before, after in pairwise(desk.part.began_s)]
    assert FIRST_WAIT_S * 2 ** len(waits_s) > LONGEST_WAIT_S, "the bound was reached"
    for attempt, wait_s in enumerate(waits_s):
        full_s = min(FIRST_WAIT_S * 2**attempt, LONGEST_WAIT_S)
        assert full_s / 2 <= wait_s <= full_s


async def test_after_a_stable_run_the_shortest_wait_is_enough(desk: Desk) -> None:
    desk.part.crash_after_s = 0.0
    await desk.runner.start()
    await desk.clock.advance(500)
    # Not the bound itself, which a sum of floats may miss.
    desk.part.crash_after_s = STABLE_AFTER_S + 1
    runs = len(desk.part.began_s)
    while len(desk.part.began_s) == runs:
        await desk.clock.advance(0.5)
    runs += 1
    await desk.clock.advance(STABLE_AFTER_S + 1)
    await desk.clock.advance(FIRST_WAIT_S)
    assert len(desk.part.began_s) == runs + 1
    await desk.runner.stop()


async def test_the_log_has_type_and_frames_of_a_crash_and_never_its_text(desk: Desk) -> None:
    desk.part.crash_after_s = 0.0
    with capture_logs() as logs:
        await desk.runner.start()
        await desk.clock.advance(0)
        await desk.runner.stop()
    (crash,) = [log for log in logs if log["event"] == "service_crashed"]
    assert crash["service"] == "scorer"
    assert crash["error"].startswith("ValueError at ")
    assert crash["traceback"][-1].endswith(" in Part.__call__")
    assert SECRET not in str(logs)


async def test_it_can_be_stopped_while_it_waits_to_be_run_again(desk: Desk) -> None:
    desk.part.crash_after_s = 0.0
    await desk.runner.start()
    await desk.clock.advance(0)
    await desk.runner.stop()
    await desk.clock.advance(100)
    assert desk.told == [(True, None), (True, CRASHED), (False, None)]
    assert len(desk.part.began_s) == 1


async def test_what_ends_by_itself_counts_as_stopped(desk: Desk) -> None:
    desk.part.finishes = True
    await desk.runner.start()
    await desk.clock.advance(100)
    assert (desk.runner.running, desk.runner.failure, len(desk.part.began_s)) == (False, None, 1)
    assert desk.told[-1] == (False, None)

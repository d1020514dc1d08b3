"""The clocks: the manual one for tests, and that of the system."""

from __future__ import annotations

import asyncio
import time

import pytest

from duelcast.clock import Alarm, ManualClock, SystemClock


async def test_a_manual_clock_stands_still_until_it_is_advanced() -> None:
    clock = ManualClock(start=1000.0)
    assert (clock.time(), clock.monotonic()) == (1000.0, 0.0)
    await clock.advance(2.5)
    assert (clock.time(), clock.monotonic()) == (1002.5, 2.5)


async def test_a_sleeper_wakes_at_its_moment_and_not_before() -> None:
    clock, woken = ManualClock(), list[float]()

    async def sleeper() -> None:
        await clock.sleep(10)
        woken.append(clock.monotonic())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sleeper())
        await clock.advance(9.999)
        assert woken == []
        await clock.advance(5)
        assert woken == [10.0]


async def test_sleepers_wake_in_the_order_of_their_moments() -> None:
    clock, woken = ManualClock(), list[tuple[str, float]]()

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as tasks:
        for name, seconds in (("late", 3.0), ("first", 1.0), ("second", 1.0)):
            tasks.create_task(sleeper(name, seconds))
        await clock.advance(3)
    assert woken == [("first", 1.0), ("second", 1.0), ("late", 3.0)]


async def test_a_task_that_sleeps_again_wakes_again_within_one_advance() -> None:
    clock, ticks = ManualClock(), list[float]()

    async def ticker() -> None:
        for _ in range(3):
            await clock.sleep(1)
            ticks.append(clock.monotonic())

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ticker())
        await clock.advance(3)
        assert ticks == [1.0, 2.0, 3.0]


async def test_a_cancelled_sleeper_does_not_hold_up_the_others() -> None:
    clock = ManualClock()
    cancelled, other = asyncio.create_task(clock.sleep(1)), asyncio.create_task(clock.sleep(2))
    await clock.advance(0)
    cancelled.cancel()
    await clock.advance(2)
    assert cancelled.cancelled()
    assert other.done()


@pytest.mark.parametrize("clock", [ManualClock(), SystemClock()])
async def test_sleeping_for_no_time_gives_way_once(clock: ManualClock | SystemClock) -> None:
    turns: list[str] = []

    async def other() -> None:
        turns.append("other")

    task = asyncio.create_task(other())
    await clock.sleep(0)
    turns.append("sleeper")
    await task
    assert turns == ["other", "sleeper"]


async def test_the_system_clock_sleeps_and_never_goes_back() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() - before >= 0.0009


def test_the_system_clock_tells_the_time_of_the_machine() -> None:
    before = time.time()
    assert before <= SystemClock().time() <= time.time()


async def test_a_sleeper_of_a_clock_that_jumps_wakes_once_and_late() -> None:
    clock = ManualClock()
    napper = Napper(clock, 10)
    work = asyncio.create_task(napper.run())
    await clock.jump(35)
    await clock.advance(9)
    assert napper.woken_s == [35]
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


class Napper:
    """Sleeps again and again, and notes when it woke."""

    def __init__(self, clock: ManualClock, seconds: float) -> None:
        self.alarm = Alarm(clock)
        self.woken_s: list[float] = []
        self._clock = clock
        self._seconds = seconds

    async def run(self) -> None:
        while True:
            await self.alarm.sleep(self._seconds)
            self.woken_s.append(self._clock.monotonic())


async def test_who_sleeps_by_an_alarm_wakes_when_it_rings_or_when_the_time_is_over() -> None:
    clock = ManualClock()
    napper = Napper(clock, 10)
    work = asyncio.create_task(napper.run())
    await clock.advance(3)
    napper.alarm.ring()
    await clock.advance(12)
    assert napper.woken_s == [3, 13]
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def test_an_alarm_that_rang_before_lets_nobody_sleep_but_once() -> None:
    clock = ManualClock()
    napper = Napper(clock, float("inf"))
    napper.alarm.ring()
    napper.alarm.ring()
    work = asyncio.create_task(napper.run())
    await clock.advance(1000)
    assert napper.woken_s == [0]
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)

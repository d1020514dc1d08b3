"""Waits double up to a limit, and each is randomly shortened by up to half."""

from __future__ import annotations

import uvloop
from hypothesis import given
from hypothesis import strategies as st

from duelcast.backoff import Backoff


class NotingClock:
    """Notes how long it is asked to sleep, and does not sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def time(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@given(st.integers(1, 12))
def test_the_nth_wait_lies_between_half_and_all_of_its_doubled_bound(waits: int) -> None:
    clock = NotingClock()
    backoff = Backoff(clock, first_s=1, longest_s=60)

    async def wait_often() -> None:
        for _ in range(waits):
            await backoff.wait()

    uvloop.run(wait_often())
    bounds = [min(2.0**attempt, 60.0) for attempt in range(waits)]
    assert all(bound / 2 <= slept <= bound for slept, bound in zip(clock.slept, bounds, strict=True))


async def test_waits_differ_so_that_clients_do_not_come_in_step() -> None:
    clock = NotingClock()
    for _ in range(20):
        await Backoff(clock).wait()
    assert len(set(clock.slept)) > 1


async def test_after_a_success_the_shortest_wait_comes_again() -> None:
    clock = NotingClock()
    backoff = Backoff(clock, first_s=1)
    for _ in range(5):
        await backoff.wait()
    backoff.reset()
    await backoff.wait()
    assert clock.slept[-1] <= 1


async def test_what_the_venue_asks_for_is_not_shortened() -> None:
    clock = NotingClock()
    await Backoff(clock, first_s=1).wait(at_least_s=30)
    assert clock.slept == [30]

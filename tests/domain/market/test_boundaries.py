"""Full intervals come one after the other, each once."""

from __future__ import annotations

import pytest

from duelcast.domain.market.receipt import ReceiptTime
from duelcast.domain.market.settings import ReceiptSettings
from duelcast.domain.market.volumes import Boundaries


class ShiftyClock:
    """Waking is as much too late (or, below 0, too early) as a test sets."""

    def __init__(self) -> None:
        self.now_s = 1_000.25
        self.late_s = 0.0

    def time(self) -> float:
        return self.now_s

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds + self.late_s


@pytest.fixture
def clock() -> ShiftyClock:
    return ShiftyClock()


@pytest.fixture
def seconds(clock: ShiftyClock) -> Boundaries:
    return Boundaries(clock, ReceiptTime(clock, ReceiptSettings()), lambda: 1_000)


async def test_they_are_the_full_seconds(seconds: Boundaries) -> None:
    assert [await seconds.next() for _ in range(3)] == [1_001.0, 1_002.0, 1_003.0]


async def test_a_timer_that_wakes_a_breath_too_early_brings_none_twice(clock: ShiftyClock, seconds: Boundaries) -> None:
    clock.late_s = -5e-7
    assert [await seconds.next() for _ in range(3)] == [1_001.0, 1_002.0, 1_003.0]


async def test_a_timer_that_wakes_too_late_gives_the_time_it_is(clock: ShiftyClock, seconds: Boundaries) -> None:
    clock.late_s = 0.25
    assert [await seconds.next() for _ in range(2)] == [1_001.25, 1_002.25]


async def test_those_that_passed_unseen_are_left_out(clock: ShiftyClock, seconds: Boundaries) -> None:
    await seconds.next()
    clock.now_s += 10.5
    assert await seconds.next() == 1_012.0


async def test_an_interval_of_zero_is_a_millisecond(clock: ShiftyClock) -> None:
    boundaries = Boundaries(clock, ReceiptTime(clock, ReceiptSettings()), lambda: 0)
    assert await boundaries.next() == pytest.approx(1_000.251)

"""The time of receipt never goes back, and never stands still."""

from __future__ import annotations

from dataclasses import dataclass

from duelcast.domain.market.receipt import ReceiptTime


@dataclass
class SetClock:
    """A clock whose wall and steady time a test sets apart."""

    wall_s: float = 1_000.0
    steady_s: float = 0.0

    def time(self) -> float:
        return self.wall_s

    def monotonic(self) -> float:
        return self.steady_s

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


def test_it_is_the_wall_time_while_that_goes_forward() -> None:
    clock = SetClock()
    receipt = ReceiptTime(clock)
    clock.wall_s, clock.steady_s = 1_000.25, 7.0
    assert receipt.now_s() == 1_000.25


def test_it_runs_on_steadily_while_the_wall_time_is_behind() -> None:
    clock = SetClock()
    receipt = ReceiptTime(clock)
    clock.wall_s, clock.steady_s = 400.0, 1.0
    assert receipt.now_s() == 1_001.0
    clock.wall_s, clock.steady_s = 402.0, 3.0
    assert receipt.now_s() == 1_003.0


def test_it_follows_the_wall_time_again_once_that_has_caught_up() -> None:
    clock = SetClock()
    receipt = ReceiptTime(clock)
    clock.wall_s, clock.steady_s = 999.0, 1.0
    receipt.now_s()
    clock.wall_s, clock.steady_s = 1_005.0, 2.0
    assert receipt.now_s() == 1_005.0

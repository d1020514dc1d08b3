"""The time of receipt never goes back, never stands still, and meets the wall clock again."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
import uvloop
from hypothesis import example, given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from duelcast.clock import ManualClock
from duelcast.domain.market.receipt import ReceiptTime, TimeScale, to_us
from duelcast.domain.market.settings import ReceiptSettings

BEGIN_S = 1_800_000_000.0


class Days:
    """A receipt time, and a wall clock that is moved now and then. Steady time passes by `wait`."""

    def __init__(self, pace: float = 0.5, max_ahead_s: float = 3_600.0) -> None:
        self.clock = ManualClock(start=BEGIN_S)
        self.settings = ReceiptSettings(pace=pace, max_ahead_s=max_ahead_s)
        self.receipt = ReceiptTime(self.clock, self.settings)

    def wait(self, seconds: float) -> None:
        uvloop.run(self.clock.jump(seconds))

    def set_back(self, seconds: float) -> None:
        """The wall clock is set back by `seconds`, and looked at before and behind it."""
        self.receipt.now_s()
        self.clock.step(-seconds)
        self.receipt.now_s()

    def ahead_s(self) -> float:
        return self.receipt.now_s() - self.clock.time()


def figures(receipt: ReceiptTime) -> dict[str, float]:
    return {sample.name: sample.value for metric in receipt.collect() for sample in metric.samples}


@pytest.fixture
def days() -> Days:
    return Days()


def test_it_is_the_wall_time_while_that_goes_forward(days: Days) -> None:
    for seconds in (0.25, 7.0):
        days.wait(seconds)
        assert days.receipt.now_s() == days.clock.time()


def test_it_goes_at_its_pace_while_it_is_ahead_of_the_wall_time(days: Days) -> None:
    days.set_back(600)
    assert days.receipt.now_s() == pytest.approx(BEGIN_S, rel=0, abs=1e-5)
    days.wait(10)
    assert days.receipt.now_s() == pytest.approx(BEGIN_S + 5, rel=0, abs=1e-5)


def test_it_meets_the_wall_time_as_soon_as_the_pace_allows_and_stays_with_it(days: Days) -> None:
    days.set_back(600)
    days.wait(1_199)
    assert days.ahead_s() == pytest.approx(0.5, abs=1e-5)
    days.wait(1.1)
    assert days.ahead_s() == 0
    days.wait(60)
    assert days.ahead_s() == 0


def test_a_wall_time_that_is_moved_forward_meanwhile_is_met_sooner_and_not_overtaken(days: Days) -> None:
    days.set_back(600)
    days.clock.step(400)
    assert days.ahead_s() == pytest.approx(200, abs=1e-4)
    days.clock.step(600)
    assert days.ahead_s() == 0


def test_seconds_until_a_time_of_receipt_are_counted_at_its_pace(days: Days) -> None:
    assert days.receipt.seconds_until(BEGIN_S + 3) == 3
    days.set_back(4)
    assert days.receipt.seconds_until(BEGIN_S + 3) == pytest.approx(6, abs=1e-4)
    assert days.receipt.seconds_until(BEGIN_S + 10) == pytest.approx(14, abs=1e-4)


def test_who_listens_hears_of_each_step_once_and_of_the_new_scale(days: Days) -> None:
    heard: list[float] = []
    days.receipt.on_step.append(lambda: heard.append(days.receipt.scale.until(to_us(days.clock.time())) / 1e6))
    days.wait(5)
    days.set_back(3)
    for _ in range(3):
        days.receipt.now_s()
    assert heard == [pytest.approx(BEGIN_S + 5, rel=0, abs=1e-5)]
    days.clock.step(60)
    days.receipt.now_s()
    assert len(heard) == 2


def test_how_far_it_is_ahead_and_how_often_the_clock_was_moved_are_metrics(days: Days) -> None:
    assert figures(days.receipt) == {"duelcast_clock_ahead_seconds": 0, "duelcast_clock_steps_total": 0}
    days.set_back(45)
    assert figures(days.receipt) == {
        "duelcast_clock_ahead_seconds": pytest.approx(45, abs=1e-4),
        "duelcast_clock_steps_total": 1,
    }
    days.clock.step(100)
    assert figures(days.receipt) == {"duelcast_clock_ahead_seconds": 0, "duelcast_clock_steps_total": 2}


def test_a_step_is_one_line_of_the_log_and_many_are_one_a_minute(days: Days) -> None:
    with capture_logs() as lines:
        for _ in range(20):
            days.set_back(2)
    assert [(line["event"], line["step_s"], line["receipts_ahead_s"]) for line in lines] == [
        ("clock_stepped", -2, 2)
    ]  # the first of 20
    with capture_logs() as lines:
        days.wait(60)
        days.clock.step(-1)
        days.receipt.now_s()
    assert len(lines) == 1


def test_a_clock_that_is_disciplined_gently_is_not_moved(days: Days) -> None:
    with capture_logs() as lines:
        for _ in range(100):
            days.wait(1)
            days.clock.step(-0.0005)
            days.receipt.now_s()
    assert (lines, days.ahead_s()) == ([], 0)


def test_after_a_restart_it_goes_on_behind_what_was_received_before(days: Days) -> None:
    newest_us = to_us(BEGIN_S + 600)
    days.receipt.go_on(TimeScale(), newest_us)
    assert days.receipt.now_s() == pytest.approx(BEGIN_S + 600, rel=0, abs=1e-5)
    assert days.receipt.scale.until(to_us(BEGIN_S) - 1) <= newest_us < days.receipt.scale.until(to_us(BEGIN_S))


def test_it_does_not_go_on_behind_what_is_too_far_ahead(days: Days) -> None:
    days.receipt.go_on(TimeScale(), to_us(BEGIN_S + 3_601))
    assert days.receipt.now_s() == BEGIN_S
    days.wait(5)
    assert days.receipt.now_s() == BEGIN_S + 5


def test_the_scale_goes_on_over_a_restart_as_if_there_had_been_none(days: Days) -> None:
    days.set_back(600)
    newest_s = days.receipt.now_s()
    days.wait(100)
    other = ReceiptTime(days.clock, days.settings)
    other.go_on(days.receipt.scale, to_us(newest_s))
    for _ in range(3):
        days.wait(500)
        assert other.now_s() == days.receipt.now_s()


# ── invariants ──────────────────────────────────────────────────────────────────────────────────────────────────────

spans = st.sampled_from([1e-5, 0.01, 1.0, 30.0, 600.0]) | st.floats(1e-5, 5_000)
moves = st.lists(st.tuples(st.booleans(), spans | spans.map(lambda span: -span)), min_size=1, max_size=30)
paces = st.sampled_from([0.1, 0.5, 0.99])


def move(days: Days, moved: Iterable[tuple[bool, float]]) -> Iterable[tuple[float, float]]:
    """Steps of the wall clock, and waits in between: the wall time and the time of receipt behind each."""
    for is_step, seconds in moved:
        if is_step:
            days.clock.step(seconds)
        else:
            days.wait(abs(seconds))
        receipt_s = days.receipt.now_s()
        yield days.clock.time(), receipt_s


@given(moves, paces)
def test_receipts_never_go_back_and_are_never_behind_the_wall_clock(
    moved: list[tuple[bool, float]], pace: float
) -> None:
    last_s = 0.0
    for wall_s, receipt_s in move(Days(pace), moved):
        assert receipt_s >= last_s
        assert receipt_s >= wall_s - 1e-6
        last_s = receipt_s


@given(moves, paces)
def test_receipts_meet_the_wall_clock_within_the_step_by_the_rate(moved: list[tuple[bool, float]], pace: float) -> None:
    days = Days(pace)
    list(move(days, moved))
    days.wait(days.ahead_s() / (1 - pace) + 0.001)
    assert days.ahead_s() == pytest.approx(0, abs=1e-5)


@given(moves, paces)
@example([(True, -1e-5), (True, -1e-5)], 0.1)
@example(
    [
        (False, 1.3582563712170668),
        (False, 1.7851711042681018),
        (True, -1.3582563712170668),
        (False, 1.3582563712170668),
    ],
    0.1,
)
def test_the_scale_tells_what_came_before_the_wall_clock_passed_a_moment_for_the_last_time(
    moved: list[tuple[bool, float]], pace: float
) -> None:
    days = Days(pace)
    received = list(move(days, moved))
    for moment_s in {wall_s + by_s for wall_s, _ in received[-8:] for by_s in (0.0, 0.004)}:
        before = [number for number, (wall_s, _) in enumerate(received) if to_us(wall_s) <= to_us(moment_s)]
        count = before[-1] + 1 if before else 0
        until_us = days.receipt.scale.until(to_us(moment_s))
        for number, (wall_s, receipt_s) in enumerate(received):
            if number < count:
                assert to_us(receipt_s) <= until_us
            elif to_us(wall_s) - to_us(moment_s) > 1 / pace:
                assert to_us(receipt_s) > until_us
            else:
                # At a slow pace several µs of the wall clock have the same time of receipt.
                assert to_us(receipt_s) >= until_us


@given(moves, paces)
def test_what_counts_for_a_moment_was_received_by_then_on_the_wall_clock_too(
    moved: list[tuple[bool, float]], pace: float
) -> None:
    days = Days(pace)
    received = [(to_us(wall_s), to_us(receipt_s)) for wall_s, receipt_s in move(days, moved)]
    scale = days.receipt.scale
    for moment_us, _ in received:
        until_us = scale.until(moment_us)
        assert all(scale.wall(receipt_us) <= moment_us for _, receipt_us in received if receipt_us <= until_us)

"""A breaker opens by failures in a row, by rates in a window, and closes by calls let through after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from duelcast.clock import ManualClock
from duelcast.domain.operations.breaker import Breaker, Permit
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.transitions import BreakerState, Transition
from duelcast.errors import CircuitOpen

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
START_S = 1_800_000_000.0


class Told(list[Transition]):
    """What a breaker told."""

    def __call__(self, transition: Transition) -> None:
        self.append(transition)

    @property
    def causes(self) -> list[str]:
        return [one.cause for one in self]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_S)


@pytest.fixture
def told() -> Told:
    return Told()


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.acquire().fail()


def succeed(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.acquire().succeed()


def opened(clock: ManualClock, told: Told, settings: BreakerSettings | None = None) -> Breaker:
    breaker = Breaker(clock, settings or BreakerSettings(), told)
    fail(breaker, breaker.settings.failure_threshold)
    assert breaker.state is OPEN
    return breaker


async def half_open(clock: ManualClock, told: Told, settings: BreakerSettings | None = None) -> Breaker:
    breaker = opened(clock, told, settings)
    await clock.advance(breaker.settings.reset_timeout_ms / 1000)
    assert breaker.state is HALF_OPEN
    return breaker


# ── closed ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_failures_in_a_row_open_it(clock: ManualClock, told: Told) -> None:
    breaker = Breaker(clock, BreakerSettings(), told)
    fail(breaker, 4)
    succeed(breaker)
    fail(breaker, 4)
    assert breaker.state is CLOSED
    fail(breaker)
    assert breaker.state is OPEN
    assert told == [Transition(1, CLOSED, OPEN, START_S, "failures in a row")]


async def test_failures_in_a_row_count_however_far_apart(clock: ManualClock, told: Told) -> None:
    breaker = Breaker(clock, BreakerSettings(), told)
    for _ in range(5):
        await clock.advance(3_600)
        fail(breaker)
    assert told.causes == ["failures in a row"]


def test_the_failure_rate_opens_it_from_the_least_number_of_calls_on(clock: ManualClock, told: Told) -> None:
    breaker = Breaker(clock, BreakerSettings(), told)
    for _ in range(4):
        fail(breaker)
        succeed(breaker)
    fail(breaker)
    assert breaker.state is CLOSED
    succeed(breaker)
    assert told.causes == ["failure rate"]
    assert (breaker.calls, breaker.failure_rate) == (10, 50.0)


def test_below_the_failure_rate_it_stays_closed(clock: ManualClock, told: Told) -> None:
    breaker = Breaker(clock, BreakerSettings(), told)
    for _ in range(100):
        succeed(breaker, 2)
        fail(breaker)
    assert breaker.state is CLOSED
    assert told == []


async def test_slow_calls_open_it(clock: ManualClock, told: Told) -> None:
    breaker = Breaker(clock, BreakerSettings(slow_call_ms=500, minimum_calls=2, slow_call_rate_threshold=60), told)
    for duration_s in (0.5, 0.75, 0.75):
        permit = breaker.acquire()
        await clock.advance(duration_s)
        permit.succeed()
    assert told.causes == ["slow calls"]
    assert breaker.slow_rate == pytest.approx(200 / 3)


async def test_without_a_limit_no_call_is_slow(clock: ManualClock, told: Told) -> None:
    breaker = Breaker(clock, BreakerSettings(minimum_calls=1), told)
    permit = breaker.acquire()
    await clock.advance(1_000_000)
    permit.succeed()
    assert (breaker.slow_rate, breaker.state) == (0, CLOSED)


async def test_a_call_counts_for_at_least_95_percent_of_the_window_and_never_longer_than_it(clock: ManualClock) -> None:
    breaker = Breaker(clock, BreakerSettings(window_ms=60_000))
    await clock.advance(2.9)
    fail(breaker)
    await clock.advance(57)
    assert (breaker.calls, breaker.failure_rate) == (1, 100.0)
    await clock.advance(3)
    assert (breaker.calls, breaker.failure_rate) == (0, 0.0)


async def test_slow_calls_leave_the_window_too(clock: ManualClock) -> None:
    breaker = Breaker(clock, BreakerSettings(slow_call_ms=10))
    breaker.record(True, 20)
    await clock.advance(61)
    breaker.record(True, 1)
    assert (breaker.calls, breaker.slow_rate) == (1, 0)


async def test_a_rate_is_that_of_the_window_alone(clock: ManualClock, told: Told) -> None:
    breaker = Breaker(clock, BreakerSettings(failure_threshold=1_000), told)
    fail(breaker, 9)
    await clock.advance(61)
    succeed(breaker, 9)
    fail(breaker)
    assert breaker.state is CLOSED


# ── open ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_open_breaker_rejects_at_once_and_says_when_to_come_back(clock: ManualClock, told: Told) -> None:
    breaker = opened(clock, told)
    await clock.advance(10)
    with pytest.raises(CircuitOpen) as rejection:
        breaker.acquire()
    assert rejection.value.retry_after_ms == 20_000
    assert (breaker.rejected, breaker.total) == (1, 5)
    assert (breaker.opened_at_s, breaker.next_attempt_at_s) == (START_S, START_S + 30)


async def test_after_the_time_out_it_is_half_open_without_any_call(clock: ManualClock, told: Told) -> None:
    breaker = opened(clock, told)
    assert breaker.due_at() == 30
    await clock.advance(29.9)
    breaker.advance()
    assert told.causes == ["failures in a row"]
    await clock.advance(0.1)
    breaker.advance()
    assert told[1] == Transition(2, OPEN, HALF_OPEN, START_S + 30, "timer")
    assert (breaker.opened_at_s, breaker.next_attempt_at_s, breaker.due_at()) == (None, None, None)


async def test_a_sleep_until_due_is_long_enough_whatever_the_rounding(clock: ManualClock, told: Told) -> None:
    """Eight tenths of a second one by one are a little less than 0.8."""
    breaker = opened(clock, told, BreakerSettings(reset_timeout_ms=800))
    for _ in range(8):
        await clock.advance(0.1)
    assert clock.monotonic() < (breaker.due_at() or 0)
    assert breaker.state is HALF_OPEN


async def test_each_failed_attempt_makes_the_time_out_longer_up_to_the_longest(clock: ManualClock, told: Told) -> None:
    settings = BreakerSettings(reset_timeout_ms=1_000, max_reset_timeout_ms=10_000, backoff_multiplier=3)
    breaker = opened(clock, told, settings)
    waits = []
    for attempt in range(5):
        assert breaker.recovery_attempts == attempt
        waits.append(breaker.next_attempt_at_s - clock.time() if breaker.next_attempt_at_s else None)
        await clock.advance(waits[-1] or 0)
        fail(breaker)
    assert waits == [1, 3, 9, 10, 10]


async def test_thousands_of_failed_attempts_do_no_harm(clock: ManualClock, told: Told) -> None:
    breaker = opened(clock, told)
    for _ in range(2_000):
        await clock.jump(600)
        fail(breaker)
    assert (breaker.recovery_attempts, breaker.next_attempt_at_s) == (2_000, clock.time() + 600)


# ── half open ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_as_many_calls_as_set_are_let_through_and_close_it(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    first, second = breaker.acquire(), breaker.acquire()
    await clock.advance(1)
    with pytest.raises(CircuitOpen) as rejection:
        breaker.acquire()
    assert rejection.value.retry_after_ms == 9_000
    first.succeed()
    assert breaker.state is HALF_OPEN
    with pytest.raises(CircuitOpen):
        breaker.acquire()
    second.succeed()
    assert breaker.state is CLOSED
    assert told.causes[2:] == ["recovered"]
    assert (breaker.calls, breaker.failures_in_row, breaker.recovery_attempts) == (0, 0, 0)


async def test_after_it_closed_the_time_out_is_the_first_again(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    fail(breaker)
    await clock.advance(60)
    succeed(breaker, 2)
    fail(breaker, 5)
    assert breaker.next_attempt_at_s == clock.time() + 30


async def test_one_failure_opens_it_again_whatever_the_others_say_later(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    first, second = breaker.acquire(), breaker.acquire()
    first.fail()
    second.succeed()
    assert breaker.state is OPEN
    assert told.causes[2:] == ["failed again"]
    assert (breaker.successful, breaker.failed, breaker.last_call_failed) == (1, 6, True)


async def test_a_call_that_hangs_counts_as_failed(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    hanging = breaker.acquire()
    assert breaker.due_at() == 40
    await clock.advance(9.9)
    breaker.advance()
    assert len(told) == 2
    await clock.advance(0.1)
    breaker.advance()
    assert told[2] == Transition(3, HALF_OPEN, OPEN, START_S + 40, "not finished in time")
    assert (breaker.failed, breaker.recovery_attempts, breaker.last_call_failed) == (6, 1, True)
    hanging.succeed()
    assert (breaker.successful, breaker.failed) == (0, 6)


async def test_each_call_let_through_has_a_time_of_its_own(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    breaker.acquire()
    await clock.advance(9)
    other = breaker.acquire()
    await clock.advance(1)
    assert breaker.state is OPEN
    assert (breaker.failed, breaker.failures_in_row, breaker.recovery_attempts) == (6, 6, 1)
    other.succeed()
    assert (breaker.state, breaker.successful) == (OPEN, 1)


async def test_the_time_of_the_next_one_is_due_where_the_first_has_ended(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    first = breaker.acquire()
    await clock.advance(9)
    breaker.acquire()
    first.succeed()
    assert breaker.due_at() == 49


async def test_a_call_that_ended_has_no_time_out_any_more(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    succeed(breaker)
    assert breaker.due_at() is None
    await clock.advance(60)
    assert breaker.state is HALF_OPEN


@pytest.mark.parametrize("end", [Permit.succeed, Permit.release])
async def test_a_call_that_ends_too_late_counts_as_failed_though_nobody_looked(
    clock: ManualClock, told: Told, end: Callable[[Permit], None]
) -> None:
    breaker = await half_open(clock, told, BreakerSettings(half_open_calls=1))
    late = breaker.acquire()
    await clock.advance(10)
    end(late)
    assert told.causes[2:] == ["not finished in time"]


async def test_without_calls_it_stays_half_open_and_the_next_call_has_all_its_time(
    clock: ManualClock, told: Told
) -> None:
    breaker = await half_open(clock, told, BreakerSettings(half_open_calls=1))
    await clock.advance(1_000)
    assert breaker.state is HALF_OPEN
    permit = breaker.acquire()
    await clock.advance(9)
    permit.succeed()
    assert breaker.state is CLOSED


async def test_a_released_permit_lets_another_call_through(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told, BreakerSettings(half_open_calls=1))
    for _ in range(10):
        permit = breaker.acquire()
        permit.release()
        permit.release()
        permit.fail()
    assert breaker.due_at() is None
    breaker.acquire()
    with pytest.raises(CircuitOpen):
        breaker.acquire()
    assert (breaker.total, breaker.failed) == (5, 5)


# ── permits, calls, records, resets ─────────────────────────────────────────────────────────────────────────────────


def test_a_permit_settles_once(clock: ManualClock) -> None:
    breaker = Breaker(clock, BreakerSettings())
    permit = breaker.acquire()
    permit.succeed()
    permit.fail()
    permit.release()
    assert (breaker.successful, breaker.failed, breaker.calls) == (1, 0, 1)


@pytest.mark.parametrize("settle", [Permit.succeed, Permit.fail])
def test_a_permit_of_before_a_reset_only_counts(clock: ManualClock, settle: Callable[[Permit], None]) -> None:
    breaker = Breaker(clock, BreakerSettings(failure_threshold=1))
    permit = breaker.acquire()
    breaker.reset()
    settle(permit)
    assert (breaker.total, breaker.calls, breaker.last_call_failed, breaker.state) == (1, 0, False, CLOSED)


async def test_a_permit_of_an_earlier_trial_does_not_decide_the_present_one(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    old, other = breaker.acquire(), breaker.acquire()
    other.fail()
    await clock.advance(60)
    assert breaker.state is HALF_OPEN
    old.fail()
    assert breaker.state is HALF_OPEN
    succeed(breaker, 2)
    assert (breaker.state, breaker.failed) == (CLOSED, 7)


async def test_call_hands_on_results_and_errors(clock: ManualClock) -> None:
    breaker = Breaker(clock, BreakerSettings(failure_threshold=1))

    async def answer() -> int:
        return 42

    async def stumble() -> int:
        raise KeyError("mine")

    assert await breaker.call(answer) == 42
    with pytest.raises(KeyError):
        await breaker.call(stumble, ignored=(LookupError,))
    assert (breaker.total, breaker.state) == (1, CLOSED)
    with pytest.raises(KeyError):
        await breaker.call(stumble)
    with pytest.raises(CircuitOpen):
        await breaker.call(answer)
    assert (breaker.successful, breaker.failed, breaker.rejected) == (1, 1, 1)


async def test_a_cancelled_call_gives_its_permit_back(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told, BreakerSettings(half_open_calls=1))
    call = asyncio.create_task(breaker.call(asyncio.Event().wait))
    await asyncio.sleep(0)
    with pytest.raises(CircuitOpen):
        breaker.acquire()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    succeed(breaker)
    assert (breaker.state, breaker.total) == (CLOSED, 6)


async def test_what_is_recorded_counts_like_a_call(clock: ManualClock, told: Told) -> None:
    breaker = Breaker(clock, BreakerSettings(minimum_calls=2, slow_call_ms=10), told)
    breaker.record(True, 10.5)
    breaker.record(True, 11)
    assert told.causes == ["slow calls"]
    breaker.record(False, 1)
    assert (breaker.total, breaker.failures_in_row, breaker.last_call_failed) == (3, 0, False)
    await clock.advance(30)
    breaker.record(True, 1)
    assert breaker.state is HALF_OPEN
    breaker.record(True, 1)
    assert breaker.state is CLOSED
    assert (breaker.successful, breaker.failed, breaker.due_at()) == (4, 1, None)


async def test_what_is_recorded_beyond_the_places_of_a_trial_only_counts(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    breaker.acquire()
    breaker.record(True, 1)
    breaker.record(False, 1)
    assert (breaker.state, breaker.failed) == (HALF_OPEN, 6)


async def test_reset_closes_it(clock: ManualClock, told: Told) -> None:
    breaker = await half_open(clock, told)
    fail(breaker)
    await clock.advance(1)
    breaker.reset()
    assert (breaker.state, breaker.recovery_attempts, breaker.last_reset_s) == (CLOSED, 0, START_S + 31)
    assert (breaker.opened_at_s, breaker.next_attempt_at_s, breaker.due_at()) == (None, None, None)
    assert told[-1] == Transition(4, OPEN, CLOSED, START_S + 31, "reset")


async def test_reset_comes_after_what_time_has_brought_about(clock: ManualClock, told: Told) -> None:
    breaker = opened(clock, told)
    await clock.advance(30)
    breaker.reset()
    assert told.causes[1:] == ["timer", "reset"]


def test_reset_of_a_closed_one_clears_it_without_a_transition(clock: ManualClock, told: Told) -> None:
    breaker = Breaker(clock, BreakerSettings(), told)
    fail(breaker, 4)
    breaker.reset()
    assert (breaker.calls, breaker.failures_in_row, breaker.last_call_failed, told) == (0, 0, False, [])
    assert (breaker.last_reset_s, breaker.failed, breaker.last_failure_s) == (START_S, 4, START_S)
    fail(breaker, 4)
    assert breaker.state is CLOSED


# ── figures, telling, settings ──────────────────────────────────────────────────────────────────────────────────────


def test_durations_are_those_of_the_newest_200(clock: ManualClock) -> None:
    breaker = Breaker(clock, BreakerSettings())
    durations = breaker.durations
    assert (durations.last_ms, durations.average_ms, durations.p95_ms) == (None, None, None)
    breaker.record(True, 7)
    assert (durations.last_ms, durations.average_ms, durations.p95_ms) == (7, 7, 7)
    for duration_ms in range(300, 0, -1):
        breaker.record(True, duration_ms)
    assert (durations.last_ms, durations.average_ms, durations.p95_ms) == (1, 100.5, 190)


async def test_the_moments_of_the_last_success_and_failure(clock: ManualClock) -> None:
    breaker = Breaker(clock, BreakerSettings())
    assert (breaker.last_success_s, breaker.last_failure_s, breaker.last_call_failed) == (None, None, False)
    succeed(breaker)
    await clock.advance(1)
    fail(breaker)
    assert (breaker.last_success_s, breaker.last_failure_s) == (START_S, START_S + 1)
    assert breaker.last_call_failed


def test_a_listener_that_raises_breaks_nothing(clock: ManualClock) -> None:
    numbers = []

    def listen(transition: Transition) -> None:
        numbers.append(transition.number)
        raise RuntimeError

    breaker = Breaker(clock, BreakerSettings(), listen)
    for _ in range(2):
        fail(breaker, 5)
        breaker.reset()
    assert numbers == [1, 2, 3, 4]


def test_a_listener_may_change_the_breaker_and_hears_of_it_afterwards(clock: ManualClock) -> None:
    heard: list[str] = []

    def listen(transition: Transition) -> None:
        heard.append(f"{transition.number} begins")
        if transition.after is OPEN:
            breaker.reset()
        heard.append(f"{transition.number} ends")

    breaker = Breaker(clock, BreakerSettings(failure_threshold=1), listen)
    fail(breaker)
    assert breaker.state is CLOSED
    assert heard == ["1 begins", "1 ends", "2 begins", "2 ends"]


@pytest.mark.parametrize(
    "given",
    [
        {"failure_threshold": 0},
        {"failure_rate_threshold": 0},
        {"failure_rate_threshold": 100.5},
        {"failure_rate_threshold": float("nan")},
        {"slow_call_ms": 0},
        {"window_ms": 999},
        {"reset_timeout_ms": 0},
        {"backoff_multiplier": 0.5},
        {"half_open_calls": 0},
        {"half_open_calls": 1_001},
        {"surprise": 1},
    ],
)
def test_settings_out_of_bounds_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, BreakerSettings)


def test_defaults_are_those_of_the_contract() -> None:
    assert msgspec.to_builtins(msgspec.json.decode(b"{}", type=BreakerSettings)) == {
        "failure_threshold": 5,
        "minimum_calls": 10,
        "failure_rate_threshold": 50.0,
        "slow_call_ms": None,
        "slow_call_rate_threshold": 100.0,
        "window_ms": 60_000,
        "reset_timeout_ms": 30_000,
        "max_reset_timeout_ms": 600_000,
        "backoff_multiplier": 2.0,
        "half_open_calls": 2,
        "half_open_timeout_ms": 10_000,
    }

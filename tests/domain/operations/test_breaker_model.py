"""A breaker beside a slow and simple model of protocol §6, under any order of calls and times."""

from __future__ import annotations

import asyncio
import math

import pytest
import uvloop
from hypothesis import settings as effort
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from duelcast.clock import ManualClock
from duelcast.domain.operations.breaker import Breaker, Permit
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.transitions import BreakerState, Transition
from duelcast.errors import CircuitOpen
from tests.examples import examples

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN
WINDOW_MS = 20_000
BUCKET_MS = 1_000

SETTINGS = st.builds(
    BreakerSettings,
    failure_threshold=st.integers(1, 5),
    minimum_calls=st.integers(1, 8),
    failure_rate_threshold=st.sampled_from([20.0, 50.0, 100.0]),
    slow_call_ms=st.sampled_from([None, 400.0]),
    slow_call_rate_threshold=st.sampled_from([30.0, 100.0]),
    window_ms=st.just(WINDOW_MS),
    reset_timeout_ms=st.sampled_from([500, 4_000]),
    max_reset_timeout_ms=st.sampled_from([1_000, 20_000]),
    backoff_multiplier=st.sampled_from([1.0, 1.5, 2.0]),
    half_open_calls=st.integers(1, 3),
    half_open_timeout_ms=st.sampled_from([500, 3_000]),
)


class Ticket:
    """A call of the model."""

    def __init__(self, model: Model) -> None:
        self.period = model.period
        self.started_ms = model.now_ms
        self.done = False


class Model:
    """Keeps everything, and works it out anew each time."""

    def __init__(self, settings: BreakerSettings) -> None:
        self.settings = settings
        self.now_ms = 0
        self.state = CLOSED
        self.period = 0
        self.ended: list[tuple[int, bool, bool]] = []
        self.in_row = 0
        self.attempts = 0
        self.opened_ms = 0
        self.trial: list[Ticket] = []
        self.passed = 0
        self.ok = self.failed = self.rejected = 0
        self.history: list[BreakerState] = []

    def enter(self, state: BreakerState) -> None:
        self.state = state
        self.period += 1
        self.history.append(state)
        self.trial = []
        self.passed = 0
        if state is OPEN:
            self.opened_ms = self.now_ms
        if state is CLOSED:
            self.clear()

    def clear(self) -> None:
        self.period += 1
        self.ended = []
        self.in_row = self.attempts = 0

    def due_ms(self) -> float:
        """Infinite where nothing is."""
        if self.state is OPEN:
            power = self.settings.backoff_multiplier**self.attempts
            return self.opened_ms + min(self.settings.reset_timeout_ms * power, self.settings.max_reset_timeout_ms)
        return min((ticket.started_ms for ticket in self.trial), default=math.inf) + self.settings.half_open_timeout_ms

    def move(self) -> None:
        if self.now_ms < self.due_ms():
            return
        if self.state is OPEN:
            self.enter(HALF_OPEN)
            return
        for ticket in self.trial:
            if self.now_ms - ticket.started_ms >= self.settings.half_open_timeout_ms:
                ticket.done = True
                self.failed += 1
                self.in_row += 1
        self.attempts += 1
        self.enter(OPEN)

    def begin(self) -> Ticket | None:
        self.move()
        places = self.settings.half_open_calls - len(self.trial) - self.passed
        if self.state is OPEN or (self.state is HALF_OPEN and places == 0):
            self.rejected += 1
            return None
        ticket = Ticket(self)
        if self.state is HALF_OPEN:
            self.trial.append(ticket)
        return ticket

    def end(self, ticket: Ticket, ok: bool) -> None:
        self.move()
        if ticket.done:
            return
        ticket.done = True
        self.count(ok)
        if ticket.period == self.period:
            if ticket in self.trial:
                self.trial.remove(ticket)
            self.outcome(ok, self.now_ms - ticket.started_ms)

    def record(self, ok: bool, duration_ms: float) -> None:
        self.move()
        self.count(ok)
        places = self.settings.half_open_calls - len(self.trial) - self.passed
        if self.state is CLOSED or (self.state is HALF_OPEN and places):
            self.outcome(ok, duration_ms)

    def count(self, ok: bool) -> None:
        if ok:
            self.ok += 1
        else:
            self.failed += 1

    def outcome(self, ok: bool, duration_ms: float) -> None:
        self.in_row = 0 if ok else self.in_row + 1
        if self.state is HALF_OPEN:
            self.passed += ok
            if not ok:
                self.attempts += 1
                self.enter(OPEN)
            elif self.passed == self.settings.half_open_calls:
                self.enter(CLOSED)
            return
        limit_ms = self.settings.slow_call_ms
        self.ended.append((self.now_ms, ok, limit_ms is not None and duration_ms > limit_ms))
        calls, failed, slow = self.rates()
        enough = calls >= self.settings.minimum_calls
        if (
            self.in_row >= self.settings.failure_threshold
            or (enough and failed >= self.settings.failure_rate_threshold)
            or (enough and slow >= self.settings.slow_call_rate_threshold)
        ):
            self.enter(OPEN)

    def rates(self) -> tuple[int, float, float]:
        oldest = self.now_ms // BUCKET_MS - WINDOW_MS // BUCKET_MS
        counted = [one for one in self.ended if one[0] // BUCKET_MS > oldest]
        calls = len(counted)
        failed = sum(not ok for _, ok, _ in counted)
        slow = sum(slow for _, _, slow in counted)
        return calls, 100 * failed / (calls or 1), 100 * slow / (calls or 1)

    def cancel(self, ticket: Ticket) -> None:
        self.move()
        ticket.done = True
        if ticket in self.trial:
            self.trial.remove(ticket)

    def reset(self) -> None:
        self.move()
        if self.state is CLOSED:
            self.clear()
        else:
            self.enter(CLOSED)


class BreakerBesideModel(RuleBasedStateMachine):
    """Rules act on both; invariants compare them."""

    @initialize(settings=SETTINGS)
    def build(self, settings: BreakerSettings) -> None:
        self.runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self.clock = ManualClock()
        self.told: list[Transition] = []
        self.breaker = Breaker(self.clock, settings, self.told.append)
        self.model = Model(settings)
        self.under_way: list[tuple[Permit, Ticket]] = []
        self.grown = (0, 0, 0)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.close()

    def pass_time(self, quarters: int) -> None:
        self.runner.run(self.clock.advance(quarters / 4))
        self.model.now_ms += quarters * 250

    @rule(quarters=st.one_of(st.integers(1, 8), st.integers(9, 120)))
    def time_passes(self, quarters: int) -> None:
        self.pass_time(quarters)

    @rule()
    def time_passes_until_something_is_due(self) -> None:
        due_ms = self.model.due_ms()
        if self.model.now_ms < due_ms < math.inf:
            # On the grid of the others, so that the model's times are whole.
            self.pass_time(-int(-(due_ms - self.model.now_ms) // 250))
        self.model.move()
        self.breaker.advance()

    @rule()
    def a_call_begins(self) -> None:
        ticket = self.model.begin()
        if ticket is None:
            with pytest.raises(CircuitOpen):
                self.breaker.acquire()
        else:
            self.under_way.append((self.breaker.acquire(), ticket))

    @precondition(lambda self: self.under_way)
    @rule(ok=st.booleans(), which=st.integers(0), forget=st.booleans())
    def a_call_ends(self, ok: bool, which: int, forget: bool) -> None:
        place = which % len(self.under_way)
        permit, ticket = self.under_way[place]
        self.model.end(ticket, ok)
        if ok:
            permit.succeed()
        else:
            permit.fail()
        if forget:
            del self.under_way[place]

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0), forget=st.booleans())
    def a_call_is_cancelled(self, which: int, forget: bool) -> None:
        place = which % len(self.under_way)
        permit, ticket = self.under_way[place]
        self.model.cancel(ticket)
        permit.release()
        if forget:
            del self.under_way[place]

    @rule(ok=st.booleans(), count=st.integers(1, 6), duration_ms=st.sampled_from([1.0, 400.0, 400.5]))
    def operations_are_reported(self, ok: bool, count: int, duration_ms: float) -> None:
        for _ in range(count):
            self.model.record(ok, duration_ms)
            self.breaker.record(ok, duration_ms)

    @rule()
    def it_fails_until_a_trial_begins(self) -> None:
        while self.model.state is CLOSED:
            self.operations_are_reported(False, 1, 1.0)
        if self.model.state is OPEN:
            self.time_passes_until_something_is_due()

    @rule()
    def somebody_resets(self) -> None:
        self.model.reset()
        self.breaker.reset()

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        self.model.move()
        breaker, model = self.breaker, self.model
        assert breaker.state is model.state
        assert (breaker.successful, breaker.failed, breaker.rejected) == (model.ok, model.failed, model.rejected)
        assert breaker.failures_in_row == model.in_row
        assert breaker.recovery_attempts == model.attempts
        due_s = breaker.due_at()
        assert (math.inf if due_s is None else due_s) == pytest.approx(model.due_ms() / 1000, abs=1e-9)
        if model.state is CLOSED:
            assert (breaker.calls, breaker.failure_rate, breaker.slow_rate) == pytest.approx(model.rates())

    @invariant()
    def figures_only_grow(self) -> None:
        if hasattr(self, "breaker"):
            now = (self.breaker.successful, self.breaker.failed, self.breaker.rejected)
            assert all(old <= new for old, new in zip(self.grown, now, strict=True))
            self.grown = now

    @invariant()
    def each_transition_is_told_once_and_numbered_without_gaps(self) -> None:
        if hasattr(self, "told"):
            assert [one.number for one in self.told] == list(range(1, len(self.model.history) + 1))
            assert [one.after for one in self.told] == self.model.history
            assert [one.before for one in self.told] == [CLOSED, *self.model.history][:-1]

    @rule()
    def time_and_successes_always_lead_back_to_closed(self) -> None:
        """From any state, with whatever calls under way that never end."""
        for _ in range(4):
            if self.breaker.state is CLOSED:
                return
            due_ms = self.model.due_ms()
            if due_ms < math.inf:
                self.pass_time(-int(-(due_ms - self.model.now_ms) // 250))
            self.model.move()
            while self.breaker.state is HALF_OPEN and (ticket := self.model.begin()) is not None:
                permit = self.breaker.acquire()
                self.model.end(ticket, True)
                permit.succeed()
        assert self.breaker.state is CLOSED


TestBreakerBesideModel = BreakerBesideModel.TestCase
TestBreakerBesideModel.settings = effort(max_examples=examples(150), stateful_step_count=40)

"""Circuit breakers (protocol §6): a service that keeps failing is left alone for a while, and then tried with
a few calls.

A breaker does no I/O and has no tasks. Timed changes happen in `advance`, which the other methods call first; to let a
breaker change its state while nobody calls, sleep until `due_at` and call `advance`.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from duelcast.clock import Clock
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.call_figures import CallWindow, RecentDurations
from duelcast.domain.operations.transitions import Announcer, BreakerState, Transition, TransitionReason
from duelcast.errors import CircuitOpen

_TOLERANCE_S = 1e-6

T = TypeVar("T")


class Permit:
    """The right to one call. The first of `succeed`, `fail` and `release` settles it; later ones do nothing.

    If the breaker changed its state or was reset meanwhile, the outcome is counted but decides nothing.
    """

    __slots__ = ("_breaker", "_period", "_settled", "_started_s")

    def __init__(self, breaker: Breaker, period: int, started_s: float) -> None:
        self._breaker = breaker
        self._period = period
        self._started_s = started_s
        self._settled = False

    def succeed(self) -> None:
        """Report that the call succeeded."""
        self._breaker._settle(self, ok=True)

    def fail(self) -> None:
        """Report that the call failed."""
        self._breaker._settle(self, ok=False)

    def release(self) -> None:
        """Report that the call says nothing about the service, because it was cancelled, or its caller made it fail."""
        self._breaker._give_back(self)


def _ignore(_transition: Transition) -> None:
    pass


class Breaker:
    """The breaker of one service; `on_transition` is called once for every change of state, in order.

    A closed breaker opens at the end of a call if `failure_threshold` calls failed in a row, however far apart, or if
    at least `minimum_calls` ended in the window (exact to 5 %, see `CallWindow`) and the rate of failed or of slow
    calls reached its threshold. An open breaker becomes half open after min(`reset_timeout_ms` ×
    `backoff_multiplier`^n, `max_reset_timeout_ms`), where n is `recovery_attempts`. A half-open breaker lets
    `half_open_calls` through: if all succeed, it closes; if one fails, it opens again with n + 1. Such a call counts as
    failed if it takes longer than `half_open_timeout_ms`. Without calls, the breaker stays half open.

    The figures are as of the last call or `advance`. `successful`, `failed` and `rejected` count calls, and only grow.
    `last_failure_s`, `last_success_s` and `last_reset_s` are epoch seconds, or None if there was none; `opened_at_s`
    and `next_attempt_at_s` are epoch seconds, or None unless the breaker is open. Closing clears `failures_in_row`,
    `last_call_failed` and `recovery_attempts`.
    """

    def __init__(
        self, clock: Clock, settings: BreakerSettings, on_transition: Callable[[Transition], None] = _ignore
    ) -> None:
        self.settings: Final = settings
        self.durations: Final = RecentDurations()
        self.successful = 0
        self.failed = 0
        self.rejected = 0
        self.failures_in_row = 0
        self.last_call_failed = False
        self.recovery_attempts = 0
        self.last_failure_s: float | None = None
        self.last_success_s: float | None = None
        self.last_reset_s: float | None = None
        self.opened_at_s: float | None = None
        self.next_attempt_at_s: float | None = None
        self._clock = clock
        self._announcer = Announcer(clock, on_transition)
        self._state = BreakerState.CLOSED
        self._window = CallWindow(settings.window_ms / 1000)
        self._slow_ms = math.inf if settings.slow_call_ms is None else settings.slow_call_ms
        self._wait_ms = 0.0
        self._period = 0
        # Monotonic seconds.
        self._open_until_s = 0.0
        # The running calls that were let through while half open, the oldest first.
        self._leases: dict[Permit, None] = {}
        self._places = 0
        self._successes_missing = 0

    @property
    def state(self) -> BreakerState:
        self.advance()
        return self._state

    @property
    def total(self) -> int:
        """Calls that ended. This excludes rejected calls, which were never made."""
        return self.successful + self.failed

    @property
    def calls(self) -> int:
        """Calls in the window."""
        return self._current_window().calls

    @property
    def failure_rate(self) -> float:
        """Percent of the calls in the window that failed; 0 without calls."""
        return self._current_window().failure_rate

    @property
    def slow_rate(self) -> float:
        """Percent of the calls in the window that took longer than `slow_call_ms`; 0 without calls."""
        return self._current_window().slow_rate

    def acquire(self) -> Permit:
        """Return a permit for one call; the caller must settle it. Raises `CircuitOpen` if no call may be made now."""
        if self._state is not BreakerState.CLOSED:
            self.advance()
            if self._state is BreakerState.OPEN:
                raise self._rejection("The service failed too often and is left alone for now.")
            if self._state is BreakerState.HALF_OPEN:
                return self._lease()
        return Permit(self, self._period, self._clock.monotonic())

    async def call(self, work: Callable[[], Awaitable[T]], *, ignored: tuple[type[BaseException], ...] = ()) -> T:
        """Run `work` as a call, and return its result. Any Exception that is not `ignored` counts as a failure. Raises
        `CircuitOpen` before `work` begins, and whatever `work` raises."""
        permit = self.acquire()
        try:
            result = await work()
        except BaseException as error:
            if isinstance(error, Exception) and not isinstance(error, ignored):
                permit.fail()
            else:
                permit.release()
            raise
        permit.succeed()
        return result

    def record(self, ok: bool, duration_ms: float) -> None:
        """Record a call that ended and had no permit. While the breaker is half open, the call takes the place of one
        of the `half_open_calls`, if a place is left. If no place is left, or the breaker is open, the call is counted,
        but decides nothing."""
        self.advance()
        self._count(ok, duration_ms)
        if self._state is BreakerState.CLOSED:
            self._judge(ok, duration_ms)
        elif self._state is BreakerState.HALF_OPEN and self._places:
            self._places -= 1
            self._decide(ok)

    def reset(self) -> None:
        """Close the breaker manually, and forget the calls in the window; there is no transition if it is already
        closed."""
        self.advance()
        self.last_reset_s = self._clock.time()
        if self._state is BreakerState.CLOSED:
            self._begin_afresh()
        else:
            self._close("reset")

    def due_at(self) -> float | None:
        """Monotonic seconds at which `advance` will change the state; None while only calls can change it."""
        if self._state is BreakerState.OPEN:
            return self._open_until_s
        for oldest in self._leases:
            return self._ends_s(oldest)
        return None

    def advance(self) -> None:
        """Make the transition that is due, if any: from open to half open, or back to open if a call that was let
        through hangs."""
        due_s = self.due_at()
        if due_s is None or due_s > self._now_s():
            return
        if self._state is BreakerState.OPEN:
            self._places = self._successes_missing = self.settings.half_open_calls
            self.opened_at_s = self.next_attempt_at_s = None
            self._move(BreakerState.HALF_OPEN, "timer")
            return
        ended = [lease for lease in self._leases if self._ends_s(lease) <= self._now_s()]
        for lease in ended:
            lease._settled = True
            self._count(False, self._duration_ms(lease))
        self._fail_again("not finished in time", failures=len(ended))

    def _lease(self) -> Permit:
        if not self._places:
            raise self._rejection("The service is being tried by other calls.")
        self._places -= 1
        permit = Permit(self, self._period, self._clock.monotonic())
        self._leases[permit] = None
        return permit

    def _ends_s(self, lease: Permit) -> float:
        return lease._started_s + self.settings.half_open_timeout_ms / 1000

    def _now_s(self) -> float:
        """The current time, to compare with due times. Sums of seconds are not exact, and a sleep until a due time must
        not seem to end before that time."""
        return self._clock.monotonic() + _TOLERANCE_S

    def _rejection(self, message: str) -> CircuitOpen:
        self.rejected += 1
        due_s = self.due_at()
        if due_s is None:
            return CircuitOpen(message)
        return CircuitOpen(message, retry_after_ms=max(1, math.ceil((due_s - self._clock.monotonic()) * 1000)))

    def _settle(self, permit: Permit, *, ok: bool) -> None:
        if self._state is not BreakerState.CLOSED:
            self.advance()
        if permit._settled:
            return
        permit._settled = True
        duration_ms = self._duration_ms(permit)
        self._count(ok, duration_ms)
        if permit._period != self._period:
            return
        if self._state is BreakerState.CLOSED:
            self._judge(ok, duration_ms)
        else:
            self._leases.pop(permit, None)
            self._decide(ok)

    def _give_back(self, permit: Permit) -> None:
        self.advance()
        if permit in self._leases:
            del self._leases[permit]
            self._places += 1
        permit._settled = True

    def _duration_ms(self, permit: Permit) -> float:
        return (self._clock.monotonic() - permit._started_s) * 1000

    def _count(self, ok: bool, duration_ms: float) -> None:
        self.durations.add(duration_ms)
        if ok:
            self.successful += 1
            self.last_success_s = self._clock.time()
        else:
            self.failed += 1
            self.last_failure_s = self._clock.time()

    def _judge(self, ok: bool, duration_ms: float) -> None:
        """Count a call that ended while closed, and open if a threshold is reached."""
        self.last_call_failed = not ok
        self.failures_in_row = 0 if ok else self.failures_in_row + 1
        window = self._window
        window.add(self._clock.monotonic(), failed=not ok, slow=duration_ms > self._slow_ms)
        settings = self.settings
        if self.failures_in_row >= settings.failure_threshold:
            self._open("failures in a row")
        elif window.calls >= settings.minimum_calls:
            if window.failure_rate >= settings.failure_rate_threshold:
                self._open("failure rate")
            elif window.slow_rate >= settings.slow_call_rate_threshold:
                self._open("slow calls")

    def _decide(self, ok: bool) -> None:
        """Change the state if needed, after a call that took one of the `half_open_calls`."""
        if not ok:
            self._fail_again("failed again")
            return
        self.last_call_failed = False
        self.failures_in_row = 0
        self._successes_missing -= 1
        if not self._successes_missing:
            self._close("recovered")

    def _fail_again(self, cause: TransitionReason, *, failures: int = 1) -> None:
        self.last_call_failed = True
        self.failures_in_row += failures
        self.recovery_attempts += 1
        self._open(cause)

    def _open(self, cause: TransitionReason) -> None:
        settings = self.settings
        # Multiplied step by step, since the power would overflow a float after many attempts.
        longer_ms = self._wait_ms * settings.backoff_multiplier if self.recovery_attempts else settings.reset_timeout_ms
        self._wait_ms = min(longer_ms, settings.max_reset_timeout_ms)
        self._open_until_s = self._clock.monotonic() + self._wait_ms / 1000
        self.opened_at_s = self._clock.time()
        self.next_attempt_at_s = self.opened_at_s + self._wait_ms / 1000
        self._move(BreakerState.OPEN, cause)

    def _close(self, cause: TransitionReason) -> None:
        self._begin_afresh()
        self._move(BreakerState.CLOSED, cause)

    def _begin_afresh(self) -> None:
        self._period += 1
        self._window.clear()
        self.failures_in_row = 0
        self.last_call_failed = False
        self.recovery_attempts = 0
        self.opened_at_s = self.next_attempt_at_s = None

    def _move(self, after: BreakerState, cause: TransitionReason) -> None:
        before, self._state = self._state, after
        self._period += 1
        self._leases.clear()
        self._announcer.announce(before, after, cause)

    def _current_window(self) -> CallWindow:
        self.advance()
        self._window.slide(self._clock.monotonic())
        return self._window

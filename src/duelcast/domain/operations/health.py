"""Watches the health of services: runs their checks, advances their breakers, and notices if services that report
themselves fall silent (protocol §6)."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from math import inf

import structlog

from duelcast.clock import Alarm, Clock
from duelcast.domain.operations.breaker import Breaker
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.check import CheckResult
from duelcast.domain.operations.errors import HealthCheckFailed, ResetFailed
from duelcast.domain.operations.events import Alert, AlertType, Severity
from duelcast.domain.operations.monitored_service import By, RunCheck, Service, Tally
from duelcast.domain.operations.registry import Registry
from duelcast.domain.operations.transitions import BreakerState, Transition
from duelcast.errors import CircuitOpen
from duelcast.logs import exception_fields
from duelcast.tasks import retrieve

MIN_CHECK_INTERVAL_S = 1.0
"""The minimum time between two requested checks of a service; in between, the last result is returned."""
RECENT_CHECK_S = 10.0
"""Callers who are not admins get the last result if it is younger than this."""
MAX_CONCURRENT_CHECKS = 64
_HALF_OPEN_INTERVAL_S = 0.1
_HALF_OPEN_LOOK_S = 1.0
_TOLERANCE_S = 1e-6
_NOT_LET_THROUGH = "The breaker lets no call through at the moment."

_BREAKER_ALERTS: dict[BreakerState, tuple[AlertType, Severity, str]] = {
    BreakerState.OPEN: ("circuit_open", "critical", "Calls fail too often: they are refused for a while."),
    BreakerState.HALF_OPEN: ("circuit_half_open", "warning", "A few calls are let through to test the service."),
    BreakerState.CLOSED: ("circuit_closed", "info", "Calls are let through again."),
}

_log = structlog.get_logger("duelcast.operations")


class Health:
    """Watches all services of a registry; `watch` a service once it is added, `unwatch` it when it is removed."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock
        self._alarm = Alarm(clock)
        self._watching: dict[Service, asyncio.Task[None]] = {}
        self._checks: set[asyncio.Task[CheckResult]] = set()
        self._running = asyncio.Semaphore(MAX_CONCURRENT_CHECKS)
        self._tasks: asyncio.TaskGroup | None = None
        self._reset_by: By | None = None
        self.transitions: Counter[tuple[str, BreakerState]] = Counter()
        """How often the breaker of each service entered each state."""

    # ── adding and removing ─────────────────────────────────────────────────────────────────────────────────────

    def breaker(
        self, name: str, settings: BreakerSettings, also: Callable[[Transition], None] | None = None
    ) -> Breaker:
        """A breaker for the service `name`. All its transitions are passed to `also`; those that occur after the
        service was added are published."""

        def turned(transition: Transition) -> None:
            if also is not None:
                also(transition)
            self._turned(breaker, name, transition)

        breaker = Breaker(self._clock, settings, turned)
        return breaker

    def watch(self, service: Service) -> None:
        """Check the service automatically from now on, or once `run` begins."""
        if self._tasks is not None and service.check is not None:
            self._watching[service] = self._tasks.create_task(self._watch(service))
        self._alarm.ring()

    def unwatch(self, service: Service) -> None:
        """Stop watching the service, and cancel its running check; does nothing if it is not watched."""
        for task in (self._watching.pop(service, None), service.checking):
            if task is not None:
                task.cancel()
        for state in BreakerState:
            self.transitions.pop((service.name, state), None)

    async def run(self) -> None:
        """Until cancelled, check services, advance breakers and notice silence. Then cancel all running checks."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                for service in self._registry:
                    self.watch(service)
                await self._keep_time()
        finally:
            self._tasks = None
            self._watching.clear()
            for check in self._checks:
                check.cancel()
            await asyncio.gather(*self._checks, return_exceptions=True)

    # ── requests ───────────────────────────────────────────────────────────────────────────────────────

    async def check(self, service: Service, by: By, *, not_older_than_s: float = MIN_CHECK_INTERVAL_S) -> CheckResult:
        """Check a service. Concurrent callers share a check; a result younger than `not_older_than_s` is returned at
        once.

        Raises `HealthCheckFailed` if the service cannot be checked.
        """
        if not service.work.running:
            raise HealthCheckFailed(f"`{service.name}` is stopped: start it first.")
        if service.check is None:
            return self._reported(service)
        last, last_s = service.last_check, service.last_check_s
        # While the breaker is open, the last result no longer counts, because it is from before the breaker opened.
        is_open = service.breaker is not None and service.breaker.state is BreakerState.OPEN
        if last is not None and last_s is not None and service.checking is None and not is_open:
            age_s = self._clock.monotonic() - last_s
            if age_s < not_older_than_s:
                return last
        check = self._begin_check(service)
        try:
            result = await asyncio.shield(check)
        except asyncio.CancelledError:
            if check.cancelled():
                raise HealthCheckFailed(f"`{service.name}` was changed or removed meanwhile.") from None
            raise
        # Only one of the callers that share a check publishes the result. If the breaker refused the check, it never
        # ran, and its result, which is not `last_check`, is not published.
        if service.last_check is result and service.published_check is not result:
            service.published_check = result
            self._registry.changed(service, checked_by=by)
        return result

    def reset(self, service: Service, by: By) -> None:
        """Close the breaker manually. Raises `ResetFailed` if there is none."""
        if service.breaker is None:
            raise ResetFailed(f"`{service.name}` has no circuit breaker.")
        turned = service.breaker.state is not BreakerState.CLOSED
        self._reset_by = by
        try:
            service.breaker.reset()
        finally:
            self._reset_by = None
        if not turned:
            self._registry.changed(service, reset_by=by)

    def report(self, service: Service, operations: Sequence[tuple[bool, float]]) -> None:
        """Take a service's report on its own operations: success and duration (ms) of each, in order."""
        assert service.breaker is not None
        for ok, duration_ms in operations:
            service.breaker.record(ok, duration_ms)
        was_waited_for = service.last_report_s is not None and not service.silent
        service.last_report_s = self._clock.monotonic()
        if service.silent:
            service.silent = False
            self._alert(service, "health_recovered", "info", "It reports its operations again.")
        else:
            self._registry.mark_dirty(service)
        if not was_waited_for:
            self._alarm.ring()

    # ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _watch(self, service: Service) -> None:
        while True:
            is_open = service.breaker is not None and service.breaker.state is BreakerState.OPEN
            if service.work.running and not is_open and _interval_s(service) < inf:
                try:
                    await asyncio.shield(self._begin_check(service))
                except HealthCheckFailed:
                    pass
                except Exception as error:
                    # If this were raised, the task group would stop watching all services.
                    _log.error("defect", service=service.name, **exception_fields(error))
            await service.alarm.sleep(_interval_s(service))

    def _begin_check(self, service: Service) -> asyncio.Task[CheckResult]:
        """The running check, or a new one; it completes even if its callers are gone."""
        if service.checking is None:
            assert service.check is not None
            service.checking = asyncio.create_task(self._run_check(service, service.check))
            self._checks.add(service.checking)
            service.checking.add_done_callback(self._checks.discard)
            service.checking.add_done_callback(retrieve)
        return service.checking

    async def _run_check(self, service: Service, check: RunCheck) -> CheckResult:
        try:
            async with self._place(service):
                if service.breaker is None or not service.declaration.checks_are_calls:
                    result = await _result_of(service, check)
                    self._take(service, result)
                    return result
                try:
                    permit = service.breaker.acquire()
                except CircuitOpen:
                    self._registry.mark_dirty(service)
                    return CheckResult(healthy=False, latency_ms=0.0, details=_NOT_LET_THROUGH)
                if service.breaker.due_at() is not None:
                    # A call let through while half open has a time limit, so `_keep_time` must wake in time.
                    self._alarm.ring()
                try:
                    result = await _result_of(service, check)
                except BaseException:
                    permit.release()
                    raise
                # First the result, then its effect on the breaker.
                self._take(service, result)
                (permit.succeed if result.healthy else permit.fail)()
                self._registry.mark_dirty(service)
                return result
        finally:
            service.checking = None

    def _place(self, service: Service) -> AbstractAsyncContextManager[object]:
        """A place among the running checks. The server's own parts need none, so that they never wait for other
        services that hang."""
        return nullcontext() if service.declaration.kind == "internal" else self._running

    def _take(self, service: Service, result: CheckResult) -> None:
        before = service.last_check
        service.checks += 1
        service.checks_s += result.latency_ms / 1000
        service.last_check = result
        service.last_check_s = self._clock.monotonic()
        if isinstance(service.calls, Tally):
            service.calls.add(ok=result.healthy, duration_ms=result.latency_ms)
        if not result.healthy and (before is None or before.healthy):
            self._alert(service, "health_failed", "warning", result.details)
        elif result.healthy and before is not None and not before.healthy:
            self._alert(service, "health_recovered", "info", result.details)
        else:
            self._registry.mark_dirty(service)

    def _reported(self, service: Service) -> CheckResult:
        """The result of the last report."""
        calls = service.calls
        if service.last_report_s is None or not isinstance(calls, Breaker):
            raise HealthCheckFailed(f"`{service.name}` has reported nothing yet.")
        healthy = not service.silent and not calls.last_call_failed
        details = "Its last report was good." if healthy else "It is silent, or its last report was of a failure."
        return CheckResult(healthy=healthy, latency_ms=calls.durations.last_ms or 0.0, details=details)

    # ── time ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _keep_time(self) -> None:
        while True:
            await self._alarm.sleep(self._next_due_s() - self._clock.monotonic())
            now_s = self._clock.monotonic()
            for service in list(self._registry):
                if service.breaker is not None:
                    service.breaker.advance()
                if _silent_at_s(service) <= now_s + _TOLERANCE_S:
                    service.silent = True
                    self._alert(service, "health_failed", "warning", "It no longer reports its operations.")

    def _next_due_s(self) -> float:
        due_s = inf
        for service in self._registry:
            due_s = min(due_s, _silent_at_s(service))
            breaker = service.breaker
            if breaker is None or breaker.state is BreakerState.CLOSED:
                continue
            turns_s = breaker.due_at()
            # While half open without calls, look again soon, because a call and its time limit may begin at any time.
            due_s = min(due_s, self._clock.monotonic() + _HALF_OPEN_LOOK_S if turns_s is None else turns_s)
        return due_s

    # ── publishing ────────────────────────────────────────────────────────────────────────────────────────────

    def _turned(self, breaker: Breaker, name: str, transition: Transition) -> None:
        self._alarm.ring()
        if name not in self._registry or self._registry[name].breaker is not breaker:
            return
        service = self._registry[name]
        self.transitions[name, transition.after] += 1
        service.alarm.ring()
        kind, severity, message = _BREAKER_ALERTS[transition.after]
        self._alert(service, kind, severity, message, transition)

    def _alert(
        self,
        service: Service,
        kind: AlertType,
        severity: Severity,
        message: str,
        transition: Transition | None = None,
    ) -> None:
        _log.info("service_turned", service=service.name, turn=kind)
        alert = Alert(id=str(uuid.uuid4()), type=kind, severity=severity, message=message)
        self._registry.changed(service, alert=alert, transition=transition, reset_by=self._reset_by)


async def _result_of(service: Service, check: RunCheck) -> CheckResult:
    try:
        return await check()
    except Exception as error:
        _log.error("check_crashed", service=service.name, **exception_fields(error))
        raise HealthCheckFailed("The check has a defect: see the log.") from None


def _interval_s(service: Service) -> float:
    """The time between two automatic checks; infinite if there are none."""
    if service.breaker is not None and service.breaker.state is BreakerState.HALF_OPEN:
        # Check often, to use the permits that no call uses.
        return _HALF_OPEN_INTERVAL_S
    declaration = service.declaration
    interval_s = inf if declaration.check_interval_s is None else declaration.check_interval_s
    if declaration.recheck_interval_s is None or service.last_check is None or service.last_check.healthy:
        return interval_s
    return declaration.recheck_interval_s


def _silent_at_s(service: Service) -> float:
    """The time at which a service that reports itself begins to count as silent (monotonic seconds); infinite if
    never."""
    after_s, reported_s = service.declaration.silent_after_s, service.last_report_s
    if after_s is None or reported_s is None or service.silent:
        return inf
    return reported_s + after_s

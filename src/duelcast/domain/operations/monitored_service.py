"""One service: its declaration and its state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, Protocol

from msgspec import Struct

from duelcast.clock import Alarm, Clock
from duelcast.domain.operations.breaker import Breaker
from duelcast.domain.operations.call_figures import RecentDurations
from duelcast.domain.operations.check import CheckResult
from duelcast.domain.operations.events import Alert, BreakerStatus, ServiceKind, ServiceStatus
from duelcast.domain.operations.transitions import BreakerState

RunCheck = Callable[[], Awaitable[CheckResult]]
"""Checks a service. If the service is unhealthy, the result says so; an exception means a defect in the check."""

By = Literal["admin", "system"]
JOINED_S = 0.05
"""If two updates are at most this far apart, the second also carries the reasons for the first. This is longer than the
hub's default flush interval, within which followers may receive only the second."""

RESET = "reset_circuit_breaker"
HEALTH_CHECK = "health_check"
START = "start"
STOP = "stop"
RESTART = "restart"


class Tally:
    """Counts the checks of a service that has no breaker to count them."""

    def __init__(self) -> None:
        self.successful = 0
        self.failed = 0
        self.rejected = 0
        self.durations = RecentDurations()

    @property
    def total(self) -> int:
        return self.successful + self.failed

    def add(self, *, ok: bool, duration_ms: float) -> None:
        """Count a check that ended."""
        self.successful += ok
        self.failed += not ok
        self.durations.add(duration_ms)


class Work(Protocol):
    """The work of a service, which can be started and stopped."""

    @property
    def running(self) -> bool: ...

    @property
    def failure(self) -> str | None:
        """The reason, in our own words, why it is not working although it was started; None otherwise."""

    @property
    def started_at_s(self) -> float | None:
        """The time of its last start (epoch seconds)."""

    @property
    def restarts(self) -> int: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Declaration(Struct, frozen=True, kw_only=True):
    """The declaration of a service. `settings` is the public part of its configuration, without URLs and secrets.

    `check_interval_s` is the time between automatic checks, or None if there are none; after an unhealthy result,
    `recheck_interval_s` (if any) replaces it. If `checks_are_calls` is true, each check itself goes through the
    breaker; otherwise, the calls that the check makes do. `silent_after_s` is the time without a report after which a
    service that reports itself counts as unhealthy.
    """

    name: str
    kind: ServiceKind
    layer: str
    display_name: str
    description: str = ""
    version: str = ""
    dependencies: tuple[str, ...] = ()
    can_be_switched: bool = True
    settings: Mapping[str, object] = {}
    check_interval_s: float | None = None
    recheck_interval_s: float | None = None
    checks_are_calls: bool = True
    silent_after_s: float | None = None


class PublishReason(Struct, frozen=True, kw_only=True):
    """Why a service was published; `at_s` is in monotonic seconds."""

    at_s: float
    previous: ServiceStatus | None
    alert: Alert | None
    checked_by: By | None
    reset_by: By | None

    def joined(self, earlier: PublishReason | None) -> PublishReason:
        """This reason, merged with `earlier` if that was published so recently that followers may receive only the
        newer of the two updates."""
        if earlier is None or self.at_s - earlier.at_s > JOINED_S:
            return self
        return PublishReason(
            at_s=self.at_s,
            previous=earlier.previous or self.previous,
            alert=self.alert or earlier.alert,
            checked_by=self.checked_by or earlier.checked_by,
            reset_by=self.reset_by or earlier.reset_by,
        )


class Service:
    """A service with its state. `metrics` returns the service's own figures, which are shown after those that all
    services have."""

    def __init__(
        self,
        declaration: Declaration,
        clock: Clock,
        *,
        check: RunCheck | None = None,
        breaker: Breaker | None = None,
        work: Work | None = None,
        metrics: Callable[[], Mapping[str, float | None]] = dict,
    ) -> None:
        self.declaration = declaration
        self.check = check
        self.breaker = breaker
        self.calls: Breaker | Tally = breaker or Tally()
        self.work: Work = work or Watching(clock)
        self.own_metrics = metrics
        self.last_check: CheckResult | None = None
        self.last_check_s: float | None = None
        """Monotonic seconds."""
        self.checks = 0
        self.checks_s = 0.0
        """`checks` is how many checks ended, and `checks_s` how long they took in total."""
        self.checking: asyncio.Task[CheckResult] | None = None
        """The running check, which concurrent callers share."""
        self.published_check: CheckResult | None = None
        """The last result that was published with `checked_by`."""
        self.last_report_s: float | None = None
        """Monotonic seconds."""
        self.silent = False
        self.updated_at_s = clock.time()
        self.shown: tuple[ServiceStatus, BreakerStatus] | None = None
        """The last published state."""
        self.cause: PublishReason | None = None
        """The cause of the last publication."""
        self.alarm = Alarm(clock)
        """Ends the wait for the next check."""

    @property
    def name(self) -> str:
        return self.declaration.name

    @property
    def status(self) -> ServiceStatus:
        """The first of the following statuses that applies (protocol §12)."""
        breaker = self.breaker
        if not self.work.running:
            return "stopped"
        if breaker is not None and breaker.state is BreakerState.OPEN:
            return "circuit_open"
        if (
            self.silent
            or self.work.failure is not None
            or (self.last_check is not None and not self.last_check.healthy)
        ):
            return "unhealthy"
        if breaker is not None and (breaker.state is BreakerState.HALF_OPEN or breaker.last_call_failed):
            return "degraded"
        if self.last_check is None and self.last_report_s is None and (breaker is None or breaker.total == 0):
            return "unknown"
        return "healthy"

    @property
    def breaker_status(self) -> BreakerStatus:
        """The state of the breaker, as clients see it (protocol §6)."""
        breaker = self.breaker
        if breaker is None:
            return "disabled"
        if breaker.state is BreakerState.OPEN:
            return "open"
        if breaker.state is BreakerState.HALF_OPEN:
            return "half_open"
        if breaker.total == 0:
            return "initializing"
        return "degraded" if breaker.last_call_failed else "closed"

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that operators may give the service."""
        switches = (START, STOP, RESTART) if self.declaration.can_be_switched else ()
        reset = () if self.breaker is None else (RESET,)
        return (*switches, *reset, HEALTH_CHECK)


class Watching:
    """Stands for the work of a service that runs elsewhere. While this is stopped, the service is not checked."""

    failure: str | None = None

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.running = True
        self.started_at_s: float | None = clock.time()
        self.restarts = 0

    async def start(self) -> None:
        if not self.running:
            self.running = True
            self.started_at_s = self._clock.time()
            self.restarts += 1

    async def stop(self) -> None:
        self.running = False

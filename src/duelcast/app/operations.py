"""The operations of a server: which of its parts are services, and what supervises them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol

from msgspec import structs
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

import duelcast
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.analytics.service import Analytics
from duelcast.domain.audit import AuditTrail
from duelcast.domain.contests.service import Contests
from duelcast.domain.idempotency import IdempotentRequests
from duelcast.domain.market.service import Market
from duelcast.domain.notifications.notifier import Notifier
from duelcast.domain.operations.audit_backlog import AuditBacklog
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.check import BuildCheck, CheckResult
from duelcast.domain.operations.commands import Commands
from duelcast.domain.operations.error_records import ErrorRecords
from duelcast.domain.operations.events import SYSTEM_STATUS, ServiceStatus
from duelcast.domain.operations.health import Health
from duelcast.domain.operations.internal import BROKER, STORE, InternalServices, timed
from duelcast.domain.operations.log_intake import LogIntake
from duelcast.domain.operations.monitored_service import Service
from duelcast.domain.operations.monitored_settings import SettingsMonitor
from duelcast.domain.operations.outside import OutsideServices, ServiceDefinition
from duelcast.domain.operations.registry import Registry
from duelcast.domain.operations.server_status import AFFECTING, StatusBoard, Surroundings
from duelcast.domain.operations.views import service_metrics
from duelcast.domain.settings.service import SystemSettings
from duelcast.feeds.guarded import GuardedFeed
from duelcast.feeds.source import Feed
from duelcast.store.database import Database

STORE_BREAKER = BreakerSettings(reset_timeout_ms=1_000, max_reset_timeout_ms=5_000, half_open_calls=1)
"""The next attempt may follow soon, because a failing commit takes only milliseconds, and only the server itself waits
for the attempt."""
FEED_BREAKER = BreakerSettings(max_reset_timeout_ms=120_000, half_open_calls=1)
"""In the half-open state, the only call is the feed's own attempt. That call ends with the feed's first outcome,
however slow the venue is."""


_REASONS: Mapping[ServiceStatus, str] = {
    "stopped": "It was stopped.",
    "circuit_open": "It failed too often, and is not called for a while.",
}


class Endless(Protocol):
    """Runs until it is cancelled; an exception is a defect."""

    async def run(self) -> None: ...


class Operations:
    """All parts of operations, put together; `endless` are those that must keep running."""

    def __init__(
        self,
        *,
        publisher: Publisher,
        broker: MemoryBroker,
        clock: Clock,
        database: Database,
        audit: AuditTrail,
        idempotency: IdempotentRequests,
        system_settings: SystemSettings,
        surroundings: Surroundings,
        build_check: BuildCheck,
        configured: Mapping[str, ServiceDefinition],
    ) -> None:
        self._clock = clock
        self._broker = broker
        self._database = database
        self.registry = Registry(publisher, clock, database.announce)
        self.health = Health(self.registry, clock)
        self.internal = InternalServices(self.registry, self.health, clock, duelcast.__version__)
        self.audit_backlog = AuditBacklog(audit, database, clock)
        self.errors = ErrorRecords(database, clock)
        self.log_intake = LogIntake()
        self.commands = Commands(self.registry, self.health, self.audit_backlog, database, idempotency, clock)
        self.outside = OutsideServices(
            self.registry, self.health, database, audit, self.errors, clock, build_check, configured
        )
        self.status = StatusBoard(self.registry, publisher, clock, surroundings, duelcast.__version__)
        self.monitor = SettingsMonitor(system_settings, self.status, publisher)
        self._settings = system_settings

    def add_parts(
        self,
        feeds: Sequence[Feed],
        market: Market,
        contests: Contests,
        notifier: Notifier,
        analytics: Analytics,
        *,
        feed_attempt_timeout_s: float,
    ) -> None:
        """Add the parts of the server, beginning with those on which others depend, and then the configured services.
        Raises `ConfigurationError` if two services have the same name, or if a service depends on one that does not
        exist."""
        store_breaker = self.health.breaker(STORE, STORE_BREAKER)
        self._database.guard = store_breaker
        self.internal.add_foundation(STORE, "Store", self._check_store, breaker=store_breaker)
        self.internal.add_foundation(BROKER, "Message broker", self._check_broker)
        self.internal.add_fixed("settings", "infrastructure", "Settings", self._check_settings)
        for feed in feeds:
            self._add_feed(feed, market, feed_attempt_timeout_s)
        self.internal.add_running("scorer", "contest", "Scorer", contests.scorer.run)
        self.internal.add_running("contest_clock", "contest", "Contest clock", contests.clock.run)
        self.internal.add_running("notifier", "infrastructure", "Notifier", notifier.run, metrics=notifier.figures)
        self.internal.add_running(
            "analytics_writer",
            "infrastructure",
            "Analytics writer",
            analytics.writer.run,
            metrics=analytics.figures,
        )
        self.outside.add_configured()

    async def load(self) -> None:
        """Read the stored state, and publish the initial state of maintenance and of the background scene. Raises
        `errors.Unavailable`."""
        await self.errors.load()
        await self.outside.load()
        self.monitor.announce()

    @property
    def endless(self) -> Sequence[Endless]:
        """The parts that must run as long as the server does."""
        return (self.registry, self.health, self.audit_backlog, self.errors, self.status)

    def services(self) -> Mapping[type[Any], Any]:
        """The domain services that endpoints may use, by class."""
        used = (self.registry, self.health, self.commands, self.errors, self.status, self.monitor)
        return {type(service): service for service in used}

    def failures(self) -> Iterable[tuple[str, str]]:
        """The monitored services that do not work, each with the reason, which is a sentence of our own."""
        for service in self.registry:
            status = service.status
            if status in AFFECTING:
                yield service.name, _REASONS.get(status) or _failure_of(service)

    def register(self, registry: CollectorRegistry) -> None:
        """Register the metrics of all parts."""
        for collector in (self, self.audit_backlog, self.errors, self.log_intake):
            registry.register(collector)

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        return service_metrics(self.registry, self.health.transitions)

    def _add_feed(self, feed: Feed, market: Market, attempt_timeout_s: float) -> None:
        name = f"feed_{feed.name}"
        sink = market.sink(feed.name, feed.symbols)
        guarded = GuardedFeed(
            feed,
            sink,
            self._clock,
            lambda turned: self.health.breaker(name, FEED_BREAKER, turned),
            attempt_timeout_s=attempt_timeout_s,
        )

        async def work() -> None:
            # The feed runs only on the node of the cluster that holds the lease.
            async with self._broker.lease(name):
                await guarded.run()

        self.internal.add_running(
            name,
            "data",
            f"Feed {feed.name}",
            work,
            check=guarded.check,
            breaker=guarded.breaker,
            checks_are_calls=False,
            metrics=partial(_feed_figures, market, feed.name),
        )

    async def _check_store(self) -> CheckResult:
        result = await timed(self._database.probe, "It accepts writes.", "It accepts no writes.")
        # A probe that fails sets `Database.failure` to the cause.
        return result if result.healthy else structs.replace(result, details=self._database.failure or result.details)

    async def _check_settings(self) -> CheckResult:
        return await timed(self._settings.check, "They match the stored ones.", "They cannot be read from the store.")

    async def _check_broker(self) -> CheckResult:
        channel = SYSTEM_STATUS.channel()
        return await timed(partial(self._broker.recover, channel), "It answers.", "It does not answer.")


def _failure_of(service: Service) -> str:
    if service.work.failure is not None:
        return service.work.failure
    if service.last_check is not None and not service.last_check.healthy:
        return service.last_check.details
    return "It no longer reports its operations."


def _feed_figures(market: Market, name: str) -> Mapping[str, float | None]:
    state = next(state for state in market.feed_states() if state.name == name)
    return {"symbols": state.symbols, "ageMs": state.age_ms, "records": state.records}

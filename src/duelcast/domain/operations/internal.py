"""The parts of the server itself as services (protocol §6)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from time import perf_counter
from typing import Any

import msgspec

from duelcast.clock import Clock
from duelcast.domain.operations.breaker import Breaker
from duelcast.domain.operations.check import CheckResult
from duelcast.domain.operations.health import Health
from duelcast.domain.operations.monitored_service import Declaration, RunCheck, Service
from duelcast.domain.operations.registry import Registry
from duelcast.domain.operations.runner import Runner
from duelcast.errors import Outage

STORE = "store"
BROKER = "broker"
FOUNDATIONS = (STORE, BROKER)
"""The parts on which all others depend, and which are never switched off."""
CHECK_INTERVAL_S = 10.0
RECHECK_INTERVAL_S = 1.0

Figures = Callable[[], Mapping[str, float | None]]


class InternalServices:
    """Adds parts of the server to a registry, and starts and stops their work with the server."""

    def __init__(self, registry: Registry, health: Health, clock: Clock, version: str) -> None:
        self._registry = registry
        self._health = health
        self._clock = clock
        self._version = version
        self._runners: list[Runner] = []

    def add_foundation(
        self, name: str, title: str, check: RunCheck, *, breaker: Breaker | None = None, metrics: Figures = dict
    ) -> None:
        """Add a part on which others depend. The calls that its checks make go through the breaker, so the checks
        themselves do not."""
        self._add(
            name,
            "infrastructure",
            title,
            check=check,
            breaker=breaker,
            metrics=metrics,
            dependencies=(),
            can_be_switched=False,
            checks_are_calls=False,
        )

    def add_fixed(self, name: str, layer: str, title: str, check: RunCheck) -> None:
        """Add a part that depends on the foundations, and is never switched off."""
        self._add(name, layer, title, check=check, can_be_switched=False)

    def add_running(
        self,
        name: str,
        layer: str,
        title: str,
        work: Callable[[], Coroutine[Any, Any, None]],
        *,
        check: RunCheck | None = None,
        breaker: Breaker | None = None,
        checks_are_calls: bool = True,
        metrics: Figures = dict,
    ) -> None:
        """Add a part that runs until it is stopped. Without `check`, the part is healthy while it runs."""

        def changed() -> None:
            service.alarm.ring()
            self._registry.mark_dirty(service)

        runner = Runner(name, work, self._clock, changed)

        async def at_work() -> CheckResult:
            failure = runner.failure
            return CheckResult(healthy=failure is None, latency_ms=0.0, details=failure or "It is running.")

        service = self._add(
            name,
            layer,
            title,
            check=check or at_work,
            breaker=breaker,
            work=runner,
            metrics=metrics,
            checks_are_calls=checks_are_calls,
        )
        self._runners.append(runner)

    async def start(self) -> None:
        """Start all running parts, in the order in which they were added."""
        for runner in self._runners:
            await runner.start()

    async def stop(self) -> None:
        """Stop all running parts, the last-added first."""
        for runner in reversed(self._runners):
            await runner.stop()

    def _add(
        self,
        name: str,
        layer: str,
        title: str,
        *,
        check: RunCheck,
        breaker: Breaker | None = None,
        work: Runner | None = None,
        metrics: Figures = dict,
        dependencies: tuple[str, ...] = FOUNDATIONS,
        can_be_switched: bool = True,
        checks_are_calls: bool = True,
    ) -> Service:
        settings: dict[str, object] = {"checkIntervalMs": int(CHECK_INTERVAL_S * 1000)}
        if breaker is not None:
            settings["circuit_breaker"] = msgspec.to_builtins(breaker.settings)
        declaration = Declaration(
            name=name,
            kind="internal",
            layer=layer,
            display_name=title,
            version=self._version,
            dependencies=dependencies,
            can_be_switched=can_be_switched,
            settings=settings,
            check_interval_s=CHECK_INTERVAL_S,
            # Parts that are never switched off are vital to others, so their recovery must be noticed soon.
            recheck_interval_s=None if can_be_switched else RECHECK_INTERVAL_S,
            checks_are_calls=checks_are_calls,
        )
        service = Service(declaration, self._clock, check=check, breaker=breaker, work=work, metrics=metrics)
        self._registry.put(service)
        self._health.watch(service)
        return service


async def timed(work: Callable[[], Awaitable[object]], well: str, ill: str) -> CheckResult:
    """Run `work` as a check, which is healthy (details: `well`) unless `work` raises `errors.Unavailable` (details:
    `ill`)."""
    began_s = perf_counter()
    try:
        await work()
    except Outage:
        return CheckResult(healthy=False, latency_ms=_since_ms(began_s), details=ill)
    return CheckResult(healthy=True, latency_ms=_since_ms(began_s), details=well)


def _since_ms(began_s: float) -> float:
    return (perf_counter() - began_s) * 1000

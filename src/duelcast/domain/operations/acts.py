"""Acts of operators in the audit trail, also while the store is out of reach."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.clock import Clock
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.errors import Unavailable
from duelcast.store.database import CutOff, Database, Transaction

MAX_WAITING = 1_000
RETRY_S = 1.0

_log = structlog.get_logger("duelcast.operations")


class ActLog:
    """Acts that have happened, such as the reset of the store's own breaker: what cannot be stored at once waits, at
    most 1,000 of them; those beyond are in the log alone, and counted."""

    def __init__(self, audit: AuditTrail, database: Database, clock: Clock) -> None:
        self._audit = audit
        self._database = database
        self._clock = clock
        self._waiting: deque[tuple[Actor, str, str, dict[str, Any], str, int]] = deque()
        self._dropped = 0
        self._storing = asyncio.Lock()

    async def record(self, actor: Actor, action: str, target: str, details: dict[str, Any], outcome: str) -> None:
        """Store an act, with the time of this moment; returns when it is stored, or waits to be."""
        act = (actor, action, target, details, outcome, int(self._clock.time() * 1000))
        _log.info("act", wallet=actor.wallet, action=action, target=target, outcome=outcome)
        if self._waiting or not await self._store(act):
            if len(self._waiting) < MAX_WAITING:
                self._waiting.append(act)
            else:
                self._dropped += 1

    async def run(self) -> None:
        """Store what waits once the store is back, until cancelled."""
        while True:
            await self._clock.sleep(RETRY_S)
            await self._store_waiting()

    async def close(self) -> None:
        """Store what waits; what cannot be stored now is in the log alone."""
        await self._store_waiting()
        if self._waiting:
            _log.error("acts_not_stored", count=len(self._waiting))

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily(
            "duelcast_audit_waiting_acts", "Acts of operators that are not stored yet.", value=len(self._waiting)
        )
        yield CounterMetricFamily(
            "duelcast_audit_dropped_acts", "Acts of operators that could not be stored.", value=self._dropped
        )

    async def _store_waiting(self) -> None:
        async with self._storing:
            while self._waiting and await self._store(self._waiting[0]):
                self._waiting.popleft()

    async def _store(self, act: tuple[Actor, str, str, dict[str, Any], str, int]) -> bool:
        actor, action, target, details, outcome, at_ms = act

        async def work(transaction: Transaction) -> None:
            await self._audit.record(transaction, actor, action, target, details, outcome, at_ms=at_ms)

        try:
            await self._database.write(work)
        except (Unavailable, CutOff):
            return False
        return True

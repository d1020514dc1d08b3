"""Acts of operators in the audit trail, also while the store is out of reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.clock import Clock
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.operations.backlog import Backlog
from duelcast.errors import AppError
from duelcast.logs import exception_fields
from duelcast.store.database import CutOff, Database, Transaction

MAX_WAITING = 1_000

_log = structlog.get_logger("duelcast.operations")


@dataclass(frozen=True, slots=True, eq=False)
class _Act:
    actor: Actor
    action: str
    target: str
    details: dict[str, Any]
    outcome: str
    at_ms: int


class ActLog:
    """Acts that have happened, such as the reset of the store's own breaker: what cannot be stored at once waits, at
    most 1,000 of them; those beyond are in the log alone, and counted."""

    def __init__(self, audit: AuditTrail, database: Database, clock: Clock) -> None:
        self._audit = audit
        self._database = database
        self._clock = clock
        self._backlog = Backlog[_Act](clock, self._store, self._give_up)
        self.run = self._backlog.run
        self._dropped = 0

    async def record(self, actor: Actor, action: str, target: str, details: dict[str, Any], outcome: str) -> None:
        """Store an act, with the time of this moment; returns when it is stored, or waits to be."""
        act = _Act(actor, action, target, details, outcome, int(self._clock.time() * 1000))
        _log.info("act", wallet=actor.wallet, action=action, target=target, outcome=outcome)
        if self._backlog:
            self._retry_later(act)
        else:
            with suppress(AppError, CutOff):
                await self._store(act)

    async def close(self) -> None:
        """Store what waits; what cannot be stored now is in the log alone."""
        await self._backlog.flush()
        if self._backlog:
            _log.error("acts_not_stored", count=len(self._backlog))

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily(
            "duelcast_audit_waiting_acts", "Acts of operators that are not stored yet.", value=len(self._backlog)
        )
        yield CounterMetricFamily(
            "duelcast_audit_dropped_acts", "Acts of operators that could not be stored.", value=self._dropped
        )

    async def _store(self, act: _Act) -> None:
        await self._database.write_batched(
            self._record_all, act, lambda _nothing: self._backlog.discard(act), partial(self._refuse, act)
        )

    async def _record_all(self, transaction: Transaction, acts: Sequence[_Act]) -> Sequence[None]:
        for act in acts:
            await self._audit.record(
                transaction, act.actor, act.action, act.target, act.details, act.outcome, at_ms=act.at_ms
            )
        return [None] * len(acts)

    def _refuse(self, act: _Act, refusal: Exception) -> None:
        if isinstance(refusal, AppError | CutOff):
            self._retry_later(act)

    def _retry_later(self, act: _Act) -> None:
        if act in self._backlog or len(self._backlog) < MAX_WAITING:
            self._backlog.retry(act)
        else:
            self._dropped += 1

    def _give_up(self, act: _Act, error: BaseException) -> None:
        self._dropped += 1
        _log.error("act_not_stored", action=act.action, **exception_fields(error))

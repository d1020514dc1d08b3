"""Records actions of operators in the audit trail, even while the store is unreachable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.clock import Clock, time_ms
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.operations.backlog import Backlog
from duelcast.errors import AppError
from duelcast.logs import exception_fields
from duelcast.store.database import Database, Transaction
from duelcast.store.savepoints import CutOff

MAX_WAITING = 1_000

Beside = Callable[[Transaction], Awaitable[None]]

_log = structlog.get_logger("duelcast.operations")


@dataclass(slots=True, eq=False)
class _AuditEntry:
    """`beside` is done in the transaction that stores the entry. `stored`: a retry has nothing left to do, because the
    outcome of an earlier attempt became known late."""

    actor: Actor
    action: str
    target: str
    details: dict[str, Any]
    outcome: str
    at_ms: int
    beside: Beside | None = None
    stored: bool = False


class AuditBacklog:
    """Records actions that have already taken effect, such as the reset of the store's own breaker. Every action is
    logged. At most 1,000 actions that cannot be stored at once wait; further ones are counted as dropped, and remain
    only in the log."""

    def __init__(self, audit: AuditTrail, database: Database, clock: Clock) -> None:
        self._audit = audit
        self._database = database
        self._clock = clock
        self._backlog = Backlog[_AuditEntry](clock, self._store, self._give_up)
        self.run = self._backlog.run
        self._dropped = 0

    async def record(
        self,
        actor: Actor,
        action: str,
        target: str,
        details: dict[str, Any],
        outcome: str,
        beside: Beside | None = None,
    ) -> None:
        """Log an action, and store it with the present time; do `beside` in the same transaction. If the action cannot
        be stored at once, this does not wait until it is."""
        entry = _AuditEntry(actor, action, target, details, outcome, time_ms(self._clock), beside)
        _log.info("act", wallet=actor.wallet, action=action, target=target, outcome=outcome)
        if self._backlog:
            self._retry_later(entry)
        else:
            with suppress(AppError, CutOff):
                await self._store(entry)

    async def close(self) -> None:
        """Store the waiting actions; those that cannot be stored now remain only in the log."""
        await self._backlog.flush()
        if self._backlog:
            _log.error("audit_entries_not_stored", count=len(self._backlog))

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily(
            "duelcast_audit_waiting_entries", "Operators' actions that are not stored yet.", value=len(self._backlog)
        )
        yield CounterMetricFamily(
            "duelcast_audit_dropped_entries", "Operators' actions that could not be stored.", value=self._dropped
        )

    async def _store(self, entry: _AuditEntry) -> None:
        await self._database.write_batched(
            self._record_all, entry, lambda _nothing: self._stored(entry), partial(self._refuse, entry)
        )

    def _stored(self, entry: _AuditEntry) -> None:
        entry.stored = True
        self._backlog.discard(entry)

    async def _record_all(self, transaction: Transaction, entries: Sequence[_AuditEntry]) -> Sequence[None]:
        for entry in entries:
            if entry.stored:
                continue
            await self._audit.record(
                transaction, entry.actor, entry.action, entry.target, entry.details, entry.outcome, at_ms=entry.at_ms
            )
            if entry.beside is not None:
                await entry.beside(transaction)
        return [None] * len(entries)

    def _refuse(self, entry: _AuditEntry, refusal: Exception) -> None:
        if isinstance(refusal, AppError | CutOff):
            self._retry_later(entry)

    def _retry_later(self, entry: _AuditEntry) -> None:
        if entry in self._backlog or len(self._backlog) < MAX_WAITING:
            self._backlog.retry(entry)
        else:
            self._dropped += 1

    def _give_up(self, entry: _AuditEntry, error: BaseException) -> None:
        self._dropped += 1
        _log.error("audit_entry_not_stored", action=entry.action, **exception_fields(error))

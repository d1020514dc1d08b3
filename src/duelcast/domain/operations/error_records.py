"""Errors of the server's own parts, and errors that services report (protocol §7, `error_alert`)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.clock import Alarm, Clock
from duelcast.domain.idempotency import Once
from duelcast.domain.operations.error_events import ErrorRecord
from duelcast.domain.operations.error_groups import ErrorGroup, ErrorKey, OpenGroups, error_record
from duelcast.domain.operations.error_storing import ErrorRetention, ErrorStoring, Recorded
from duelcast.errors import Unavailable
from duelcast.logs import exception_fields
from duelcast.scrubbing import scrub, scrub_value
from duelcast.store import errors as store
from duelcast.store.database import Database
from duelcast.store.errors import ErrorFilter, ErrorLevel

MAX_SOURCE_CHARACTERS = 128
_RETRY_MS = 1_000
_DROPPED = ErrorKey("duelcast", "duelcast.errors", "warning", "Errors occurred faster than they could be stored.")

log = structlog.get_logger("duelcast.errors")


class ErrorRecords:
    """Scrubs errors, groups equal ones, publishes them to admins and stores them.

    The first of equal errors is published at once; if more follow within 10 s, their count is published at the end of
    that time. At most 1,000 groups wait for the store; beyond that, errors that would begin a new group are dropped and
    counted, and a record says how many were dropped. `retention` deletes old records.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.retention = ErrorRetention(database, clock)
        self._database = database
        self._clock = clock
        self._open = OpenGroups()
        self._opened = Alarm(clock)
        self._storing = ErrorStoring(database, clock, self._stored, self._open.remove)
        self._last_id = 0
        self._recorded: Counter[ErrorLevel] = Counter()
        self._dropped = 0
        self._dropped_unreported = 0

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def load(self) -> None:
        """Let new ids continue after the highest stored one. Raises `errors.Unavailable`."""
        async with self._database.read() as transaction:
            self._last_id = max(self._last_id, await store.last_id(transaction))

    async def run(self) -> None:
        """End and store groups, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._end_groups())
            tasks.create_task(self._storing.run())

    async def close(self) -> None:
        """End all groups, and store them if the store is reachable; call this after `run` has ended."""
        self._end(self._open.take_ended(float("inf")))
        await self._storing.flush()

    # ── taking ──────────────────────────────────────────────────────────────────────────────────────────────────

    def take(
        self, service: str, source: str, level: ErrorLevel, error: str, details: Mapping[str, Any] | None = None
    ) -> None:
        """Record an error of `service`, a valid name (protocol §1.1); `source` is a part of the service. This
        neither raises nor waits.

        Must be called in the thread of the event loop.
        """
        try:
            group = self._count(service, source, level, error, details or {})
            if group is None:
                self._dropped += 1
                self._dropped_unreported += 1
            elif not (group.pushed or group.publishing):
                self._push_first(group)
        except Exception as failure:
            self._dropped += 1
            log.warning("error_not_taken", **exception_fields(failure))

    async def post(
        self,
        service: str,
        source: str,
        level: ErrorLevel,
        error: str,
        details: Mapping[str, Any] | None = None,
        once: Once | None = None,
    ) -> Recorded:
        """Record an error as `take` does, but return once it is stored; the result is also the answer of `once`. If
        this raises `errors.Unavailable`, the error was not recorded."""
        group = self._count(service, source, level, error, details or {})
        if group is None:
            raise Unavailable("Too many errors are waiting to be stored. Try again.", retry_after_ms=_RETRY_MS)
        return await self._storing.post(group, once)

    def _count(
        self, service: str, source: str, level: ErrorLevel, error: str, details: Mapping[str, Any]
    ) -> ErrorGroup | None:
        """Count the error in its group; None if there is no room for a new group."""
        key = ErrorKey(service, scrub(source)[:MAX_SOURCE_CHARACTERS], level, scrub(error))
        group = self._open.find(key)
        if group is None:
            if self._storing.is_full:
                return None
            group = self._begin(key, details)
        group.count += 1
        self._recorded[level] += 1
        return group

    def _begin(self, key: ErrorKey, details: Mapping[str, Any]) -> ErrorGroup:
        scrubbed = scrub_value(details)
        self._last_id = max(self._last_id + 1, int(self._clock.time() * 1e6))
        group = ErrorGroup(
            key,
            scrubbed if isinstance(scrubbed, dict) else {"details": scrubbed},
            self._last_id,
            self._clock.monotonic(),
        )
        crowded_out = self._open.add(group)
        if crowded_out is not None:
            self._end([crowded_out])
        self._opened.ring()
        return group

    # ── the end of a group ─────────────────────────────────────────────────────────────────────────────────

    def _push_first(self, group: ErrorGroup) -> None:
        group.pushed = True
        self._push(group, 1)
        if not group.stored_count:
            self._storing.add(group)

    def _push(self, group: ErrorGroup, count: int) -> None:
        self._database.announce(group.alert(count))

    async def _end_groups(self) -> None:
        while True:
            await self._opened.sleep(self._open.next_end_s() - self._clock.monotonic())
            self._end(self._open.take_ended(self._clock.monotonic()))
            self._report_dropped()

    def _end(self, groups: Iterable[ErrorGroup]) -> None:
        for group in groups:
            group.ended = True
            if group.pushed and group.count > 1:
                self._push(group, group.count)
            if group.count > group.stored_count:
                self._storing.add(group)

    def _stored(self, _group: ErrorGroup) -> None:
        self.retention.added()
        self._report_dropped()

    def _report_dropped(self) -> None:
        if self._dropped_unreported and not self._storing.is_full and self._open.find(_DROPPED) is None:
            dropped, self._dropped_unreported = self._dropped_unreported, 0
            self.take(*_DROPPED, {"dropped": dropped})

    # ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def recent(
        self, limit: int, service: str | None = None, level: ErrorLevel | None = None
    ) -> tuple[list[ErrorRecord], int]:
        """At most `limit` records of `service` and `level` (None selects all), newest first, and how many records
        match; both include records that are still waiting for the store. Raises `errors.Unavailable`."""
        wanted = ErrorFilter(service, level)
        waiting = {group.id: group for group in self._storing.waiting() if group.pushed and _fits(group.key, wanted)}
        async with self._database.read() as transaction:
            rows = await store.newest(transaction, wanted, limit)
            total = await store.count(transaction, wanted)
            known = await store.find_ids(transaction, waiting) if waiting else set()
        counts = self._open.counts() | {group.id: group.count for group in waiting.values()}
        unstored = [group.row(group.count) for group in waiting.values() if group.id not in known]
        newest = sorted([*rows, *unstored], key=lambda row: row.id, reverse=True)[:limit]
        return [error_record(row, counts.get(row.id)) for row in newest], total + len(unstored)

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        recorded = CounterMetricFamily("duelcast_errors", "Errors recorded, including repeated ones.", labels=["level"])
        for level, number in self._recorded.items():
            recorded.add_metric([level], number)
        yield recorded
        yield CounterMetricFamily("duelcast_errors_dropped", "Errors not recorded.", value=self._dropped)
        yield CounterMetricFamily(
            "duelcast_errors_not_stored", "Records that the store refused.", value=self._storing.defects
        )
        yield GaugeMetricFamily("duelcast_errors_waiting", "Records waiting for the store.", value=len(self._storing))


def _fits(key: ErrorKey, wanted: ErrorFilter) -> bool:
    return wanted.service in (None, key.service) and wanted.level in (None, key.level)

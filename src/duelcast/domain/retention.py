"""Retention: a table of rules that say what is deleted and when, and one job that applies them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.clock import Alarm, Clock
from duelcast.errors import AppError
from duelcast.logs import exception_fields
from duelcast.store.database import Database, Transaction

INTERVAL_S = 3_600.0
ROWS_PER_WRITE = 1_000
"""Small enough that other writes can run in between."""


log = structlog.get_logger("duelcast.retention")


class Rule(NamedTuple):
    """`delete_old` is called with the values of `settings`, each a number of days. It deletes older rows and returns
    how many; if it raises `errors.Unavailable`, some may be left."""

    settings: tuple[str, ...]
    delete_old: Callable[..., Awaitable[int]]


class RetentionJob:
    """Applies `table`, which has the rule for each kind of data. `days` has the values of the settings by key, and may
    be replaced at any time.

    A rule that fails does not keep the others from running. If the database is unreachable, the job does not retry
    until the next hourly run.
    """

    def __init__(self, table: Mapping[str, Rule], days: Mapping[str, float], clock: Clock) -> None:
        self.table = table
        self.days = days
        self._clock = clock
        self._alarm = Alarm(clock)
        self._hastened: set[str] = set()
        self._deleted: Counter[str] = Counter()
        self._last_s: float | None = None

    def hasten(self, what: str) -> None:
        """Apply the rule for `what` soon."""
        self._hastened.add(what)
        self._alarm.ring()

    async def run(self) -> None:
        """Delete old rows now and once an hour, until cancelled."""
        while True:
            await self._apply(self.table)
            self._last_s = self._clock.time()
            due_s = self._clock.monotonic() + INTERVAL_S
            while (left_s := due_s - self._clock.monotonic()) > 0:
                await self._alarm.sleep(left_s)
                hastened, self._hastened = self._hastened, set()
                await self._apply(hastened)

    async def _apply(self, whats: Iterable[str]) -> None:
        for what in whats:
            rule = self.table[what]
            try:
                self._deleted[what] += await rule.delete_old(*[self.days[key] for key in rule.settings])
            except AppError:
                pass  # the database has logged it
            except Exception as error:
                log.error("defect", what=what, **exception_fields(error))

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        deleted = CounterMetricFamily(
            "duelcast_retention_deleted_rows", "Rows that were deleted because of their age or number.", labels=["what"]
        )
        for what in self.table:
            deleted.add_metric([what], self._deleted[what])
        yield deleted
        yield GaugeMetricFamily(
            "duelcast_retention_last_run_timestamp_seconds",
            "When the last complete run ended.",
            value=self._last_s or 0,
        )


async def delete_in_pieces(database: Database, delete: Callable[[Transaction, int], Awaitable[int]]) -> int:
    """Call `delete` in one write after another until no row to delete is left, and return the total. `delete` deletes
    at most the given number of rows and returns how many. Raises `errors.Unavailable`."""
    deleted = 0
    while True:
        portion = await database.write(lambda transaction: delete(transaction, ROWS_PER_WRITE))
        deleted += portion
        if portion < ROWS_PER_WRITE:
            return deleted

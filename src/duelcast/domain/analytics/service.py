"""Connects the parts of analytics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from prometheus_client.core import GaugeMetricFamily, Metric

from duelcast.channels.broker import Broker
from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock, time_ms
from duelcast.domain.analytics.activity import Activity, Traffic
from duelcast.domain.analytics.dashboard import Dashboard
from duelcast.domain.analytics.events import ServerStats
from duelcast.domain.analytics.figures import Figures
from duelcast.domain.analytics.metrics import EventFeed, Metrics
from duelcast.domain.analytics.roll_up import RollUp
from duelcast.domain.analytics.series import MAX_NAMES, Series
from duelcast.domain.analytics.writer import AnalyticsWriter, EventCounters, StoredEvents
from duelcast.ratelimit import Allowance
from duelcast.store import analytics as store
from duelcast.store.analytics import MINUTES_PER_DAY, MS_PER_MINUTE
from duelcast.store.database import Database

_MINUTES_PER_READ = 360
_S_PER_DAY = 86_400.0


class AnalyticsSettings(Struct, frozen=True, kw_only=True):
    """`metrics_per_connection` limits how many metrics a connection follows. A wallet may store `event_bytes_per_day` ×
    `rate_limit_factor` bytes of events a day; if either is 0, there is no limit."""

    metrics_per_connection: int = 100
    event_bytes_per_day: float = 0
    rate_limit_factor: float = 1


class Analytics:
    """`writer` runs as a service of its own; `run` does the rest. `traffic` is called whenever figures about
    connections or messages are needed, `endpoints` are the names of all endpoints, and `settings` may be replaced at
    any time."""

    def __init__(
        self,
        publisher: Publisher,
        broker: Broker,
        clock: Clock,
        database: Database,
        traffic: Callable[[], Traffic],
        endpoints: Sequence[str],
        settings: AnalyticsSettings,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._database = database
        self.counters = EventCounters()
        self.series = Series(clock)
        self.activity = Activity(clock, traffic)
        self._figures = Figures(clock, traffic, self.counters, endpoints)
        self._feed = EventFeed(publisher, clock)
        self.metrics = Metrics(clock, self.series, self._figures, self._feed)
        self.dashboard = Dashboard(
            publisher, broker, clock, self.activity, self._figures, self.series, self.metrics, self._feed
        )
        quota = Allowance(
            clock,
            lambda: (self.settings.event_bytes_per_day, self.settings.rate_limit_factor),
            _over_quota,
            per_s=_S_PER_DAY,
        )
        self.writer = AnalyticsWriter(database, self.counters, self.series.counted_as, self._stored, quota)
        self.roll_up = RollUp(database, clock, self.series)

    async def load(self) -> None:
        """Read the counts of the stored events; call this once, before the first use. Raises `errors.Unavailable`."""
        now_minute = time_ms(self._clock) // MS_PER_MINUTE
        async with self._database.read() as transaction:
            # One more than the known names, because `OTHER` may be among them.
            totals = await store.earliest_totals(transaction, MAX_NAMES + 1)
            self.series.restore(totals, await store.total(transaction))
            for first in range(now_minute - MINUTES_PER_DAY + 1, now_minute + 1, _MINUTES_PER_READ):
                end = min(first + _MINUTES_PER_READ, now_minute + 1)
                sums = await store.sums_between(transaction, first, end)
                known = [one.event for one in totals]
                self.series.restore_minutes(await store.counts_between(transaction, first, end, known), sums)

    async def run(self) -> None:
        """Publish the dashboard and the followed metrics, until cancelled."""
        await self.dashboard.run()

    async def stats(self) -> ServerStats:
        """Figures of the server."""
        return self._figures.stats((await self.activity.audience()).count)

    def figures(self) -> Mapping[str, float | None]:
        """The figures of the service `analytics_writer`."""
        counters = self.counters
        return {
            "waiting": counters.waiting,
            "stored": counters.stored,
            "duplicate": counters.duplicate,
            "refused": counters.refused,
            "overQuota": counters.over_quota,
        }

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield from self.counters.collect()
        yield GaugeMetricFamily("duelcast_active_users", "Active wallets.", value=self.activity.count())
        kept = GaugeMetricFamily(
            "duelcast_events_kept", "Events stored, by name, without those whose counts were deleted.", labels=["event"]
        )
        for event, total in self.series.totals().items():
            kept.add_metric([event], total)
        yield kept

    def _stored(self, added: StoredEvents) -> None:
        self.series.add(added.counts)
        self._feed.add(added.events)


def _over_quota(capacity: float) -> str:
    return f"You may store {capacity:,.0f} bytes of events a day: send fewer or smaller ones, and try again later."

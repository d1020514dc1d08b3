"""Notifications as the rest of the server sees them."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, Metric

from duelcast.channels.broker import Broker
from duelcast.clock import Clock
from duelcast.domain.audit import AuditTrail
from duelcast.domain.notifications.inboxes import Inboxes
from duelcast.domain.notifications.posting import Posting
from duelcast.domain.notifications.reading import InboxReader
from duelcast.domain.notifications.removing import Removals
from duelcast.store.database import Database


class Notifications:
    """`inboxes` writes, `posting` takes notifications from outside, `reader` reads, `removals` removes."""

    def __init__(self, database: Database, broker: Broker, audit: AuditTrail, clock: Clock) -> None:
        self.inboxes = Inboxes(database, clock)
        self.posting = Posting(self.inboxes, database, audit, clock)
        self.reader = InboxReader(database, broker)
        self.removals = Removals(database, audit, clock)

    async def run(self) -> None:
        """Remove expired notifications, until cancelled."""
        await self.removals.run()

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield CounterMetricFamily(
            "duelcast_notifications_stored", "Notifications that were stored.", value=self.inboxes.stored
        )
        yield CounterMetricFamily(
            "duelcast_notifications_removed", "Notifications that were removed.", value=self.removals.removed
        )

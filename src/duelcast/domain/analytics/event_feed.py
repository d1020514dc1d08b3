"""The metric `event`: stored events as they come, for followers."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.analytics.events import MAX_EVENTS, METRIC, EventRecord, MetricData, MetricUpdate
from duelcast.domain.conflation import Conflator
from duelcast.store.analytics import NewEvent
from duelcast.wire.timestamps import format_ms, format_time

EVENT = "event"
INTERVAL_MS = 100


class EventFeed:
    """Publishes the events stored since the last time, at most once per `INTERVAL_MS`, and only while it is
    followed."""

    def __init__(self, publisher: Publisher, clock: Clock) -> None:
        self._publisher = publisher
        self._clock = clock
        self._newest: deque[NewEvent] = deque(maxlen=MAX_EVENTS)
        self._count = 0
        self._due = Conflator(clock, lambda: INTERVAL_MS, self._push)

    def add(self, events: Sequence[NewEvent]) -> None:
        """Publish the stored `events` soon."""
        if events and self._publisher.is_followed(METRIC.channel(EVENT)):
            self._newest.extend(events)
            self._count += len(events)
            self._due.offer(EVENT)

    def update(self, events: Sequence[NewEvent] = (), count: int = 0) -> MetricUpdate:
        """The newest `events` of `count`; without arguments, the initial value for a follower."""
        records = [
            EventRecord(wallet=one.wallet, event=one.event, timestamp=format_ms(one.received_ms)) for one in events
        ]
        data = MetricData(
            value=count, timestamp=format_time(self._clock.time()), events=records, skipped=count - len(records)
        )
        return MetricUpdate(metric=EVENT, data=data)

    async def run(self) -> None:
        """Publish what waits for its interval, until cancelled."""
        await self._due.run()

    def _push(self, _key: str) -> bool:
        update = self.update(list(self._newest), self._count)
        self._newest.clear()
        self._count = 0
        self._publisher.publish(METRIC.channel(EVENT), update)
        return True

"""The dashboard and the metrics, computed and pushed only while somebody follows them."""

from __future__ import annotations

import asyncio
from math import inf

import structlog

from duelcast.channels.broker import Broker
from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.analytics.activity import Activity, Audience
from duelcast.domain.analytics.events import DASHBOARD, METRIC, ActiveUsers, DashboardUpdate, EventCount, MetricUpdate
from duelcast.domain.analytics.figures import Figures
from duelcast.domain.analytics.metrics import ACTIVE_USERS, EVENT, EventFeed, Metrics
from duelcast.domain.analytics.series import Series
from duelcast.logs import exception_fields

TURN_S = 1.0
REPEAT_S = 5.0
TOP_EVENTS = 10
_TOLERANCE_S = 1e-6

log = structlog.get_logger("duelcast.analytics")


class Dashboard:
    """Computes the dashboard once a second while somebody follows it, and remembers the last published state to detect
    changes."""

    def __init__(
        self,
        publisher: Publisher,
        broker: Broker,
        clock: Clock,
        activity: Activity,
        figures: Figures,
        series: Series,
        metrics: Metrics,
        feed: EventFeed,
    ) -> None:
        self._publisher = publisher
        self._broker = broker
        self._clock = clock
        self._activity = activity
        self._figures = figures
        self._series = series
        self._metrics = metrics
        self._feed = feed
        self._published: Audience | None = None
        self._last_s = -inf

    async def begin(self) -> tuple[DashboardUpdate, ActiveUsers]:
        """The present state, for a new follower."""
        audience = await self._activity.audience()
        if self._published is None:
            self._published, self._last_s = audience, self._clock.monotonic()
        return self._update(audience), audience.shown

    async def metric(self, metric: str) -> MetricUpdate:
        """The present value of a metric, for a new follower."""
        active_users = (await self._activity.audience()).count if metric == ACTIVE_USERS else 0
        return self._metrics.current(metric, active_users)

    async def run(self) -> None:
        """Once a second, push the followed metrics, and also the dashboard if the active users have changed or it was
        not pushed for `REPEAT_S`. Runs until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._feed.run())
            while True:
                await self._clock.sleep(TURN_S)
                try:
                    await self._turn()
                except Exception as error:
                    log.error("defect", **exception_fields(error))

    async def _turn(self) -> None:
        self._figures.sample()
        is_watched = self._publisher.is_followed(DASHBOARD.channel())
        metrics = [name for name in self._broker.followed(METRIC) if name != EVENT]
        audience = await self._activity.audience() if is_watched or ACTIVE_USERS in metrics else None
        if audience is not None and is_watched:
            self._publish(audience)
        else:
            self._published = None
        for name in metrics:
            update = self._metrics.current(name, 0 if audience is None else audience.count)
            self._publisher.publish(METRIC.channel(name), update)

    def _publish(self, audience: Audience) -> None:
        published, now_s = self._published, self._clock.monotonic()
        if published is None or published.presences != audience.presences:
            self._publisher.publish(DASHBOARD.channel(), audience.shown)
        if published is None or published.count != audience.count or now_s >= self._last_s + REPEAT_S - _TOLERANCE_S:
            self._last_s = now_s
            self._publisher.publish(DASHBOARD.channel(), self._update(audience))
        self._published = audience

    def _update(self, audience: Audience) -> DashboardUpdate:
        return DashboardUpdate(
            stats=self._figures.stats(audience.count),
            activeUsers=audience.count,
            topEvents=[EventCount(event=event, count=count) for event, count in self._series.top(TOP_EVENTS)],
            eventsPerMinute=self._series.last_minutes(),
        )

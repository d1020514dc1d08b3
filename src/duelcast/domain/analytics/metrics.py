"""The metrics that may be followed, and their values (protocol 11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from duelcast.clock import Clock
from duelcast.domain.analytics.errors import UnknownMetric
from duelcast.domain.analytics.event_feed import EVENT, EventFeed
from duelcast.domain.analytics.events import EVENT_PATTERN, MetricData, MetricUpdate
from duelcast.domain.analytics.figures import Figures
from duelcast.domain.analytics.series import Series
from duelcast.wire.timestamps import format_time

ACTIVE_USERS = "active_users"
_EVENT_TOTAL = re.compile(rf"event:({EVENT_PATTERN})")
_ENDPOINT = "connections:"


class Metrics:
    """Values by the names of metrics."""

    def __init__(self, clock: Clock, series: Series, figures: Figures, feed: EventFeed) -> None:
        self._clock = clock
        self._series = series
        self._figures = figures
        self._feed = feed
        self._plain: Mapping[str, Callable[[], float]] = {
            "connections": lambda: figures.connections().total,
            "messages_in": lambda: figures.rates().received,
            "messages_out": lambda: figures.rates().sent,
            "events": lambda: figures.rates().stored,
        } | {f"{_ENDPOINT}{name}": self._connections_to(name) for name in figures.endpoints}

    def __contains__(self, metric: str) -> bool:
        return metric in (EVENT, ACTIVE_USERS) or metric in self._plain or _EVENT_TOTAL.fullmatch(metric) is not None

    def check(self, metric: str) -> None:
        """Raises `UnknownMetric` if there is no such metric."""
        if metric not in self:
            known = ", ".join(f"`{name}`" for name in self._names())
            raise UnknownMetric(f"There is no such metric. There are {known}.", field="metric")

    def current(self, metric: str, active_users: int) -> MetricUpdate:
        """The present value of a metric; `active_users` is the value of the metric of that name."""
        if metric == EVENT:
            return self._feed.update()
        data = MetricData(value=self._value(metric, active_users), timestamp=format_time(self._clock.time()))
        return MetricUpdate(metric=metric, data=data)

    def _value(self, metric: str, active_users: int) -> float | None:
        if metric == ACTIVE_USERS:
            return active_users
        named = _EVENT_TOTAL.fullmatch(metric)
        return self._plain[metric]() if named is None else self._series.total(named[1])

    def _names(self) -> Sequence[str]:
        return (EVENT, "event:<name>", ACTIVE_USERS, *self._plain)

    def _connections_to(self, endpoint: str) -> Callable[[], float]:
        return lambda: self._figures.connections().byEndpoint[endpoint]

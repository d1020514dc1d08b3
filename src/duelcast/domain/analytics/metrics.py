"""The metrics that may be followed, and their values (protocol §11)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock
from duelcast.domain.analytics.errors import UnknownMetric
from duelcast.domain.analytics.events import EVENT_PATTERN, MAX_EVENTS, METRIC, EventRecord, MetricData, MetricUpdate
from duelcast.domain.analytics.figures import Figures
from duelcast.domain.analytics.series import Series
from duelcast.domain.conflation import Conflator
from duelcast.store.analytics import NewEvent
from duelcast.wire.timestamps import format_ms, format_time

EVENT = "event"
ACTIVE_USERS = "active_users"
INTERVAL_MS = 100
_EVENT_TOTAL = re.compile(rf"event:({EVENT_PATTERN})")
_ENDPOINT = "connections:"
_EVENTS = METRIC.channel(EVENT)
"""Referred to from here, because channels to which nobody refers are made anew each time."""


class Metrics:
    """The values of metrics, by name."""

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
        """Raise `UnknownMetric` if there is no such metric."""
        if metric not in self:
            known = ", ".join(f"`{name}`" for name in self._names())
            raise UnknownMetric(f"There is no such metric. Known metrics: {known}.", field="metric")

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


class EventFeed:
    """The metric `event`, which publishes newly stored events, at most once per `INTERVAL_MS` and only while it is
    followed. `run` publishes events that had to wait for the end of an interval, until cancelled."""

    def __init__(self, publisher: Publisher, clock: Clock) -> None:
        self._publisher = publisher
        self._clock = clock
        self._newest: deque[NewEvent] = deque(maxlen=MAX_EVENTS)
        self._count = 0
        self._due = Conflator(clock, lambda: INTERVAL_MS, self._push)
        self.run = self._due.run

    def add(self, events: Sequence[NewEvent]) -> None:
        """Publish `events`, which have been stored, soon; does nothing while nobody follows the metric."""
        if events and self._publisher.is_followed(_EVENTS):
            self._newest.extend(events)
            self._count += len(events)
            self._due.offer(EVENT)

    def update(self, events: Sequence[NewEvent] = (), count: int = 0) -> MetricUpdate:
        """An update with the newest `events` out of `count`; without arguments, the initial value for a follower."""
        records = [
            EventRecord(wallet=one.wallet, event=one.event, timestamp=format_ms(one.received_ms)) for one in events
        ]
        data = MetricData(
            value=count, timestamp=format_time(self._clock.time()), events=records, skipped=count - len(records)
        )
        return MetricUpdate(metric=EVENT, data=data)

    def _push(self, _key: str) -> bool:
        update = self.update(list(self._newest), self._count)
        self._newest.clear()
        self._count = 0
        self._publisher.publish(_EVENTS, update)
        return True

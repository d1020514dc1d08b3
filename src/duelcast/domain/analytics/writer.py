"""Stores tracked events, many in one commit, and acknowledges each after its commit. Counts the events that clients
sent, by outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import chain, compress, islice

import structlog
from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.errors import AppError, Unavailable
from duelcast.logs import exception_fields
from duelcast.ratelimit import Allowance
from duelcast.store import analytics as store
from duelcast.store.analytics import EventKey, MinuteKey, NewEvent
from duelcast.store.database import Database, Transaction

MAX_WAITING_BYTES = 100 * 1024 * 1024
MAX_GROUP_BYTES = 4 * 1024 * 1024
"""The maximum for one commit. It is small because all other writes wait meanwhile."""
EVENT_BYTES = 2 * 1024
"""The weight of an event without its data."""
_RETRY_MS = 1_000
_SHORTAGE_RETRY_MS = 60_000
_BYTES_BESIDE_DATA = 200
"""The size of an event in the database (its row and three index entries) for a Solana wallet, not counting name and
data."""

log = structlog.get_logger("duelcast.analytics")


class StoredEvents(Struct, frozen=True):
    """Events that were stored together, and how many there are by minute of receipt and name."""

    events: Sequence[NewEvent]
    counts: Mapping[MinuteKey, int]


class _Tracked(Struct, frozen=True):
    """The outcome of a message. `duplicates` says for each of its `events` whether it is a duplicate. Of the messages
    that were stored together, the first has all their new events in `stored`; the others have None."""

    events: Sequence[NewEvent]
    duplicates: list[bool]
    stored: StoredEvents | None


class EventCounters:
    """The number of events since the start, by outcome. `received` is the sum of the other counters and of
    `waiting`."""

    __slots__ = ("duplicate", "over_quota", "received", "refused", "stored")

    def __init__(self) -> None:
        self.received = 0
        self.stored = 0
        self.duplicate = 0
        self.refused = 0
        self.over_quota = 0

    @property
    def waiting(self) -> int:
        """Events that are neither stored nor refused yet."""
        return self.received - self.stored - self.duplicate - self.refused - self.over_quota

    def collect(self) -> Iterable[Metric]:
        """Metrics for Prometheus."""
        yield CounterMetricFamily("duelcast_events_received", "Events that clients sent.", value=self.received)
        yield GaugeMetricFamily("duelcast_events_waiting", "Events that wait to be stored.", value=self.waiting)
        yield CounterMetricFamily("duelcast_events_stored", "Events that were stored.", value=self.stored)
        yield CounterMetricFamily("duelcast_events_duplicate", "Events that were stored before.", value=self.duplicate)
        yield CounterMetricFamily("duelcast_events_refused", "Events that could not be stored.", value=self.refused)
        yield CounterMetricFamily(
            "duelcast_events_over_quota",
            "Events beyond the quota of their wallet.",
            value=self.over_quota,
        )


class AnalyticsWriter:
    """Stores events in the order of arrival. Each event id of a wallet is stored only once.

    It accepts events while `run` is running. When `run` is cancelled, the events being stored are committed and
    acknowledged; waiting events are refused, and none of them is stored. `counted_as` returns the name under which an
    event is counted. `stored` is called with the new events of the messages that were stored together, after they are
    committed and before any of the messages is acknowledged. `quota` limits the bytes that each wallet stores; events
    that are not stored do not count.
    """

    def __init__(
        self,
        database: Database,
        counters: EventCounters,
        counted_as: Callable[[str], str],
        stored: Callable[[StoredEvents], None],
        quota: Allowance,
    ) -> None:
        self._database = database
        self._producer = database.producer("events", max_waiting=MAX_WAITING_BYTES, max_group=MAX_GROUP_BYTES)
        self._counters = counters
        self._counted_as = counted_as
        self._stored = stored
        self._quota = quota
        self._running = False

    async def track(self, events: Sequence[NewEvent]) -> list[bool]:
        """Store `events` of one wallet. Returns, once they are committed, whether each was stored before.

        Raises `Unavailable`, or `RateLimitExceeded` if the wallet has used up its quota; in both cases, none of
        `events` is stored.
        """
        self._counters.received += len(events)
        try:
            self._check()
        except Unavailable:
            self._counters.refused += len(events)
            raise
        over_quota = self._quota.take(events[0].wallet, sum(map(_row_bytes, events)))
        if over_quota is not None:
            self._counters.over_quota += len(events)
            raise over_quota
        try:
            return (await self._write(events)).duplicates
        except AppError:
            raise
        except Exception as error:
            log.error("defect", **exception_fields(error))
            raise _unavailable("The events were not stored. Try again.") from None

    async def run(self) -> None:
        """Accept events until cancelled; then wait until the events being stored are committed."""
        self._running = True
        try:
            await asyncio.Event().wait()
        finally:
            self._running = False
            with suppress(AppError):
                await self._write([])  # returns after all other writes of events

    def _check(self) -> None:
        if not self._running:
            raise _unavailable("Events are not stored at the moment. Try again later.")
        if self._database.shortage is not None:
            raise _unavailable(
                "Events are not stored while little room is left on the disk. Try again later.", _SHORTAGE_RETRY_MS
            )

    def _write(self, events: Sequence[NewEvent]) -> Awaitable[_Tracked]:
        return self._database.write_batched(
            self._store,
            events,
            self._count,
            lambda _refusal: self._refuse(events),
            producer=self._producer,
            weight=sum(map(_weight, events)),
        )

    async def _store(
        self, transaction: Transaction, messages: Sequence[Sequence[NewEvent]]
    ) -> Sequence[_Tracked | AppError]:
        if not self._running:
            return [_unavailable("Events are not stored any more. Try again.") for _ in messages]
        events = list(chain.from_iterable(messages))
        keys = [event.key for event in events]
        new: dict[EventKey, NewEvent] = {}
        for key, event in zip(keys, events, strict=True):
            new.setdefault(key, event)
        for key in await store.add_events(transaction, list(new.values())):
            del new[key]
        added = StoredEvents(list(new.values()), self._counts(new.values()))
        await store.count_minutes(transaction, added.counts)
        # Of several events with the same id, the first is new, and the others are duplicates.
        duplicates = iter([new.pop(key, None) is None for key in keys])
        return [
            _Tracked(message, list(islice(duplicates, len(message))), None if number else added)
            for number, message in enumerate(messages)
        ]

    def _counts(self, events: Iterable[NewEvent]) -> Mapping[MinuteKey, int]:
        # Not with a `Counter`, which takes several times as long for a single event.
        counts: dict[MinuteKey, int] = {}
        for event in events:
            key = event.minute, self._counted_as(event.event)
            counts[key] = counts.get(key, 0) + 1
        return counts

    def _count(self, tracked: _Tracked) -> None:
        if tracked.stored is not None:
            self._counters.stored += len(tracked.stored.events)
            self._stored(tracked.stored)
        if True in tracked.duplicates:
            self._counters.duplicate += sum(tracked.duplicates)
            self._give_back(compress(tracked.events, tracked.duplicates))

    def _refuse(self, events: Sequence[NewEvent]) -> None:
        self._counters.refused += len(events)
        self._give_back(events)

    def _give_back(self, events: Iterable[NewEvent]) -> None:
        for event in events:
            self._quota.give_back(event.wallet, _row_bytes(event))


def _weight(event: NewEvent) -> int:
    """The weight of an event in the queue."""
    return EVENT_BYTES if event.data is None else EVENT_BYTES + len(event.data)


def _row_bytes(event: NewEvent) -> int:
    """The approximate size of an event on the disk."""
    return _BYTES_BESIDE_DATA + len(event.event) + (0 if event.data is None else len(event.data.encode()))


def _unavailable(sentence: str, retry_after_ms: int = _RETRY_MS) -> Unavailable:
    return Unavailable(sentence, retry_after_ms=retry_after_ms)

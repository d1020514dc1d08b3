"""The way of tracked events into the store: many of them in one commit, each acknowledged behind it."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import structlog

from duelcast.domain.analytics.counters import EventCounters
from duelcast.errors import AppError, Unavailable
from duelcast.logs import describe_exception
from duelcast.ratelimit import Allowance
from duelcast.store import analytics as store
from duelcast.store.analytics import EventKey, MinuteKey, NewEvent
from duelcast.store.database import Database, Transaction

MAX_WAITING_EVENTS = 50_000
MAX_WAITING_CHARACTERS = 64 * 1024 * 1024
"""Of data."""
MAX_GROUP_EVENTS = 2_000
MAX_GROUP_CHARACTERS = 4 * 1024 * 1024
"""Where a group has so many it takes no further message. All other writes wait while it is committed."""
_ANSWERS_PER_TURN = 100
"""Messages acknowledged in a row, which takes about 3 ms; then other tasks get their turn."""
_RETRY_MS = 1_000
_SHORTAGE_RETRY_MS = 60_000
_BYTES_BESIDE_DATA = 200
"""Of the row of an event and of its three indexes, with a wallet of Solana."""

log = structlog.get_logger("duelcast.analytics")


class StoredEvents(NamedTuple):
    """What a commit added: the events, and how many of each name came in which minute."""

    events: Sequence[NewEvent]
    counts: Mapping[MinuteKey, int]


class _Message(NamedTuple):
    """Events that are acknowledged together."""

    events: Sequence[NewEvent]
    characters: int
    asked_since: float
    duplicates: asyncio.Future[list[bool]]


class AnalyticsWriter:
    """Stores events in the order they came, each id of a wallet once. While one group of them is on its way to the disk
    the next gathers.

    `run` takes them for as long as it runs. When it is cancelled the group on its way is committed and acknowledged;
    what waits is refused, and nothing of it is stored. `counted_as` gives the name that an event is counted under;
    `stored` is told of each group behind its commit and ahead of the acknowledgements. `quota` is what each wallet may
    store, in bytes; what was not stored is given back.
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
        self._counters = counters
        self._counted_as = counted_as
        self._stored = stored
        self._quota = quota
        self._waiting: deque[_Message] = deque()
        self._waiting_events = 0
        self._waiting_characters = 0
        self._arrived = asyncio.Event()
        self._running = False

    @property
    def waiting(self) -> int:
        """Events that are neither stored nor refused yet, without those on their way to the disk."""
        return self._waiting_events

    async def track(self, events: Sequence[NewEvent]) -> list[bool]:
        """Store `events`, which are of one wallet; returns when they are committed: for each whether it was stored
        before.

        Raises `Unavailable`, `RateLimitExceeded` where the wallet has used up its quota; then none of them is stored.
        """
        self._counters.received += len(events)
        characters = sum(len(event.data) for event in events if event.data is not None)
        if not self._running:
            self._counters.refused += len(events)
            raise _refusal("Events are not stored at the moment. Try again later.")
        if self._database.shortage is not None:
            self._counters.refused += len(events)
            raise Unavailable(
                "Events are not stored while little room is left on the disk. Try again later.",
                retry_after_ms=_SHORTAGE_RETRY_MS,
            )
        if (
            self._waiting_events + len(events) > MAX_WAITING_EVENTS
            or self._waiting_characters + characters > MAX_WAITING_CHARACTERS
        ):
            self._counters.refused += len(events)
            raise _refusal("More events wait to be stored than there may. Try again.")
        over_quota = self._quota.take(events[0].wallet, sum(map(_row_bytes, events)))
        if over_quota is not None:
            self._counters.over_quota += len(events)
            raise over_quota
        message = _Message(events, characters, self._database.moment(), asyncio.get_running_loop().create_future())
        self._waiting.append(message)
        self._waiting_events += len(events)
        self._waiting_characters += characters
        self._arrived.set()
        return await message.duplicates

    async def run(self) -> None:
        """Store what comes, until cancelled."""
        self._running = True
        try:
            while True:
                if not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                writing = asyncio.create_task(self._write(self._next_group()))
                try:
                    await asyncio.shield(writing)
                finally:
                    await asyncio.wait([writing])
        finally:
            self._running = False
            await self._refuse([self._take() for _ in range(len(self._waiting))], "Events are not stored any more.")

    def _next_group(self) -> list[_Message]:
        group: list[_Message] = []
        events = characters = 0
        while self._waiting and events < MAX_GROUP_EVENTS and characters < MAX_GROUP_CHARACTERS:
            message = self._take()
            group.append(message)
            events += len(message.events)
            characters += message.characters
        return group

    def _take(self) -> _Message:
        message = self._waiting.popleft()
        self._waiting_events -= len(message.events)
        self._waiting_characters -= message.characters
        return message

    async def _write(self, group: Sequence[_Message]) -> None:
        """Store a group as one, and answer its messages."""
        new: dict[EventKey, NewEvent] = {}
        for message in group:
            for event in message.events:
                new.setdefault(event.key, event)

        async def work(transaction: Transaction) -> StoredEvents:
            repeated = await store.find_stored(transaction, list(new))
            events = [event for key, event in new.items() if key not in repeated]
            counts = Counter((event.minute, self._counted_as(event.event)) for event in events)
            await store.add_events(transaction, events)
            await store.count_minutes(transaction, counts)
            return StoredEvents(events, counts)

        try:
            with self._database.asked_since(group[0].asked_since):
                added = await self._database.write(work, self._tell)
        except Exception as error:
            if not isinstance(error, AppError):
                log.error("defect", error=describe_exception(error))
            await self._refuse(group, "The events were not stored.")
            return
        unanswered = {event.key: event for event in added.events}
        for number, message in enumerate(group, 1):
            # Of equal ids the first was stored.
            duplicates = [unanswered.pop(event.key, None) is None for event in message.events]
            self._counters.duplicate += sum(duplicates)
            self._give_back(event for event, repeated in zip(message.events, duplicates, strict=True) if repeated)
            if not message.duplicates.done():
                message.duplicates.set_result(duplicates)
            if number % _ANSWERS_PER_TURN == 0:
                await asyncio.sleep(0)

    def _give_back(self, events: Iterable[NewEvent]) -> None:
        for event in events:
            self._quota.give_back(event.wallet, _row_bytes(event))

    def _tell(self, added: StoredEvents) -> None:
        self._counters.stored += len(added.events)
        self._stored(added)

    async def _refuse(self, messages: Sequence[_Message], why: str) -> None:
        for number, message in enumerate(messages, 1):
            self._counters.refused += len(message.events)
            self._give_back(message.events)
            if not message.duplicates.done():
                message.duplicates.set_exception(_refusal(f"{why} Try again."))
            if number % _ANSWERS_PER_TURN == 0:
                await asyncio.sleep(0)


def _row_bytes(event: NewEvent) -> int:
    """What it takes on the disk, roughly."""
    return _BYTES_BESIDE_DATA + len(event.event) + (0 if event.data is None else len(event.data.encode()))


def _refusal(sentence: str) -> Unavailable:
    return Unavailable(sentence, retry_after_ms=_RETRY_MS)

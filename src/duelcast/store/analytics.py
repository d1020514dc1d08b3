"""Tracked events, and their counts per minute and day."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import Insert

from duelcast.store.database import Transaction
from duelcast.store.statements import insertion, new_ids, portions, sum_upsertion, write_rows
from duelcast.store.tables import analytics_days, analytics_events, analytics_minutes

MINUTES_PER_DAY = 1_440
MS_PER_MINUTE = 60_000


class NewEvent(Struct, frozen=True, gc=False):
    """An event to be stored. `event_id` is a UUID, `data` a JSON object; the times are in epoch milliseconds;
    `occurred_ms` comes from the client."""

    wallet: str
    event_id: bytes
    event: str
    data: str | None
    occurred_ms: int | None
    received_ms: int

    @property
    def key(self) -> EventKey:
        return self.wallet, self.event_id

    @property
    def minute(self) -> int:
        """The minute of receipt, counted from the Unix epoch."""
        return self.received_ms // MS_PER_MINUTE


EventKey = tuple[str, bytes]
"""A wallet and an event id, which together are unique."""
MinuteKey = tuple[int, str]
"""Minute since the Unix epoch, and event name."""


class EventTotal(Struct, frozen=True):
    """How often an event was stored, without the counts that retention has deleted."""

    event: str
    total: int


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def add_events(transaction: Transaction, events: Sequence[NewEvent]) -> Collection[EventKey]:
    """Store events with distinct keys, except those whose keys are already stored; returns these keys. `count_minutes`
    counts events per minute."""
    if not events:
        return ()
    ids = await new_ids(transaction, analytics_events, len(events))
    rows = ((row_id, *_values(event)) for row_id, event in zip(ids, events, strict=True))
    if await write_rows(transaction, _ADD, rows) == len(events):
        return ()
    columns = analytics_events.c.wallet, analytics_events.c.event_id
    query = select(*columns).where(analytics_events.c.id.between(ids.start, ids.stop - 1))
    added = {(wallet, event_id) for wallet, event_id in await transaction.execute(query)}
    return [event.key for event in events if event.key not in added]


async def count_minutes(transaction: Transaction, counts: Mapping[MinuteKey, int]) -> None:
    """Add to the counts of minutes."""
    await _add_counts(transaction, _ADD_TO_MINUTE, counts)


async def _add_counts(transaction: Transaction, statement: Insert, counts: Mapping[tuple[int, str], int]) -> None:
    """Add `counts`, which are by time (in the unit of the table) and event."""
    await write_rows(transaction, statement, ((time, event, count) for (time, event), count in counts.items()))


_values = attrgetter(*NewEvent.__struct_fields__)
_ADD = insertion(analytics_events, "id", *NewEvent.__struct_fields__).on_conflict_do_nothing(
    index_elements=["wallet", "event_id"]
)
_ADD_TO_MINUTE = sum_upsertion(analytics_minutes, "count")
_ADD_TO_DAY = sum_upsertion(analytics_days, "count")

# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def earliest_totals(transaction: Transaction, limit: int) -> list[EventTotal]:
    """The totals of at most `limit` events, sorted by the first minute or day in which an event is counted, then by
    name."""
    kept = _kept().subquery()
    query = (
        select(kept.c.event, func.sum(kept.c.count))
        .group_by(kept.c.event)
        .order_by(func.min(kept.c.since), kept.c.event)
        .limit(limit)
    )
    return [EventTotal(event, int(total)) for event, total in await transaction.execute(query)]


async def total(transaction: Transaction) -> int:
    """How many events were stored, without the counts that retention has deleted."""
    kept = _kept().subquery()
    return int(await transaction.scalar(select(func.coalesce(func.sum(kept.c.count), 0))))


async def counts_between(transaction: Transaction, first: int, end: int, events: Sequence[str]) -> dict[MinuteKey, int]:
    """How often each of `events` arrived in each minute from `first` to before `end`."""
    columns = analytics_minutes.c.minute, analytics_minutes.c.event, analytics_minutes.c.count
    found: dict[MinuteKey, int] = {}
    for portion in portions(events):
        wanted = analytics_minutes.c.event.in_(portion)
        rows = await transaction.execute(select(*columns).where(*_between(first, end), wanted))
        found |= {(minute, event): count for minute, event, count in rows}
    return found


async def sums_between(transaction: Transaction, first: int, end: int) -> dict[int, int]:
    """How many events arrived in each minute from `first` to before `end`."""
    minute = analytics_minutes.c.minute
    query = select(minute, func.sum(analytics_minutes.c.count)).where(*_between(first, end)).group_by(minute)
    return {found: int(count) for found, count in await transaction.execute(query)}


def _between(first: int, end: int) -> Sequence[ColumnElement[bool]]:
    return analytics_minutes.c.minute >= first, analytics_minutes.c.minute < end


def _kept() -> Any:
    """Days and minutes as one table: event, count, and start (in minutes since the Unix epoch)."""
    days = select(
        analytics_days.c.event,
        analytics_days.c.count,
        (analytics_days.c.day * literal_column(str(MINUTES_PER_DAY))).label("since"),
    )
    minutes = select(analytics_minutes.c.event, analytics_minutes.c.count, analytics_minutes.c.minute.label("since"))
    return union_all(days, minutes)


# ── retention ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def roll_up_minutes(transaction: Transaction, before_minute: int, limit: int) -> int:
    """Move at most `limit` counts of minutes before `before_minute` to the counts of their days, oldest first; returns
    how many were moved."""
    columns = analytics_minutes.c.minute, analytics_minutes.c.event, analytics_minutes.c.count
    rows = (
        await transaction.execute(_oldest(select(*columns), analytics_minutes.c.minute, before_minute, limit))
    ).all()
    counts: dict[tuple[int, str], int] = {}
    for minute, event, count in rows:
        key = minute // MINUTES_PER_DAY, event
        counts[key] = counts.get(key, 0) + count
    await _add_counts(transaction, _ADD_TO_DAY, counts)
    if rows:
        moved = [{"key_time": minute, "key_event": event} for minute, event, _ in rows]
        await transaction.execute(_DELETE_MINUTE, moved)
    return len(rows)


async def delete_events(transaction: Transaction, before_ms: int, limit: int) -> int:
    """Delete at most `limit` events received before `before_ms` (epoch), oldest first; returns how many were
    deleted."""
    old = _oldest(select(analytics_events.c.id), analytics_events.c.received_ms, before_ms, limit)
    deleted = await transaction.execute(delete(analytics_events).where(analytics_events.c.id.in_(old)))
    return int(deleted.rowcount)


async def delete_days(transaction: Transaction, before_day: int, limit: int) -> list[EventTotal]:
    """Delete at most `limit` counts of days before `before_day` (days since the Unix epoch), oldest first; returns the
    deleted counts."""
    columns = analytics_days.c.day, analytics_days.c.event, analytics_days.c.count
    rows = (await transaction.execute(_oldest(select(*columns), analytics_days.c.day, before_day, limit))).all()
    if rows:
        keys = [{"key_time": day, "key_event": event} for day, event, _ in rows]
        await transaction.execute(_DELETE_DAY, keys)
    return [EventTotal(event, count) for _, event, count in rows]


def _oldest(query: Select[Any], column: Any, before: int, limit: int) -> Select[Any]:
    return query.where(column < before).order_by(column).limit(limit)


_DELETE_MINUTE = delete(analytics_minutes).where(
    analytics_minutes.c.minute == bindparam("key_time"), analytics_minutes.c.event == bindparam("key_event")
)
_DELETE_DAY = delete(analytics_days).where(
    analytics_days.c.day == bindparam("key_time"), analytics_days.c.event == bindparam("key_event")
)

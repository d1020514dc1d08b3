"""Reads tracked events for programs other than the server, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Select, func, select

from duelcast.store.backend import Backend
from duelcast.store.beside import Read, opened_beside
from duelcast.store.tables import analytics_events

IDS_PER_PAGE = 1_000
"""With events of the largest size, a page takes 16 MiB."""


class TrackedEvent(Struct, frozen=True, gc=False):
    """A stored event. `data` is a JSON object; the times are in epoch milliseconds."""

    id: int
    wallet: str
    event: str
    event_id: UUID
    data: str | None
    occurred_ms: int | None
    received_ms: int


_COLUMNS = [analytics_events.c[name] for name in TrackedEvent.__struct_fields__]


class Wanted(Struct, frozen=True, kw_only=True):
    """Selects the events that were received from `since_ms` to before `until_ms` (epoch) and are named `event`. A field
    that is None selects all."""

    since_ms: int | None = None
    until_ms: int | None = None
    event: str | None = None


class Found(NamedTuple):
    """`page_count` pages in the order of ids; each is read when it is requested."""

    page_count: int
    pages: AsyncIterator[list[TrackedEvent]]


@asynccontextmanager
async def found_events(backend: Backend, wanted: Wanted) -> AsyncIterator[Found]:
    """The events of the database that match `wanted`.

    Nothing is locked between pages, so that a running server can empty its write-ahead log. Raises `ConfigurationError`
    if it is not a database of this version or cannot be read; so does reading a page.
    """
    ids = analytics_events.c.id
    async with opened_beside(backend) as read:
        async with read() as transaction:
            first, last = (await transaction.execute(_select(wanted, func.min(ids), func.max(ids)))).one()
        starts = range(first, last + 1, IDS_PER_PAGE) if first is not None else range(0)
        yield Found(len(starts), _pages(read, wanted, starts))


async def _pages(read: Read, wanted: Wanted, starts: range) -> AsyncIterator[list[TrackedEvent]]:
    for start in starts:
        async with read() as transaction:
            rows = (await transaction.execute(_page_query(wanted, start))).all()
        yield [
            TrackedEvent(number, wallet, event, UUID(bytes=event_id), data, occurred_ms, received_ms)
            for number, wallet, event, event_id, data, occurred_ms, received_ms in rows
        ]


def _page_query(wanted: Wanted, start: int) -> Select[Any]:
    ids = analytics_events.c.id
    return _select(wanted, *_COLUMNS).where(ids >= start, ids < start + IDS_PER_PAGE).order_by(ids)


def _select(wanted: Wanted, *columns: Any) -> Select[Any]:
    query = select(*columns)
    if wanted.since_ms is not None:
        query = query.where(analytics_events.c.received_ms >= wanted.since_ms)
    if wanted.until_ms is not None:
        query = query.where(analytics_events.c.received_ms < wanted.until_ms)
    if wanted.event is not None:
        query = query.where(analytics_events.c.event == wanted.event)
    return query

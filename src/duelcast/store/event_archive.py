"""Reads tracked events for programs other than the server, page by page."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import Struct
from sqlalchemy import Connection, Engine, Select, create_engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from duelcast.settings import ConfigurationError
from duelcast.store.sqlite import describe_failure, file_uri, is_fault_of_statement
from duelcast.store.tables import analytics_events

IDS_PER_PAGE = 1_000
"""With events of the largest size, a page takes 16 MiB."""
BUSY_TIMEOUT_S = 10.0


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
    pages: Iterator[list[TrackedEvent]]


def find_events(path: Path, wanted: Wanted) -> Found:
    """Find the events of the SQLite database at `path` that match `wanted`; blocks, as does reading each page.

    Nothing is locked between pages, so that a running server can empty its write-ahead log. Raises `ConfigurationError`
    if `path` is not a database of Duelcast or cannot be read; so does reading a page.
    """
    if not path.exists():
        raise ConfigurationError(f"There is no database {path}.")
    ids = analytics_events.c.id
    engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=NullPool)
    with _reading(engine, path) as connection:
        first, last = connection.execute(_select(wanted, func.min(ids), func.max(ids))).one()
    starts = range(first, last + 1, IDS_PER_PAGE) if first is not None else range(0)
    return Found(len(starts), _pages(engine, path, wanted, starts))


def _pages(engine: Engine, path: Path, wanted: Wanted, starts: range) -> Iterator[list[TrackedEvent]]:
    for start in starts:
        with _reading(engine, path) as connection:
            rows = connection.execute(_page_query(wanted, start)).all()
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


@contextmanager
def _reading(engine: Engine, path: Path) -> Iterator[Connection]:
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        if is_fault_of_statement(error):
            reason = "It has no table of events: start a server of this version on it first."
        else:
            reason = describe_failure(error)
        raise ConfigurationError(f"The database {path} cannot be read. {reason}") from None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file_uri(path), BUSY_TIMEOUT_S, uri=True, isolation_level=None)
    connection.execute("PRAGMA query_only=ON")
    return connection

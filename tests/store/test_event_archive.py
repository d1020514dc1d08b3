"""Tracked events read beside a server: exactly those of the time asked for, and nothing held meanwhile."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from duelcast.settings import ConfigurationError
from duelcast.store import event_archive
from duelcast.store.database import Database
from duelcast.store.event_archive import TrackedEvent, Wanted, found_events
from tests.databases import backend_at, change_in
from tests.examples import examples
from tests.store.copies import damage
from tests.store.tracked import Tracked, add_tracked
from tests.storing import make_earlier, opened, opened_in_runner


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.db"


@pytest_asyncio.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with opened(path) as database:
        yield database


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_archive, "IDS_PER_PAGE", 2)


async def pages(path: Path, wanted: Wanted) -> list[list[TrackedEvent]]:
    async with found_events(backend_at(path), wanted) as found:
        return [page async for page in found.pages]


async def ids(path: Path, wanted: Wanted) -> list[int]:
    return [event.id for page in await pages(path, wanted) for event in page]


async def test_an_event_is_read_as_it_was_stored(database: Database, path: Path) -> None:
    number = UUID("123e4567-e89b-42d3-a456-426614174000")
    await add_tracked(database, Tracked("W", "click", 5, event_id=number, data='{"a":1}', occurred_ms=4))
    [[event]] = await pages(path, Wanted())
    assert (event.wallet, event.event, event.event_id, event.data) == ("W", "click", number, '{"a":1}')
    assert (event.occurred_ms, event.received_ms) == (4, 5)


@pytest.mark.usefixtures("small_pages")
async def test_the_first_moment_is_wanted_the_last_is_not(database: Database, path: Path) -> None:
    await add_tracked(database, *(Tracked("W", "click", at_ms) for at_ms in range(6)))
    assert await ids(path, Wanted(since_ms=2, until_ms=5)) == [3, 4, 5]
    assert await ids(path, Wanted(since_ms=6)) == []
    assert await ids(path, Wanted()) == [1, 2, 3, 4, 5, 6]


@pytest.mark.usefixtures("small_pages")
async def test_pages_are_counted_beforehand_and_read_one_by_one(database: Database, path: Path) -> None:
    await add_tracked(database, *(Tracked("W", "click", at_ms) for at_ms in range(5)))
    async with found_events(backend_at(path), Wanted(since_ms=1)) as found:
        assert found.page_count == 2
        assert [event.id for event in await anext(found.pages)] == [2, 3]
        change_in(path, "delete from analytics_events where id = 4")
        assert [event.id for event in await anext(found.pages)] == [5]
        assert [page async for page in found.pages] == []


@pytest.mark.usefixtures("small_pages")
async def test_between_two_pages_the_log_can_be_emptied(database: Database, path: Path) -> None:
    await add_tracked(database, *(Tracked("W", "click", at_ms) for at_ms in range(5)))
    async with found_events(backend_at(path), Wanted()) as found:
        await anext(found.pages)
        await add_tracked(database, Tracked("W", "click", 9))
        with closing(sqlite3.connect(path)) as connection:
            is_busy, _, _ = connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        assert not is_busy


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(since_ms=1, until_ms=5), Wanted(event="click")])
async def test_a_page_is_found_by_its_ids(database: Database, path: Path, wanted: Wanted) -> None:
    """Not by looking at all of the time asked for, once per page."""
    plans: list[str] = []
    with closing(sqlite3.connect(path)) as connection:
        rows = event_archive._page_query(wanted, 1).compile(compile_kwargs={"literal_binds": True})
        plans += [row[3] for row in connection.execute(f"explain query plan {rows}")]
    assert plans == ["SEARCH analytics_events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]


moments = st.integers(0, 20)
names = st.sampled_from(["click", "view", "a,b"])


@settings(max_examples=examples(30))
@given(
    st.lists(st.tuples(names, moments), max_size=12),
    st.builds(Wanted, since_ms=st.none() | moments, until_ms=st.none() | moments, event=st.none() | names),
    st.integers(1, 4),
)
def test_whatever_the_order_of_receipt_all_that_is_wanted_is_found_once(
    tmp_path_factory: pytest.TempPathFactory, stored: Iterable[tuple[str, int]], wanted: Wanted, ids_per_page: int
) -> None:
    path = tmp_path_factory.mktemp("events") / "duelcast.db"
    with opened_in_runner(path) as (runner, database), pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_archive, "IDS_PER_PAGE", ids_per_page)
        runner.run(add_tracked(database, *(Tracked("W", event, at_ms) for event, at_ms in stored)))
        assert runner.run(ids(path, wanted)) == [
            number
            for number, (event, at_ms) in enumerate(stored, start=1)
            if (wanted.since_ms is None or at_ms >= wanted.since_ms)
            and (wanted.until_ms is None or at_ms < wanted.until_ms)
            and wanted.event in (None, event)
        ]


# ── what cannot be read ─────────────────────────────────────────────────────────────────────────────────────────────


def test_where_there_is_no_database_none_is_made(path: Path) -> None:
    with pytest.raises(ConfigurationError, match="There is no database"):
        asyncio.run(pages(path, Wanted()))
    assert not path.exists()


async def test_a_database_of_before_there_were_events_says_what_to_do(path: Path) -> None:
    make_earlier(path, "0002")
    with pytest.raises(ConfigurationError, match="start a server of this version"):
        await pages(path, Wanted())


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.write_text("no database" * 1_000)
    with pytest.raises(ConfigurationError, match=r"The file is not a database\."):
        asyncio.run(pages(path, Wanted()))


async def test_a_damaged_file_is_named_as_such(path: Path) -> None:
    async with opened(path) as database:
        await add_tracked(database, Tracked("W", "click", 1))
    await asyncio.to_thread(damage, path)
    with pytest.raises(ConfigurationError, match="damaged"):
        await pages(path, Wanted())

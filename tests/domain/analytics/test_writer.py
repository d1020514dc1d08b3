"""Events on their way into the store: together, bounded, and each answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from duelcast.clock import ManualClock
from duelcast.domain.analytics import writer as writing
from duelcast.domain.analytics.counters import EventCounters
from duelcast.domain.analytics.writer import AnalyticsWriter, StoredEvents
from duelcast.errors import RateLimitExceeded, Unavailable
from duelcast.ratelimit import Allowance
from duelcast.store import analytics as store
from duelcast.store.analytics import NewEvent
from duelcast.store.database import Database
from duelcast.store.tables import analytics_events
from tests.store.facts import figure, held, until
from tests.storing import moved_away, opened


class Desk:
    """A writer that runs, and what it told of."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.counters = EventCounters()
        self.told: list[StoredEvents] = []
        self.clock = ManualClock()
        self.quota_bytes = 0.0
        quota = Allowance(self.clock, lambda: (self.quota_bytes, 1), lambda _capacity: "Enough.", per_s=86_400)
        self.writer = AnalyticsWriter(database, self.counters, str, self.told.append, quota)
        self.work: asyncio.Task[None]

    def start(self) -> None:
        self.work = asyncio.create_task(self.writer.run())

    async def stored(self) -> list[str]:
        async with self.database.read() as transaction:
            query = select(analytics_events.c.event).order_by(analytics_events.c.id)
            return list((await transaction.execute(query)).scalars())

    def balance(self) -> tuple[int, int, int, int]:
        counters = self.counters
        known = counters.stored + counters.duplicate + counters.refused + counters.over_quota
        assert counters.received == known
        return counters.received, counters.stored, counters.duplicate, counters.refused


@pytest_asyncio.fixture(name="desk")
async def one_desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(tmp_path / "events.db") as database:
        made = Desk(database)
        made.start()
        await asyncio.sleep(0)
        yield made
        made.work.cancel()
        await asyncio.wait([made.work])


def event(name: str, *, wallet: str = "ann", event_id: bytes | None = None, data: str | None = None) -> NewEvent:
    return NewEvent(wallet, event_id or uuid4().bytes, name, data, None, 1_800_000_000_000)


async def taken(desk: Desk, *names: str) -> asyncio.Task[list[bool]]:
    """A message that is on its way to the disk, which `held` keeps it from."""
    waiting = figure(desk.database, "waiting_writes")
    task = asyncio.create_task(desk.writer.track([event(name) for name in names]))
    await until(lambda: figure(desk.database, "waiting_writes") == waiting + 1)
    return task


async def test_what_gathers_during_a_commit_is_the_next_one(desk: Desk) -> None:
    async with held(desk.database):
        first = await taken(desk, "a")
        others = [asyncio.create_task(desk.writer.track([event("b"), event("c")])) for _ in range(50)]
        await until(lambda: desk.writer.waiting == 100)
        commits = figure(desk.database, "commits_total")
    assert await first == [False]
    assert await asyncio.gather(*others) == [[False, False]] * 50
    # That which was held, that of the first message, and one for all the others.
    assert figure(desk.database, "commits_total") == commits + 3
    assert await desk.stored() == ["a"] + ["b", "c"] * 50
    assert [len(group.events) for group in desk.told] == [1, 100]
    assert dict(desk.told[1].counts) == {(30_000_000, "b"): 50, (30_000_000, "c"): 50}


async def test_of_equal_ids_the_first_is_stored(desk: Desk) -> None:
    one, another = uuid4().bytes, uuid4().bytes
    assert await desk.writer.track([event("a", event_id=one), event("b", event_id=one)]) == [False, True]
    async with held(desk.database):
        await taken(desk, "x")
        messages = [
            [event("c", event_id=another), event("d", event_id=one)],
            [event("e", event_id=another)],
            [event("f", event_id=another, wallet="bob")],
        ]
        tracked = [asyncio.create_task(desk.writer.track(message)) for message in messages]
        await until(lambda: desk.writer.waiting == 4)
    assert [await one for one in tracked] == [[False, True], [True], [False]]
    assert await desk.stored() == ["a", "x", "c", "f"]
    assert desk.balance() == (7, 4, 3, 0)


async def test_an_event_that_is_in_a_message_twice_counts_once(desk: Desk) -> None:
    same = event("a")
    assert await desk.writer.track([same, same]) == [False, True]
    assert await desk.stored() == ["a"]


async def test_more_than_a_thousand_at_once_keep_their_order_and_find_their_repeats(desk: Desk) -> None:
    many = [event(f"e{number}") for number in range(1_700)]
    assert await desk.writer.track(many) == [False] * 1_700
    assert await desk.writer.track(many) == [True] * 1_700
    assert await desk.stored() == [one.event for one in many]


@pytest.mark.parametrize("bound", ["MAX_GROUP_EVENTS", "MAX_GROUP_CHARACTERS"])
async def test_a_group_is_bounded(desk: Desk, bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, bound, 4)
    async with held(desk.database):
        await taken(desk, "a")
        messages = [[event("b", data="x"), event("c", data="x")] for _ in range(5)]
        others = [asyncio.create_task(desk.writer.track(message)) for message in messages]
        await until(lambda: desk.writer.waiting == 10)
    await asyncio.gather(*others)
    assert [len(group.events) for group in desk.told] == [1, 4, 4, 2]
    assert await desk.stored() == ["a"] + ["b", "c"] * 5


@pytest.mark.parametrize("bound", ["MAX_WAITING_EVENTS", "MAX_WAITING_CHARACTERS"])
async def test_over_the_bound_events_are_refused_and_counted(
    desk: Desk, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, bound, 10)
    async with held(desk.database):
        first = await taken(desk, "a")
        # Ten fit, the eleventh does not: events of one character.
        ten = [asyncio.create_task(desk.writer.track([event("b", data="x") for _ in range(10)]))]
        await until(lambda: desk.writer.waiting == 10)
        with pytest.raises(Unavailable) as refusal:
            await desk.writer.track([event("c", data="x")])
        assert refusal.value.retry_after_ms == 1_000
    await asyncio.gather(first, *ten)
    assert await desk.writer.track([event("d", data="x")]) == [False]
    assert await desk.stored() == ["a"] + ["b"] * 10 + ["d"]
    assert desk.balance() == (13, 12, 0, 1)


async def test_stopped_it_commits_what_is_on_its_way_and_refuses_what_waits(desk: Desk) -> None:
    async with held(desk.database):
        on_its_way = await taken(desk, "a")
        waits = asyncio.create_task(desk.writer.track([event("b")]))
        await until(lambda: desk.writer.waiting == 1)
        desk.work.cancel()
        await asyncio.sleep(0)
    assert await on_its_way == [False]
    with pytest.raises(Unavailable):
        await waits
    await asyncio.wait([desk.work])
    with pytest.raises(Unavailable):
        await desk.writer.track([event("c")])
    assert await desk.stored() == ["a"]
    assert desk.balance() == (3, 1, 0, 2)
    desk.start()
    await asyncio.sleep(0)
    assert await desk.writer.track([event("d")]) == [False]


async def test_a_client_that_went_does_not_keep_its_events_from_the_store(desk: Desk) -> None:
    async with held(desk.database):
        gone = await taken(desk, "a")
        gone.cancel()
        after = asyncio.create_task(desk.writer.track([event("b")]))
        await until(lambda: desk.writer.waiting == 1)
        after.cancel()
    assert await desk.writer.track([event("c")]) == [False]
    assert await desk.stored() == ["a", "b", "c"]


async def test_a_store_out_of_reach_refuses_and_leaves_no_trace(desk: Desk, tmp_path: Path) -> None:
    one = event("a")
    with moved_away(tmp_path / "events.db"), pytest.raises(Unavailable):
        await desk.writer.track([one])
    assert desk.told == []
    assert desk.balance() == (1, 0, 0, 1)
    await desk.database.probe()
    assert await desk.writer.track([one]) == [False]
    assert desk.balance() == (2, 1, 0, 1)


async def test_a_defect_is_told_to_nobody_and_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_arguments: Any) -> None:
        raise ValueError("a text that nobody may see")

    with monkeypatch.context() as patched:
        patched.setattr(store, "count_minutes", broken)
        with pytest.raises(Unavailable) as refusal:
            await desk.writer.track([event("a")])
    assert "text" not in refusal.value.message
    async with desk.database.read() as transaction:
        assert await transaction.scalar(select(func.count()).select_from(analytics_events)) == 0
    assert await desk.writer.track([event("b")]) == [False]


# ── what a wallet may store ─────────────────────────────────────────────────────────────────────────────────────────


async def test_bytes_are_counted_and_not_characters(desk: Desk) -> None:
    desk.quota_bytes = 1_000
    await desk.writer.track([event("a", data="€" * 400)])
    with pytest.raises(RateLimitExceeded):
        await desk.writer.track([event("b")])
    assert await desk.writer.track([event("b", wallet="bob")]) == [False]
    assert desk.counters.over_quota == 1


async def test_an_event_without_data_has_a_price_too(desk: Desk) -> None:
    desk.quota_bytes = 1_000
    for _ in range(5):
        assert await desk.writer.track([event("a")]) == [False]
    with pytest.raises(RateLimitExceeded):
        await desk.writer.track([event("a")])


async def test_what_is_not_stored_does_not_count(desk: Desk, tmp_path: Path) -> None:
    desk.quota_bytes = 1_000
    same = event("a", data="x" * 700)
    assert await desk.writer.track([same, same]) == [False, True]
    assert await desk.writer.track([same]) == [True]
    with moved_away(tmp_path / "events.db"), pytest.raises(Unavailable):
        await desk.writer.track([event("b", data="x" * 2_000)])
    assert await desk.writer.track([event("b", data="x" * 2_000)]) == [False]
    with pytest.raises(RateLimitExceeded):
        await desk.writer.track([event("c")])

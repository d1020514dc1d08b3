"""Events on their way into the store: together, bounded, and each answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from duelcast.clock import ManualClock
from duelcast.domain.analytics import writer as writing
from duelcast.domain.analytics.writer import AnalyticsWriter, EventCounters, StoredEvents
from duelcast.errors import RateLimitExceeded, Unavailable
from duelcast.ratelimit import Allowance
from duelcast.store import analytics as store
from duelcast.store.analytics import EventKey, NewEvent
from duelcast.store.database import Database, Transaction
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
        self.quota = Allowance(self.clock, lambda: (self.quota_bytes, 1), lambda _capacity: "Enough.", per_s=86_400)
        self.writer = AnalyticsWriter(database, self.counters, str, self.told.append, self.quota)
        self.work: asyncio.Task[None]

    async def restart(self) -> None:
        """Go on with another writer, made by the bounds of now."""
        self.work.cancel()
        await asyncio.wait([self.work])
        self.writer = AnalyticsWriter(self.database, self.counters, str, self.told.append, self.quota)
        self.start()
        await asyncio.sleep(0)

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
        messages = [asyncio.create_task(desk.writer.track([event("b"), event("c")])) for _ in range(50)]
        await until(lambda: desk.counters.waiting == 100)
        commits = figure(desk.database, "commits_total")
    assert await asyncio.gather(*messages) == [[False, False]] * 50
    assert figure(desk.database, "commits_total") == commits + 2, "the one that was held, and one for all"
    assert await desk.stored() == ["b", "c"] * 50
    [added] = desk.told
    assert [one.event for one in added.events] == ["b", "c"] * 50
    assert added.counts == {(30_000_000, "b"): 50, (30_000_000, "c"): 50}
    assert desk.counters.waiting == 0


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
        await until(lambda: desk.counters.waiting == 5)
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


async def test_a_commit_takes_so_many_bytes_of_events(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_GROUP_BYTES", 4 * (writing.EVENT_BYTES + 1))
    await desk.restart()
    async with held(desk.database):
        messages = [
            asyncio.create_task(desk.writer.track([event("b", data="x"), event("c", data="x")])) for _ in range(5)
        ]
        await until(lambda: desk.counters.waiting == 10)
        commits = figure(desk.database, "commits_total")
    await asyncio.gather(*messages)
    assert figure(desk.database, "commits_total") == commits + 1 + 3
    assert await desk.stored() == ["b", "c"] * 5


async def test_over_the_bound_events_are_refused_and_counted(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_WAITING_BYTES", 10 * (writing.EVENT_BYTES + 1))
    await desk.restart()
    async with held(desk.database):
        fits = [asyncio.create_task(desk.writer.track([event("b", data="x") for _ in range(10)]))]
        await until(lambda: desk.counters.waiting == 10)
        with pytest.raises(Unavailable) as refusal:
            await desk.writer.track([event("c", data="x")])
        assert refusal.value.retry_after_ms == 1_000
    assert await asyncio.gather(*fits) == [[False] * 10]
    assert await desk.writer.track([event("d", data="x")]) == [False]
    assert await desk.stored() == ["b"] * 10 + ["d"]
    assert desk.balance() == (12, 11, 0, 1)


async def test_stopped_it_commits_what_is_being_stored_and_refuses_what_waits(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end, add_events = asyncio.Event(), asyncio.Event(), store.add_events

    async def add_slowly(transaction: Transaction, events: Sequence[NewEvent]) -> Collection[EventKey]:
        began.set()
        await may_end.wait()
        return await add_events(transaction, events)

    monkeypatch.setattr(store, "add_events", add_slowly)
    being_stored = asyncio.create_task(desk.writer.track([event("a")]))
    await began.wait()
    waits = asyncio.create_task(desk.writer.track([event("b")]))
    await until(lambda: desk.counters.waiting == 2)
    desk.work.cancel()
    await asyncio.sleep(0)
    assert not desk.work.done(), "it has not stopped before all is answered"
    may_end.set()
    assert await being_stored == [False]
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
        gone = [await taken(desk, name) for name in "ab"]
        for task in gone:
            task.cancel()
    assert await desk.writer.track([event("c")]) == [False]
    assert await desk.stored() == ["a", "b", "c"]
    assert desk.balance() == (3, 3, 0, 0)


async def test_a_store_out_of_reach_refuses_and_leaves_no_trace(desk: Desk, tmp_path: Path) -> None:
    one = event("a")
    with moved_away(tmp_path / "events.db"), pytest.raises(Unavailable):
        await desk.writer.track([one])
    assert desk.told == []
    assert desk.balance() == (1, 0, 0, 1)
    await desk.database.probe()
    assert await desk.writer.track([one]) == [False]
    assert desk.balance() == (2, 1, 0, 1)


async def broken(*_arguments: Any) -> None:
    raise ValueError("a text that nobody may see")


async def test_a_defect_is_told_to_nobody_and_stops_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_what_is_not_stored_does_not_count_though_its_client_went(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.quota_bytes = 1_000
    with monkeypatch.context() as patched:
        patched.setattr(store, "count_minutes", broken)
        async with held(desk.database):
            (await taken(desk, "a" * 900)).cancel()
        await until(lambda: desk.counters.waiting == 0)
    assert desk.balance() == (1, 0, 0, 1)
    assert await desk.writer.track([event("b" * 900)]) == [False]
    with pytest.raises(RateLimitExceeded):
        await desk.writer.track([event("c")])

"""What the series count in memory is what a count of the rows gives, whatever happened and after a start anew."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.domain.analytics.series import MAX_NAMES, OTHER, Series
from duelcast.domain.analytics.service import Analytics, AnalyticsSettings
from duelcast.store.analytics import MINUTES_PER_DAY, EventTotal, NewEvent
from duelcast.store.database import Database, Transaction
from duelcast.store.tables import analytics_days, analytics_events, analytics_minutes
from tests.domain.analytics.quiet import Quiet
from tests.examples import examples
from tests.storing import bus_of, opened_in_runner

DAY_S = 86_400
PAUSES_S = [1.0, 59.0, 61.0, 3_600.0, 0.9 * DAY_S, 1.0 * DAY_S, 2.5 * DAY_S, 9.0 * DAY_S]
names = st.sampled_from(["a", "b", "c", OTHER])
steps = st.one_of(
    st.tuples(st.just("track"), st.lists(names, min_size=1, max_size=5)),
    st.tuples(
        st.just("pass"), st.sampled_from([1.0, 59.0, 61.0, 3_600.0, 0.9 * DAY_S, 1.0 * DAY_S, 2.5 * DAY_S, 9.0 * DAY_S])
    ),
    st.tuples(st.just("roll up"), st.none()),
    st.tuples(st.just("delete events"), st.sampled_from([1.0, 5.0])),
    st.tuples(st.just("delete days"), st.sampled_from([4.0, 8.0])),
    st.tuples(st.just("start anew"), st.none()),
)


def analytics_of(database: Database, clock: ManualClock) -> Analytics:
    broker = bus_of(database, clock)
    settings = AnalyticsSettings()
    return Analytics(Publisher(broker, clock), broker, clock, database, Quiet, ["analytics"], settings)


def events(clock: ManualClock, *tracked: str) -> list[NewEvent]:
    now_ms = int(clock.time() * 1000)
    return [NewEvent("ann", uuid4().bytes, event, None, None, now_ms) for event in tracked]


async def clear(transaction: Transaction) -> None:
    for table in (analytics_events, analytics_minutes, analytics_days):
        await transaction.execute(delete(table))


async def counted(transaction: Transaction, now_minute: int) -> tuple[dict[str, int], dict[str, int], list[int]]:
    """Totals, those of the last 24 hours, and the last 60 minutes, as the rows have them."""
    totals: Counter[str] = Counter()
    for table in (analytics_minutes, analytics_days):
        rows = await transaction.execute(select(table.c.event, func.sum(table.c.count)).group_by(table.c.event))
        totals.update({event: int(count) for event, count in rows})
    minutes = (await transaction.execute(select(analytics_minutes))).all()
    day: Counter[str] = Counter()
    last = [0] * 60
    for minute, event, count in minutes:
        if minute > now_minute - MINUTES_PER_DAY:
            day[event] += count
        if minute > now_minute - 60:
            last[minute - now_minute + 59] += count
    return dict(totals), dict(day), last


async def run_steps(database: Database, script: list[tuple[str, object]]) -> None:
    clock = ManualClock()
    await database.write(clear)
    analytics = analytics_of(database, clock)
    writing = asyncio.create_task(analytics.writer.run())
    await asyncio.sleep(0)
    for what, how in script:
        if what == "track":
            assert isinstance(how, list)
            await analytics.writer.track(events(clock, *how))
        elif what == "pass":
            assert isinstance(how, float)
            await clock.advance(how)
        elif what == "start anew":
            writing.cancel()
            await asyncio.wait([writing])
            analytics = analytics_of(database, clock)
            await analytics.load()
            writing = asyncio.create_task(analytics.writer.run())
            await asyncio.sleep(0)
        elif what == "roll up":
            await analytics.roll_up.roll_up_minutes()
            assert await analytics.roll_up.roll_up_minutes() == 0
        else:
            assert isinstance(how, float)
            deleting: Callable[[float], Awaitable[int]] = (
                analytics.roll_up.delete_events if what == "delete events" else analytics.roll_up.delete_days
            )
            await deleting(how)
        async with database.read() as transaction:
            totals, day, last = await counted(transaction, int(clock.time() // 60))
        assert {name: total for name, total in analytics.series.totals().items() if total} == totals
        assert dict(analytics.series.top(10)) == day
        assert analytics.series.last_minutes() == last
    writing.cancel()
    await asyncio.wait([writing])


def test_memory_equals_a_count_of_the_rows(tmp_path: Path) -> None:
    with opened_in_runner(tmp_path / "events.db") as (runner, database):

        @settings(max_examples=examples(30))
        @given(st.lists(steps, max_size=12))
        def check(script: list[tuple[str, object]]) -> None:
            runner.run(run_steps(database, script))

        check()


def test_so_many_names_take_rows_of_their_own_and_the_rest_one(tmp_path: Path) -> None:
    async def check(database: Database) -> None:
        clock = ManualClock()
        analytics = analytics_of(database, clock)
        writing = asyncio.create_task(analytics.writer.run())
        await asyncio.sleep(0)
        for first in (0, 500):
            await analytics.writer.track(events(clock, *(f"e{first + number}" for number in range(MAX_NAMES))))
        async with database.read() as transaction:
            rows = await transaction.execute(select(analytics_minutes.c.event, analytics_minutes.c.count))
            counts: dict[str, int] = dict(map(tuple, rows))
        assert len(counts) == MAX_NAMES + 1
        assert (counts["e0"], counts["e999"], counts[OTHER]) == (1, 2, 500)
        again = analytics_of(database, clock)
        await again.load()
        assert again.series.totals() == analytics.series.totals() == counts
        writing.cancel()
        await asyncio.wait([writing])

    with opened_in_runner(tmp_path / "events.db") as (runner, database):
        runner.run(check(database))


def test_rolling_up_keeps_every_count_and_only_young_minutes(tmp_path: Path) -> None:
    async def check(database: Database) -> None:
        clock = ManualClock()
        analytics = analytics_of(database, clock)
        writing = asyncio.create_task(analytics.writer.run())
        await asyncio.sleep(0)
        for _ in range(3):
            # More rows than one write moves.
            await analytics.writer.track(events(clock, *(f"e{number}" for number in range(700))))
            await clock.advance(DAY_S)
        await clock.advance(60)
        assert await analytics.roll_up.roll_up_minutes() == 1_400
        async with database.read() as transaction:
            days = (await transaction.execute(select(func.count(), func.sum(analytics_days.c.count)))).one()
            minutes = (await transaction.execute(select(func.count()).select_from(analytics_minutes))).scalar()
        assert (tuple(days), minutes) == ((1_400, 1_400), 700)
        assert await analytics.roll_up.delete_events(2) == 1_400
        assert analytics.series.total("e0") == 3
        await clock.advance(DAY_S)
        assert await analytics.roll_up.delete_days(3) == 700
        assert analytics.series.total("e0") == 2
        writing.cancel()
        await asyncio.wait([writing])

    with opened_in_runner(tmp_path / "events.db") as (runner, database):
        runner.run(check(database))


def test_a_day_is_rolled_up_piece_by_piece(tmp_path: Path) -> None:
    async def check(database: Database) -> None:
        clock = ManualClock()
        analytics = analytics_of(database, clock)
        writing = asyncio.create_task(analytics.writer.run())
        await asyncio.sleep(0)
        await analytics.writer.track(events(clock, "a", "b"))
        await clock.advance(3_600)
        await analytics.writer.track(events(clock, "a", "a"))
        await clock.advance(2 * DAY_S - 3_540)
        assert await analytics.roll_up.roll_up_minutes() == 2
        await clock.advance(3_600)
        assert await analytics.roll_up.roll_up_minutes() == 1
        async with database.read() as transaction:
            rows = await transaction.execute(select(analytics_days.c.event, analytics_days.c.count))
            assert sorted(map(tuple, rows)) == [("a", 3), ("b", 1)]
        writing.cancel()
        await asyncio.wait([writing])

    with opened_in_runner(tmp_path / "events.db") as (runner, database):
        runner.run(check(database))


def test_what_is_counted_late_belongs_to_its_own_minute() -> None:
    series = Series(ManualClock())
    minute = 1_800_000_000 // 60
    series.add({(minute, "a"): 1})
    series.add({(minute - 1, "a"): 2, (minute - MINUTES_PER_DAY + 1, "a"): 4, (minute - MINUTES_PER_DAY, "a"): 8})
    assert series.last_minutes()[-2:] == [2, 1]
    assert series.top(1) == [("a", 7)], "the running minute and the 1,439 before it"
    assert series.total("a") == 15


def test_names_beyond_the_thousandth_count_together() -> None:
    series = Series(ManualClock())
    minute = 1_800_000_000 // 60
    series.add({(minute, f"e{number}"): 1 for number in range(MAX_NAMES)})
    assert series.total("new") is None
    series.add({(minute, "new"): 2, (minute, "e0"): 1, (minute, "newer"): 3})
    assert (series.total("e0"), series.total("e999"), series.total("new"), series.total(OTHER)) == (2, 1, None, 5)
    assert series.top(2) == [(OTHER, 5), ("e0", 2)]
    assert len(series.totals()) == MAX_NAMES + 1
    assert series.last_minutes()[-1] == MAX_NAMES + 6
    series.forget(EventTotal("newer", 3))
    assert series.total(OTHER) == 2


def test_after_a_start_the_names_that_came_first_are_known(tmp_path: Path) -> None:
    async def check(database: Database) -> None:
        clock = ManualClock()
        analytics = analytics_of(database, clock)
        writing = asyncio.create_task(analytics.writer.run())
        await asyncio.sleep(0)
        await analytics.writer.track(events(clock, *(f"e{number:04}" for number in range(MAX_NAMES))))
        await clock.advance(60)
        await analytics.writer.track(events(clock, "a", "b", "b", "e0000"))
        writing.cancel()
        await asyncio.wait([writing])
        before = analytics.series
        anew = analytics_of(database, clock)
        await anew.load()
        assert anew.series.totals() == before.totals()
        assert anew.series.top(5) == before.top(5) == [(OTHER, 3), ("e0000", 2), *((f"e000{n}", 1) for n in (1, 2, 3))]
        assert anew.series.last_minutes() == before.last_minutes()

    with opened_in_runner(tmp_path / "events.db") as (runner, database):
        runner.run(check(database))

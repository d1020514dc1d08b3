"""The job that deletes what is old: when, by which settings, and what may go wrong without stopping it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from structlog.testing import capture_logs

from duelcast.clock import ManualClock
from duelcast.domain import retention
from duelcast.domain.retention import INTERVAL_S, RetentionJob, Rule, delete_in_pieces
from duelcast.errors import Unavailable
from duelcast.store.database import Transaction
from duelcast.store.tables import facts
from tests.store.facts import put, stored
from tests.storing import opened

DAYS = {"days": 1.0}


class Shelf:
    """Something that becomes old: gives `rows` each time, or raises `error`."""

    def __init__(self, rows: int = 1) -> None:
        self.asked: list[float] = []
        self.rows = rows
        self.error: Exception | None = None
        self.rule = Rule(("days",), self._delete_old)

    async def _delete_old(self, days: float) -> int:
        self.asked.append(days)
        if self.error is not None:
            raise self.error
        return self.rows


@asynccontextmanager
async def running(
    table: Mapping[str, Rule], days: Mapping[str, float], clock: ManualClock
) -> AsyncIterator[RetentionJob]:
    """The job, once it has run for the first time."""
    job = RetentionJob(table, days, clock)
    task = asyncio.create_task(job.run())
    try:
        await clock.advance(0)
        yield job
        assert not task.done(), "the job ended by itself"
    finally:
        task.cancel()
        await asyncio.wait([task])


def figure(job: RetentionJob, name: str, **labels: str) -> float:
    samples = [sample for metric in job.collect() for sample in metric.samples]
    [value] = [one.value for one in samples if one.name == f"duelcast_retention_{name}" and one.labels == labels]
    return value


async def test_each_rule_is_applied_at_the_start_and_every_hour_with_its_days_of_then() -> None:
    asked: list[tuple[float, ...]] = []

    async def delete_old(*days: float) -> int:
        asked.append(days)
        return 0

    table = {"chat": Rule(("chat",), delete_old), "others": Rule(("chat", "more"), delete_old)}
    days, clock = {"chat": 90.0, "more": 30.0}, ManualClock()
    async with running(table, days, clock):
        assert asked == [(90,), (90, 30)]
        days["chat"] = 7.0
        await clock.advance(INTERVAL_S - 1)
        assert len(asked) == 2
        await clock.advance(1)
        assert asked[2:] == [(7,), (7, 30)]


@pytest.mark.parametrize("error", [Unavailable("The database is out of reach."), ValueError("a secret")])
async def test_one_that_fails_keeps_neither_the_others_nor_the_next_hour_from_their_work(
    error: Exception,
) -> None:
    chat, prices, clock = Shelf(), Shelf(), ManualClock()
    chat.error = error
    table = {"chat": chat.rule, "prices": prices.rule}
    with capture_logs() as log:
        async with running(table, DAYS, clock) as job:
            assert len(prices.asked) == 1
            chat.error = None
            await clock.advance(INTERVAL_S)
            assert (len(chat.asked), len(prices.asked)) == (2, 2)
            assert figure(job, "deleted_rows_total", what="chat") == 1
    is_defect = isinstance(error, ValueError)
    assert [(entry["event"], entry["what"]) for entry in log] == [("defect", "chat")] * is_defect
    assert "a secret" not in str(log)


async def test_a_row_can_be_hastened_and_the_hour_stays_what_it_is() -> None:
    errors, prices, clock = Shelf(), Shelf(), ManualClock()
    table = {"errors": errors.rule, "prices": prices.rule}
    async with running(table, DAYS, clock) as job:
        await clock.advance(INTERVAL_S - 10)
        job.hasten("errors")
        job.hasten("errors")
        await clock.advance(0)
        assert (len(errors.asked), len(prices.asked)) == (2, 1)
        await clock.advance(10)
        assert (len(errors.asked), len(prices.asked)) == (3, 2)


async def test_what_is_hastened_while_the_table_is_applied_is_not_forgotten() -> None:
    clock = ManualClock()
    errors = Shelf()

    async def crowd() -> int:
        job.hasten("errors")
        return 0

    job = RetentionJob({"errors": errors.rule, "others": Rule((), crowd)}, DAYS, clock)
    task = asyncio.create_task(job.run())
    await clock.advance(1)
    assert len(errors.asked) == 2
    task.cancel()
    await asyncio.wait([task])


async def test_what_was_deleted_is_counted_per_setting_and_the_last_run_is_told() -> None:
    chat, prices, clock = Shelf(rows=3), Shelf(rows=0), ManualClock()
    table = {"chat": chat.rule, "prices": prices.rule}
    async with running(table, DAYS, clock) as job:
        began_s = clock.time()
        assert figure(job, "last_run_timestamp_seconds") == began_s
        await clock.advance(INTERVAL_S)
        assert figure(job, "deleted_rows_total", what="chat") == 6
        assert figure(job, "deleted_rows_total", what="prices") == 0
        assert figure(job, "last_run_timestamp_seconds") == began_s + INTERVAL_S


# ── in pieces ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def delete_facts(transaction: Transaction, limit: int) -> int:
    some = select(facts.c.name).where(facts.c.name != "kept").limit(limit)
    return int((await transaction.execute(delete(facts).where(facts.c.name.in_(some)))).rowcount)


@pytest.mark.parametrize("rows", [0, 1, 3, 4, 7])
async def test_all_is_deleted_in_writes_that_let_others_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(retention, "ROWS_PER_WRITE", 3)
    order: list[int] = []

    async def delete_some(transaction: Transaction, limit: int) -> int:
        deleted = await delete_facts(transaction, limit)
        order.append(deleted)
        return deleted

    async with opened(tmp_path / "test.db") as database:
        for number in range(rows):
            await database.write(put(f"old {number}"))
        await database.write(put("kept"))
        assert await delete_in_pieces(database, delete_some) == rows
        assert await stored(database) == ["kept"]
    assert sum(order) == rows
    assert max(order) <= 3

"""The guard of the database: commits are its calls, and while it lets none through nothing is tried."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from duelcast.clock import ManualClock
from duelcast.domain.operations.breaker import Breaker
from duelcast.domain.operations.breaker_settings import BreakerSettings
from duelcast.domain.operations.transitions import BreakerState
from duelcast.errors import Unavailable
from duelcast.store.database import Database
from duelcast.store.write_queue import RETRY_MS
from tests.store.facts import figure, held, put, put_all, stored, until, waiting
from tests.storing import moved_away, opened


@asynccontextmanager
async def guarded(path: Path) -> AsyncIterator[tuple[Database, Breaker, ManualClock]]:
    """A database behind a breaker that two failing commits open, for 5 s; no probe is made while the clock stands."""
    clock = ManualClock()
    async with opened(path, clock) as database:
        breaker = Breaker(clock, BreakerSettings(failure_threshold=2, reset_timeout_ms=5_000, half_open_calls=1))
        database.guard = breaker
        yield database, breaker, clock


async def refusals(database: Database, *names: str) -> None:
    """Writes of both kinds are refused, each with a commit of its own."""
    for name in names:
        for write in (database.write(put(name)), database.write_batched(put_all, name)):
            with pytest.raises(Unavailable) as refused:
                await write
            assert (type(refused.value), refused.value.retry_after_ms) == (Unavailable, RETRY_MS)


async def test_commits_are_calls_of_the_guard_and_not_each_write(tmp_path: Path) -> None:
    async with guarded(tmp_path / "test.db") as (database, breaker, _clock):
        await database.write(put("a"))
        async with held(database):
            writes = await waiting(database, *(database.write(put(f"b{number}")) for number in range(10)))
        await asyncio.gather(*writes)
        assert (breaker.successful, breaker.failed) == (3, 0)


async def test_a_write_that_fails_by_itself_says_nothing_about_the_store(tmp_path: Path) -> None:
    async with guarded(tmp_path / "test.db") as (database, breaker, _clock):
        await database.write(put("a"))
        for _ in range(5):
            with pytest.raises(IntegrityError):
                await database.write(put("a"))
        assert (breaker.successful, breaker.failed) == (6, 0)


async def test_commits_that_fail_open_the_guard_and_then_nothing_is_tried(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    async with guarded(path) as (database, breaker, _clock):
        with moved_away(path):
            await refusals(database, "a")
        assert (breaker.failed, breaker.state) == (2, BreakerState.OPEN)
        # The file is back, and is left alone all the same.
        await refusals(database, "b", "c")
        assert (breaker.total, breaker.rejected) == (2, 4)
        assert figure(database, "refused_writes_total") == 6
        assert await stored(database) == []


async def test_a_probe_closes_the_guard_though_nobody_asks_for_anything(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    async with guarded(path) as (database, breaker, clock):
        with moved_away(path):
            await refusals(database, "a")
        await clock.advance(4)
        await until(lambda: figure(database, "waiting_writes") == 0)
        assert (breaker.state, database.failure is None) == (BreakerState.OPEN, False)
        await clock.advance(2)
        await until(lambda: breaker.state is BreakerState.CLOSED)
        await until(lambda: database.failure is None)
        assert await database.write(put("b")) == "b"


async def test_a_probe_that_fails_opens_the_guard_again(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    async with guarded(path) as (database, breaker, clock):
        with moved_away(path):
            await refusals(database, "a")
            await clock.advance(6)
            await until(lambda: breaker.recovery_attempts == 1)
        assert breaker.state is BreakerState.OPEN
        assert breaker.next_attempt_at_s == pytest.approx(clock.time() + 10, abs=1)

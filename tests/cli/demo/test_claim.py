from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from duelcast.channels.names import Role
from duelcast.cli.demo.companion import claim
from duelcast.clock import ManualClock, SystemClock
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.feeds.known_tokens import KNOWN_TOKENS
from duelcast.feeds.simulated import SimulatedFeed
from duelcast.settings import ConfigurationError
from duelcast.store import key_values, market
from duelcast.store.database import Database
from tests.feeds.collecting import CollectingSink, running
from tests.storing import opened, rename_somebody

FEEDS = (SimulatedFeed("market", ManualClock(), symbol_count=41),)
MINUTE = 30_000_000
NOW_S = MINUTE * 60 + 20.0
Put = Callable[[Database], Awaitable[None]]


async def is_demo(database: Database) -> bool:
    async with database.read() as transaction:
        return await key_values.find_value(transaction, key_values.DEMO) is not None


async def audit_something(database: Database) -> None:
    trail = AuditTrail(database, SystemClock())
    await database.write(lambda transaction: trail.record(transaction, Actor("boss", Role.ADMIN), "a.b", "target"))


async def add_another_fact(database: Database) -> None:
    await database.write(lambda transaction: key_values.add_value(transaction, "another", 1))


async def test_an_empty_database_becomes_the_demos(tmp_path: Path) -> None:
    async with opened(tmp_path / "duelcast.db") as database:
        assert not await is_demo(database)
        await claim(database, FEEDS, NOW_S)
        assert await is_demo(database)


async def test_what_is_the_demos_stays_so_with_whatever_is_in_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "duelcast.db") as database:
        await claim(database, FEEDS, NOW_S)
        await rename_somebody(database)
    async with opened(tmp_path / "duelcast.db") as database:
        await claim(database, FEEDS, NOW_S)
        assert await is_demo(database)


@pytest.mark.parametrize("put_in", [rename_somebody, audit_something, add_another_fact])
async def test_a_database_with_anything_else_in_it_is_refused(tmp_path: Path, put_in: Put) -> None:
    async with opened(tmp_path / "duelcast.db") as database:
        await put_in(database)
        with pytest.raises(ConfigurationError, match="DUELCAST_DATA_DIR"):
            await claim(database, FEEDS, NOW_S)
        assert not await is_demo(database)


async def test_the_known_tokens_of_a_simulated_market_have_a_past_without_gaps(tmp_path: Path) -> None:
    async with opened(tmp_path / "duelcast.db") as database:
        await claim(database, FEEDS, NOW_S)
        async with database.read() as transaction:
            tokens = await market.all_tokens(transaction)
            rows = await market.minutes_since(transaction, ["BTC"], 0)
    assert {token.symbol for token in tokens} == {known.symbol for known in KNOWN_TOKENS}
    assert {token.source for token in tokens} == {"market"}
    assert [row.minute for row in rows] == list(range(MINUTE - 1_440, MINUTE))
    assert all(row.low <= min(row.open, row.last) <= max(row.open, row.last) <= row.high for row in rows)
    assert [row.open for row in rows[1:]] == [row.last for row in rows[:-1]]
    assert rows[-1].last == KNOWN_TOKENS[0].price


async def test_the_past_agrees_with_what_the_feed_says_of_the_day(tmp_path: Path) -> None:
    clock, sink = ManualClock(), CollectingSink()
    async with running(SimulatedFeed("market", clock), sink), opened(tmp_path / "duelcast.db") as database:
        await clock.advance(0)
        await claim(database, FEEDS, NOW_S)
        async with database.read() as transaction:
            for first in sink.tickers:
                rows = await market.minutes_since(transaction, [first.symbol], 0)
                assert (min(row.low for row in rows), max(row.high for row in rows)) == (first.low_24h, first.high_24h)
                assert first.change_24h == pytest.approx((first.price / rows[0].open - 1) * 100, abs=0.006)


async def test_a_later_start_and_other_feeds_add_nothing_to_the_past(tmp_path: Path) -> None:
    async with opened(tmp_path / "duelcast.db") as database:
        await claim(database, [], NOW_S)
        await claim(database, FEEDS, NOW_S)
        async with database.read() as transaction:
            assert await market.all_tokens(transaction) == []

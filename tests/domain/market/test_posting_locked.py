"""Posts to a database that another process holds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.domain.audit import AuditTrail
from duelcast.domain.market.posted import PostedPrice, PostResult
from duelcast.domain.market.service import Market
from duelcast.domain.market.settings import MarketSettings
from duelcast.errors import Unavailable
from tests.store.facts import figure, until
from tests.storing import BUSY_TIMEOUT_MS, bus_of, locked, opened

WAIT_S = BUSY_TIMEOUT_MS / 1000


async def test_a_post_behind_another_one_waits_no_longer_than_a_post_alone(tmp_path: Path) -> None:
    clock, path = ManualClock(), tmp_path / "test.db"
    async with opened(path, clock) as database:
        market = Market(
            Publisher(bus_of(database, clock), clock), clock, MarketSettings(), database, AuditTrail(database, clock)
        )

        def post(symbol: str) -> asyncio.Task[PostResult]:
            return asyncio.create_task(market.post_prices([PostedPrice(symbol=symbol, price=1.0)]))

        async with locked(path):
            first = post("A")
            await until(lambda: figure(database, "waiting_writes") == 1)
            await clock.advance(WAIT_S / 2)
            second = post("B")
            await clock.advance(WAIT_S / 2)
            with pytest.raises(Unavailable):
                await first
            assert not second.done()
            await until(lambda: figure(database, "waiting_writes") == 1)
            await clock.advance(WAIT_S / 2)
            with pytest.raises(Unavailable):
                await second
        assert (await market.post_prices([PostedPrice(symbol="C", price=1.0)])).accepted == 1
        await market.close()

"""What happens in the evening, scene by scene; each ends when all who are concerned have seen it."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from websockets.asyncio.client import connect

from duelcast.wire.timestamps import format_time
from tests.e2e.operations.patient import patient
from tests.rehearsal.acts import portfolio_of
from tests.rehearsal.cast import PARTICIPANTS, Cast, user
from tests.rehearsal.desk import Desk
from tests.rehearsal.house import SHOP, House
from tests.rehearsal.prices import real_prices
from tests.rehearsal.visitor import PATIENCE_S, Visitor

FIRST, SECOND = CONTESTS = (1, 2)
"""The ids of the contests: they are the first ones of their database."""
LATER_S = 3_600.0
SECOND_STARTS_IN_S = 1.0
SECOND_LASTS_S = 20.0
BROKEN_CONNECTIONS = 100
BREAKING_S = 4.0
MAINTENANCE_S = 2.0
V = TypeVar("V", bound=Visitor)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)


async def all_of(visitors: Iterable[V], condition: Callable[[V], bool]) -> None:
    """Wait until the condition holds for each."""
    everybody = list(visitors)
    await until(lambda: all(map(condition, everybody)))


async def known_symbols(url: str) -> list[str]:
    """All symbols, once each has a price at the server at `url`."""
    symbols = sorted({tick.symbol for tick in real_prices()})
    missing = set(symbols)
    async with asyncio.timeout(PATIENCE_S), connect(f"{url}/market-data", compression=None, proxy=None) as prices:
        await prices.send('{"type":"SUBSCRIBE_SYMBOLS","symbols":["*"]}')
        while missing:
            frame = json.loads(await prices.recv())
            if frame["type"] == "MARKET_PRICE" and frame["data"]["price"] is not None:
                missing.discard(frame["data"]["symbol"])
    return symbols


async def announce_contests(desk: Desk, chance: random.Random, symbols: Sequence[str]) -> None:
    """Both are entered; neither begins by itself for an hour."""
    for contest in CONTESTS:
        body = {"name": f"Cup {contest}", "prize_pool": "10", **_times(LATER_S, LATER_S)}
        assert (await desk.do("POST", "/contests", body))["id"] == contest
        for number in range(PARTICIPANTS):
            entry = {"portfolio": portfolio_of(chance, symbols)}
            await desk.do("POST", f"/contests/{contest}/entries", entry, wallet=user(number))


async def break_connections(cast: Cast, chance: random.Random) -> None:
    """A third of all lose theirs, and come back."""
    for visitor in chance.sample(cast.everybody, BROKEN_CONNECTIONS):
        visitor.lose_connection()
        await asyncio.sleep(BREAKING_S / BROKEN_CONNECTIONS)
    await all_of(cast.everybody, lambda visitor: visitor.is_present)
    assert sum(visitor.connections for visitor in cast.everybody) == len(cast.everybody) + BROKEN_CONNECTIONS


async def let_the_shop_fail(cast: Cast, house: House, shop: AsyncExitStack) -> None:
    """`shop` is the service outside, which goes away during the scene."""
    await shop.aclose()
    await all_of(cast.services, lambda watcher: "circuit_open" in watcher.told(SHOP))
    await all_of(cast.statuses, lambda watcher: watcher.statuses[-1] == "degraded")
    await all_of(cast.services, lambda watcher: "circuit_half_open" in watcher.told(SHOP))
    await shop.enter_async_context(patient(house.shop_port))
    await all_of(cast.services, lambda watcher: watcher.told(SHOP)[-1] == "circuit_closed")
    await all_of(cast.statuses, lambda watcher: watcher.statuses[-1] == "online")
    told, *others = [watcher.told(SHOP) for watcher in cast.services]
    assert others == [told] * len(others)
    assert told[:2] == ["health_failed", "circuit_open"]
    assert told[-3:] == ["circuit_half_open", "health_recovered", "circuit_closed"]


async def hold_maintenance(cast: Cast, desk: Desk) -> None:
    await _set_maintenance(desk, enabled=True)
    await all_of(cast.statuses, lambda watcher: watcher.maintenances[-1])
    await asyncio.sleep(MAINTENANCE_S)
    await _set_maintenance(desk, enabled=False)
    await all_of(cast.statuses, lambda watcher: not watcher.maintenances[-1])


async def schedule_second_contest(desk: Desk) -> None:
    """It begins in a moment."""
    await desk.do("PATCH", f"/contests/{SECOND}", _times(SECOND_STARTS_IN_S, SECOND_LASTS_S))


async def all_come_back(cast: Cast) -> None:
    """After a restart, when they were asked to."""
    await all_of(cast.everybody, lambda visitor: len(visitor.restarts) == 1 and visitor.is_present)


async def read_the_last(cast: Cast) -> None:
    """A device of each user marks something, behind everything that could hide what the others are told of it."""
    for number, wallet in enumerate(cast.owners):
        device = cast.devices_of(wallet)[0]
        await all_of([device], lambda one: not all(one.read.values()))
        if number % 2:
            await device.mark_all()
        else:
            await device.mark([max(one for one, read in device.read.items() if not read)])


async def _set_maintenance(desk: Desk, *, enabled: bool) -> None:
    await desk.do("PUT", "/settings/maintenance_mode", {"value": {"enabled": enabled}})


def _times(starts_in_s: float, lasts_s: float) -> dict[str, Any]:
    start_s = time.time() + starts_in_s
    return {"start_time": format_time(start_s), "end_time": format_time(start_s + lasts_s)}

"""A whole evening of the platform, with all that happens to it; `make rehearsal`, also before a release.

300 clients on all nine endpoints, two contests on real prices, an outage of a service, maintenance, connections that
break, and a restart of the server. At the end each client shows what is stored.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from itertools import islice
from pathlib import Path

import pytest

from tests.e2e.operations.patient import patient
from tests.rehearsal.acts import Acts
from tests.rehearsal.agreement import assert_nothing_is_lost_or_doubled, differences
from tests.rehearsal.cast import PARTICIPANTS, Cast, assemble, user
from tests.rehearsal.desk import Desk, desk
from tests.rehearsal.house import House, close
from tests.rehearsal.prices import last_prices
from tests.rehearsal.scenes import (
    BROKEN_CONNECTIONS,
    CONTESTS,
    FIRST,
    SECOND,
    SECOND_STARTS_IN_S,
    all_come_back,
    all_of,
    announce_contests,
    break_connections,
    hold_maintenance,
    known_symbols,
    let_the_shop_fail,
    read_the_last,
    schedule_second_contest,
    until,
)
from tests.rehearsal.truth import Told, filed, told
from tests.rehearsal.visitor import PATIENCE_S

pytestmark = pytest.mark.rehearsal

PRICES_S = 60.0
"""How long they go on, in the first life of the server."""
LAST_PRICES_S = 20.0
SAID_AFTER_THE_RETURN = 60
"""Chat messages, before the evening ends."""
OUTCOMES = sorted(
    (user(number), kind, contest)
    for number in range(PARTICIPANTS)
    for kind in ("CONTEST_STARTED", "CONTEST_RESULT")
    for contest in CONTESTS
)
"""What participants are told of their contests: wallet, type of the notification, contest."""


async def test_at_the_end_every_client_shows_what_is_stored(tmp_path: Path) -> None:
    chance = random.Random(1)
    house = House(tmp_path)
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(AsyncExitStack())
        await shop.enter_async_context(patient(house.shop_port))
        work = await stack.enter_async_context(desk(house.port))
        server = await stack.enter_async_context(house.open(PRICES_S))
        symbols = await known_symbols(house.url)
        await work.do("PUT", "/settings/chat.messages_per_minute", {"value": 600})
        await announce_contests(work, chance, symbols)
        cast = assemble(house.url, symbols, CONTESTS)
        assert len(cast.everybody) == 300

        evening = await stack.enter_async_context(asyncio.TaskGroup())
        attending = [evening.create_task(visitor.attend()) for visitor in cast.everybody]
        await all_of(cast.everybody, lambda visitor: visitor.is_present)
        acts = Acts(cast, work, CONTESTS, chance)
        acting = [evening.create_task(act) for act in acts.all()]
        await work.do("POST", f"/contests/{FIRST}/start", repeated="INVALID_STATE")
        await break_connections(cast, chance)
        await let_the_shop_fail(cast, house, shop)
        await hold_maintenance(cast, work)

        await schedule_second_contest(work)
        await close(server)
        await asyncio.sleep(SECOND_STARTS_IN_S)
        server = await stack.enter_async_context(house.open(LAST_PRICES_S))
        await all_come_back(cast)
        assert (await work.read(f"/contests/{SECOND}"))["status"] == "active"
        said = acts.acknowledged.said
        before = sum(map(len, said.values()))
        await until(lambda: sum(map(len, said.values())) >= before + SAID_AFTER_THE_RETURN)
        acts.over.set()
        await asyncio.wait(acting)
        await work.do("POST", f"/contests/{FIRST}/end")

        await until_all_is_over(work, tmp_path)
        await read_the_last(cast)
        last_told = await agreement(cast, work, tmp_path)
        for task in attending:
            task.cancel()
        await close(server)

    kept = filed(tmp_path)
    assert list(differences(cast, last_told, kept)) == []
    assert_nothing_is_lost_or_doubled(acts.acknowledged, cast, kept)
    assert sorted(kept.outcomes) == OUTCOMES
    assert kept.prices == prices_of(last_told)
    assert_it_was_an_evening(cast, work)
    assert [entry for entry in server.log() if entry["level"] in ("error", "critical")] == []


async def until_all_is_over(desk: Desk, folder: Path) -> None:
    """The contests are completed and told of, and the last price has come."""

    async def is_over() -> bool:
        now = await told(desk, CONTESTS)
        return (
            set(now.statuses.values()) == {"completed"}
            and prices_of(now) == last_prices(LAST_PRICES_S)
            and len(filed(folder).outcomes) >= len(OUTCOMES)
        )

    async with asyncio.timeout(PATIENCE_S):
        while not await is_over():  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.5)


async def agreement(cast: Cast, desk: Desk, folder: Path) -> Told:
    """What the server says once everybody shows it."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + PATIENCE_S
    while True:
        last_told = await told(desk, CONTESTS)
        found = list(islice(differences(cast, last_told, filed(folder)), 5))
        if not found:
            return last_told
        assert loop.time() < deadline_s, found
        await asyncio.sleep(0.5)


def prices_of(told: Told) -> dict[str, float]:
    return {symbol: token["price"] for symbol, token in told.tokens.items()}


def assert_it_was_an_evening(cast: Cast, desk: Desk) -> None:
    """All that should have happened did, before everybody's eyes."""
    assert cast.statuses
    for watcher in cast.statuses:
        assert watcher.maintenances == [False, True, False]
    assert any("MAINTENANCE" in member.refusals for member in cast.members)
    assert desk.interruptions > 0, "somebody asked while there was no server"
    delays = [visitor.restarts[0] for visitor in cast.everybody]
    assert len(set(delays)) > len(delays) / 4
    assert sum(visitor.recoveries for visitor in cast.everybody) > BROKEN_CONNECTIONS / 4
    assert len({visitor.epoch for visitor in cast.everybody}) == 1

"""Contests over a real database and the in-process bus, with a clock that stands still and a record of all pushes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import msgspec

from duelcast.channels.broker import Message
from duelcast.channels.names import Channel, Role
from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.contests.contest import Contest
from duelcast.domain.contests.portfolio import Choice
from duelcast.domain.contests.service import Contests, ContestSettings
from duelcast.domain.contests.terms import NewContest
from duelcast.domain.market.posted import PostedPrice
from duelcast.domain.market.service import Market
from duelcast.domain.market.settings import MarketSettings
from duelcast.store import contests as store
from duelcast.store.database import Database
from duelcast.store.events import StoredEvent, events_after
from duelcast.wire.timestamps import format_time
from tests.storing import bus_of, opened

ADMIN = Actor("boss", Role.ADMIN)
START_S = 60.0
END_S = 600.0
"""From the creation of a contest, where a test does not say otherwise."""


class Part(Protocol):
    """Works until it is cancelled."""

    async def run(self) -> None: ...


class Pushes:
    """A node of the bus that keeps the newest message of each channel and type."""

    def __init__(self) -> None:
        self.all: list[tuple[str, dict[str, Any]]] = []
        self.newest: dict[tuple[str, str], dict[str, Any]] = {}

    def deliver(self, message: Message) -> None:
        body = msgspec.json.decode(message.body)
        self.all.append((message.channel.name, body))
        self.newest[(message.channel.name, body["type"])] = body

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        """Nobody recovers here."""

    def resynchronise(self) -> None:
        raise AssertionError("a bus of one process loses nothing")


def status_of(contest: Contest) -> str:
    """The present status, which mypy would take for the one that was compared last."""
    return contest.row.status


class ContestRoom:
    """Times are of the manual clock, from its start."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self.clock = clock
        self.database = database
        self.pushes = Pushes()
        self.broker = bus_of(database, clock)
        self.broker.attach(self.pushes)
        publisher = Publisher(self.broker, clock)
        self.audit = AuditTrail(database, clock)
        self.accounts = MemoryAccounts()
        self.market = Market(publisher, clock, MarketSettings(), database, self.audit)
        self.contests = Contests(
            publisher, self.broker, clock, database, self.market, self.accounts, self.audit, ContestSettings()
        )

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """All is loaded, and background work is done."""
        await self.market.load()
        await self.contests.load()
        parts: tuple[Part, ...] = (self.market, self.contests, self.contests.scorer, self.contests.clock)
        self._work = {part: asyncio.create_task(part.run()) for part in parts}
        try:
            yield
        finally:
            for task in self._work.values():
                task.cancel()
            await asyncio.gather(*self._work.values(), return_exceptions=True)
            await self.market.close()

    def task(self, part: Part) -> asyncio.Task[None]:
        """In which it works."""
        return self._work[part]

    @asynccontextmanager
    async def stopped(self, part: Part) -> AsyncIterator[None]:
        """One of the parts does nothing during the block, and is run anew behind it."""
        task = self.task(part)
        task.cancel()
        await asyncio.wait([task])
        yield
        self._work[part] = asyncio.create_task(part.run())
        await self.clock.advance(0)

    async def advance(self, seconds: float) -> None:
        """Move on, until everything that is due by then is done."""
        await self.clock.advance(seconds)
        await self.contests.clock.settle_due()
        await self.contests.final_rows.published()
        await self.clock.advance(0)

    async def prices(self, **prices: float) -> None:
        await self.market.post_prices([PostedPrice(symbol=symbol, price=price) for symbol, price in prices.items()])

    async def create(self, **terms: Any) -> Contest:
        now_s = self.clock.time()
        times = {"start_time": format_time(now_s + START_S), "end_time": format_time(now_s + END_S)}
        return await self.contests.organising.create(NewContest(**({"name": "One"} | times | terms)), ADMIN)

    async def enter(self, contest: Contest, wallet: str, portfolio: Mapping[str, int]) -> None:
        await self.contests.entering.enter(contest.id, user(wallet), choices(portfolio))

    async def change(self, contest: Contest, wallet: str, portfolio: Mapping[str, int]) -> None:
        await self.contests.entering.change_portfolio(contest.id, wallet, choices(portfolio))

    async def disqualify(self, contest: Contest, wallet: str, *, disqualified: bool = True) -> None:
        await self.contests.organising.set_disqualified(contest.id, wallet, disqualified=disqualified, actor=ADMIN)

    async def ranking(self, contest: Contest) -> list[tuple[int, str, float]]:
        """Rank, wallet and value of all rows."""
        page = await self.contests.standings.leaderboard(contest.id, limit=500)
        return [(row.rank, row.wallet, row.value) for row in page.entries]

    async def events(self) -> list[StoredEvent]:
        async with self.database.read() as transaction:
            return await events_after(transaction, 0, 1_000)

    async def boundary_prices(self, contest: Contest, boundary: str) -> dict[str, float]:
        async with self.database.read() as transaction:
            return {one.symbol: one.price for one in await store.prices_of(transaction, contest.id, boundary)}


def user(wallet: str) -> Identity:
    return Identity(wallet, Role.USER, None, 4e9)


def choices(portfolio: Mapping[str, int]) -> list[Choice]:
    return [Choice(symbol, weight) for symbol, weight in portfolio.items()]


@asynccontextmanager
async def contest_room(folder: Path, clock: ManualClock | None = None) -> AsyncIterator[ContestRoom]:
    """A room over the database in `folder`, which may have been there before."""
    clock = clock or ManualClock()
    async with opened(folder / "contests.db", clock) as database:
        room = ContestRoom(database, clock)
        async with room.working():
            yield room

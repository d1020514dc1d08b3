"""A market over the in-process bus, with a clock that stands still and a record of all that it published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from duelcast.channels.broker import Message
from duelcast.channels.names import Channel, Role
from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.domain.audit import Actor, AuditTrail
from duelcast.domain.market.feeds import MarketSink
from duelcast.domain.market.service import Market
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.market.ticks import Ticker, Trade
from duelcast.store.database import Database
from tests.storing import bus_of, opened

DAY_BEGIN_S = 1_799_971_200.0
ADMIN = Actor("admin", Role.ADMIN)


@dataclass(frozen=True)
class Push:
    """What was published, decoded, and when on the steady clock."""

    at_s: float
    channel: str
    body: dict[str, Any]

    @property
    def data(self) -> Any:
        return self.body["data"]


class Recorder:
    """A node of the bus that only writes down."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.pushes: list[Push] = []

    def deliver(self, message: Message) -> None:
        self.pushes.append(Push(self._clock.monotonic(), message.channel.name, msgspec.json.decode(message.body)))

    def replace(self, channel: Channel, seq: int, body: bytes) -> None:
        raise AssertionError("the market takes nothing back")

    def resynchronise(self) -> None:
        raise AssertionError("a bus of one process loses nothing")


class MarketRoom:
    """The market under test; times are of the manual clock."""

    def __init__(self, database: Database, clock: ManualClock, settings: MarketSettings | None = None) -> None:
        self.clock = clock
        self.recorder = Recorder(clock)
        broker = bus_of(database, clock)
        broker.attach(self.recorder)
        self.database = database
        self.audit = AuditTrail(database, clock)
        self.market = Market(Publisher(broker, clock), clock, settings or MarketSettings(), database, self.audit)

    def feed(self, name: str = "venue", *symbols: str) -> MarketSink:
        return self.market.sink(name, frozenset(symbols))

    def pushes(self, kind: str, symbol: str | None = None) -> list[Push]:
        """What was published of a type, of one symbol or all."""
        return [
            push
            for push in self.recorder.pushes
            if push.body["type"] == kind and (symbol is None or push.channel.endswith(f".{symbol}"))
        ]

    def prices(self, symbol: str = "SOL") -> list[float]:
        return [push.data["price"] for push in self.pushes("MARKET_PRICE", symbol)]

    def volumes(self, interval: str, symbol: str = "SOL") -> list[Push]:
        return [push for push in self.pushes("MARKET_VOLUME", symbol) if push.data["interval"] == interval]

    async def advance(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The market does its background work."""
        work = asyncio.create_task(self.market.run())
        try:
            await self.advance(0)
            yield
            assert not work.done(), "the background work ended by itself"
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


@asynccontextmanager
async def market_room(
    settings: MarketSettings | None = None, *, path: Path | None = None, clock: ManualClock | None = None
) -> AsyncIterator[MarketRoom]:
    """A market over the database at `path`, or a new one, that does no background work. Its clock begins on a full
    day."""
    clock = clock or ManualClock(start=DAY_BEGIN_S)
    with TemporaryDirectory(prefix="duelcast-") as folder:
        # On the machine's clock: a probe of the database would wake each second of the days that tests let pass.
        async with opened(path or Path(folder) / "duelcast.db") as database:
            room = MarketRoom(database, clock, settings)
            await room.market.load()
            yield room
            await room.market.close()


def ticker(price: float, symbol: str = "SOL", **fields: Any) -> Ticker:
    return Ticker(symbol=symbol, price=price, **fields)


def trade(price: float = 10.0, quantity: float = 1.0, symbol: str = "SOL", **fields: Any) -> Trade:
    return Trade(symbol=symbol, price=price, quantity=quantity, **fields)

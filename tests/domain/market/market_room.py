"""A market over the in-process bus, with a clock that stands still and a record of all that it published."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from duelcast.channels.broker import Message
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.domain.market.service import Market
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.market.sink import MarketSink
from duelcast.domain.market.ticks import Ticker, Trade


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

    def resynchronise(self) -> None:
        raise AssertionError("a bus of one process loses nothing")


class MarketRoom:
    """The market under test; times are of the manual clock, which begins on a full day."""

    def __init__(self, settings: MarketSettings | None = None) -> None:
        self.clock = ManualClock(start=1_799_971_200.0)
        self.recorder = Recorder(self.clock)
        broker = MemoryBroker(self.clock)
        broker.attach(self.recorder)
        self.market = Market(Publisher(broker, self.clock), self.clock, settings or MarketSettings())

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


def ticker(price: float, symbol: str = "SOL", **fields: Any) -> Ticker:
    return Ticker(symbol=symbol, price=price, **fields)


def trade(price: float = 10.0, quantity: float = 1.0, symbol: str = "SOL", **fields: Any) -> Trade:
    return Trade(symbol=symbol, price=price, quantity=quantity, **fields)

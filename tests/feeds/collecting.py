"""A sink that keeps everything, and waiting for what real sockets bring."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from duelcast.domain.market.ticks import Tick, Ticker, TokenInfo, Trade
from duelcast.feeds.source import Feed, Sink

PATIENCE_S = 60.0


class CollectingSink:
    """Keeps ticks and reports in the order in which they came."""

    def __init__(self) -> None:
        self.ticks: list[Tick] = []
        self.reports: list[str] = []
        self.unreadable_records = 0
        self.failed_pairs: dict[str, str] = {}
        self.pair_reports: list[tuple[str, str | None]] = []

    def accept(self, tick: Tick) -> None:
        self.ticks.append(tick)

    def unreadable(self, records: int) -> None:
        self.unreadable_records += records

    def connected(self) -> None:
        self.reports.append("connected")

    def failed(self, reason: str) -> None:
        self.reports.append(reason)

    def pair_failed(self, pair: str, reason: str) -> None:
        self.failed_pairs[pair] = reason
        self.pair_reports.append((pair, reason))

    def pair_works(self, pair: str) -> None:
        if self.failed_pairs.pop(pair, None) is not None:
            self.pair_reports.append((pair, None))

    @property
    def tickers(self) -> list[Ticker]:
        return [tick for tick in self.ticks if isinstance(tick, Ticker)]

    @property
    def trades(self) -> list[Trade]:
        return [tick for tick in self.ticks if isinstance(tick, Trade)]

    @property
    def tokens(self) -> list[TokenInfo]:
        return [tick for tick in self.ticks if isinstance(tick, TokenInfo)]

    def tickers_of(self, symbol: str) -> list[Ticker]:
        return [ticker for ticker in self.tickers if ticker.symbol == symbol]

    def trades_of(self, symbol: str) -> list[Trade]:
        return [trade for trade in self.trades if trade.symbol == symbol]


@contextlib.asynccontextmanager
async def running(feed: Feed, sink: Sink) -> AsyncIterator[asyncio.Task[None]]:
    """Run `feed` in a task that is cancelled at the end; a defect of the feed fails the test."""
    task = asyncio.create_task(feed.run(sink))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object]) -> None:
    """Return once `condition` holds; fails the test where it does not within `PATIENCE_S`."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what real sockets bring sets no event
            await asyncio.sleep(0.005)


if TYPE_CHECKING:
    _conforms: type[Sink] = CollectingSink

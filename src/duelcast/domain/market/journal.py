"""Writes the market to the store, once marked moments are settled. Records of feeds are stored after their prices are
published, and never in their way."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.clock import Clock
from duelcast.domain.market.book import BookEntry
from duelcast.domain.market.candles import Row
from duelcast.domain.market.marks import Marks, PricePoint, Prices
from duelcast.domain.market.receipt import ReceiptTime, store_scale, to_us
from duelcast.errors import AppError
from duelcast.logs import exception_fields
from duelcast.store import market as store
from duelcast.store.database import Database, Transaction
from duelcast.store.market import MarketWrites, MinutePrice

FLUSH_INTERVAL_S = 5.0
MAX_COMPLETE = 200_000
"""Minutes that may wait while the store is out of reach, about 40 MB; beyond that the oldest are lost."""
_ROWS_PER_WRITE = 200
"""Preparing that many takes about 2 ms, in which nothing else is served."""

log = structlog.get_logger("duelcast.market")

Settle = Callable[[], Awaitable[None]]


class Settled(NamedTuple):
    """A time of receipt (epoch seconds), and the newest marked moment before it (epoch µs; -1: none)."""

    received_s: float
    passed_us: int


class Journal:
    """In the store a price replaces an older one of its minute, which a contest that marked a moment may still need. So
    `settle_first` is awaited before anything received after a marked moment is stored. It may wait for records received
    before, but for none that come later."""

    def __init__(self, receipt: ReceiptTime, marks: Marks, settle_first: Callable[[], Settle | None]) -> None:
        self._receipt = receipt
        self._marks = marks
        self._settle_first = settle_first

    async def settled(self) -> Settled:
        """Wait until everything received by now may be stored. Raises as `settle_first` does."""
        settled_us = -1
        while True:
            now = self._now()
            settle = self._settle_first()
            if settle is None or now.passed_us <= settled_us:
                return now
            await settle()
            settled_us = now.passed_us

    def is_settled(self, before: Settled) -> bool:
        """Whether everything received by now may be stored, since no marked moment passed after `before`."""
        return self._settle_first() is None or self._now().passed_us <= before.passed_us

    async def write(self, transaction: Transaction, writes: MarketWrites) -> None:
        """Store `writes`, with the scale of their times of receipt."""
        await store.write(transaction, writes)
        if self._receipt.scale.bends:
            await store_scale(transaction, self._receipt.scale)

    def _now(self) -> Settled:
        now_s = self._receipt.now_s()
        passed_us = self._marks.newest_before(to_us(now_s))
        return Settled(now_s, -1 if passed_us is None else passed_us)


class Unstored:
    """`changed` are the entries whose running minute or metadata changed; `lost` counts minutes that were never
    stored."""

    def __init__(self) -> None:
        self.changed: set[BookEntry] = set()
        self.lost = 0
        self._complete: OrderedDict[tuple[str, int], MinutePrice] = OrderedDict()

    def __len__(self) -> int:
        return len(self.changed) + len(self._complete)

    def complete(self, symbol: str, row: Row, received_s: float) -> None:
        """A minute of `symbol` is over; its last price was received at `received_s` (epoch)."""
        if len(self._complete) >= MAX_COMPLETE:
            self._complete.popitem(last=False)
            self.lost += 1
        self._complete[symbol, row.minute] = MinutePrice(symbol, *row, to_us(received_s))

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily("duelcast_market_unstored", "Tokens and minutes to be stored.", value=len(self))
        yield CounterMetricFamily("duelcast_market_lost_minutes", "Minutes that were never stored.", value=self.lost)

    def take(self, limit: int) -> tuple[MarketWrites, Sequence[BookEntry]]:
        """About `limit` rows to store, and their entries, which are no longer in `changed`."""
        minutes = list(islice(self._complete.values(), limit))
        entries = [self.changed.pop() for _ in range(min(len(self.changed), limit - len(minutes)))]
        for entry in entries:
            row = entry.rows.newest()
            if row is not None:
                minutes.append(MinutePrice(entry.symbol, *row, to_us(entry.rows.received_s)))
        return MarketWrites(tokens=[entry.stored(entry.updated_s) for entry in entries], minutes=minutes), entries

    def stored(self, writes: MarketWrites | None) -> None:
        """These are stored now."""
        for minute in () if writes is None else writes.minutes:
            # A minute that ended meanwhile has other prices than the running one that was stored.
            if self._complete.get((minute.symbol, minute.minute)) == minute:
                del self._complete[minute.symbol, minute.minute]

    def last_at(self, symbols: Iterable[str], moment_us: int) -> Prices:
        """The close of the newest complete minute of each symbol that was received at or before `moment_us` (epoch)."""
        wanted = set(symbols)
        return {
            row.symbol: PricePoint(row.last, row.received_us)
            for row in self._complete.values()  # the minutes of a symbol are in order
            if row.symbol in wanted and row.received_us <= moment_us
        }


class Flushing:
    """Stores the records of feeds. Rows that cannot be stored now wait for the next time."""

    def __init__(self, database: Database, clock: Clock, journal: Journal, unstored: Unstored) -> None:
        self._database = database
        self._clock = clock
        self._journal = journal
        self._unstored = unstored

    async def run(self) -> None:
        """Store every 5 s, until cancelled."""
        while True:
            await self._clock.sleep(FLUSH_INTERVAL_S)
            await self.flush()

    async def flush(self) -> None:
        """Store all waiting rows, as far as the store is in reach."""
        left = len(self._unstored)
        try:
            while left > 0:
                left -= await self._store_some()
        except AppError:
            pass  # the database has logged it
        except Exception as error:
            log.error("defect", **exception_fields(error))

    async def _store_some(self) -> int:
        """Returns the number of rows; 0 if a marked moment passed meanwhile, which must be settled first."""
        settled = await self._journal.settled()
        entries: Sequence[BookEntry] = ()

        async def work(transaction: Transaction) -> MarketWrites | None:
            # Not taken earlier: posts that are committed meanwhile may be of the same symbols.
            nonlocal entries
            if not self._journal.is_settled(settled):
                return None
            writes, entries = self._unstored.take(_ROWS_PER_WRITE)
            await self._journal.write(transaction, writes)
            return writes

        def refused(_refusal: Exception) -> None:
            self._unstored.changed.update(entries)

        writes = await self._database.write(work, self._unstored.stored, refused)
        return 0 if writes is None else max(len(writes.tokens), len(writes.minutes), 1)

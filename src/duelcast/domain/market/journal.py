"""Writes the market to the store. When a marked moment has passed, it is settled before any later record is stored.
Records of feeds are stored after their prices are published, so that storing never delays publishing."""

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
"""How many minutes may wait while the store is unreachable, about 40 MB; beyond that the oldest are dropped."""
_ROWS_PER_WRITE = 200
"""Preparing this many rows takes about 2 ms, during which nothing else is served."""

log = structlog.get_logger("duelcast.market")

Settle = Callable[[], Awaitable[None]]


class Settled(NamedTuple):
    """A time of receipt (epoch seconds), and the newest marked moment before it (epoch µs, or -1 if there is none)."""

    received_s: float
    passed_us: int


class Journal:
    """In the store, a price replaces the previous price of the same minute. A contest that marked a moment may still
    need that previous price. Therefore `settle_first` is awaited before anything received after a marked moment is
    stored. `settle_first` may wait for records received before that moment, but not for later ones."""

    def __init__(self, receipt: ReceiptTime, marks: Marks, settle_first: Callable[[], Settle | None]) -> None:
        self._receipt = receipt
        self._marks = marks
        self._settle_first = settle_first

    async def settled(self) -> Settled:
        """Wait until everything received by now may be stored. Raises the errors of `settle_first`."""
        settled_us = -1
        while True:
            now = self._now()
            settle = self._settle_first()
            if settle is None or now.passed_us <= settled_us:
                return now
            await settle()
            settled_us = now.passed_us

    def is_settled(self, before: Settled) -> bool:
        """Whether everything received by now may be stored, because no marked moment has passed since `before`."""
        return self._settle_first() is None or self._now().passed_us <= before.passed_us

    async def write(self, transaction: Transaction, writes: MarketWrites) -> None:
        """Store `writes`, and the scale of their times of receipt."""
        await store.write(transaction, writes)
        if self._receipt.scale.bends:
            await store_scale(transaction, self._receipt.scale)

    def _now(self) -> Settled:
        now_s = self._receipt.now_s()
        passed_us = self._marks.newest_before(to_us(now_s))
        return Settled(now_s, -1 if passed_us is None else passed_us)


class Unstored:
    """Tokens and minutes that are not stored yet. `changed` are the entries whose current minute or metadata changed;
    `lost` counts the minutes that were dropped."""

    def __init__(self) -> None:
        self.changed: set[BookEntry] = set()
        self.lost = 0
        self._complete: OrderedDict[tuple[str, int], MinutePrice] = OrderedDict()

    def __len__(self) -> int:
        return len(self.changed) + len(self._complete)

    def complete(self, symbol: str, row: Row, received_s: float) -> None:
        """Queue a complete minute of `symbol`; the last price in it was received at `received_s` (epoch)."""
        if len(self._complete) >= MAX_COMPLETE:
            self._complete.popitem(last=False)
            self.lost += 1
        self._complete[symbol, row.minute] = MinutePrice(symbol, *row, to_us(received_s))

    def collect(self) -> Iterator[Metric]:
        """Metrics for Prometheus."""
        yield GaugeMetricFamily("duelcast_market_unstored", "Tokens and minutes not stored yet.", value=len(self))
        yield CounterMetricFamily("duelcast_market_lost_minutes", "Minutes that were never stored.", value=self.lost)

    def take(self, limit: int) -> tuple[MarketWrites, Sequence[BookEntry]]:
        """Take about `limit` rows to store, and return them with the entries that were taken out of `changed`."""
        minutes = list(islice(self._complete.values(), limit))
        entries = [self.changed.pop() for _ in range(min(len(self.changed), limit - len(minutes)))]
        for entry in entries:
            row = entry.rows.newest()
            if row is not None:
                minutes.append(MinutePrice(entry.symbol, *row, to_us(entry.rows.received_s)))
        return MarketWrites(tokens=[entry.stored(entry.updated_s) for entry in entries], minutes=minutes), entries

    def stored(self, writes: MarketWrites | None) -> None:
        """Forget the minutes of `writes`, which are stored now."""
        for minute in () if writes is None else writes.minutes:
            # If `writes` has an unfinished row of a minute that is complete now, the complete row must still be stored.
            if self._complete.get((minute.symbol, minute.minute)) == minute:
                del self._complete[minute.symbol, minute.minute]

    def last_at(self, symbols: Iterable[str], moment_us: int) -> Prices:
        """For each symbol, the close of the newest complete minute whose last price was received at or before
        `moment_us` (epoch)."""
        wanted = set(symbols)
        return {
            row.symbol: PricePoint(row.last, row.received_us)
            for row in self._complete.values()  # those of a symbol are in order, so the newest remains
            if row.symbol in wanted and row.received_us <= moment_us
        }


class Flushing:
    """Stores the records of feeds. Rows that cannot be stored now wait for the next flush."""

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
        """Store all waiting rows, unless the store is unreachable."""
        left = len(self._unstored)
        try:
            while left > 0:
                left -= await self._store_some()
        except AppError:
            pass  # the database has logged it
        except Exception as error:
            log.error("defect", **exception_fields(error))

    async def _store_some(self) -> int:
        """Store some rows and return their number, or 0 if a marked moment has passed meanwhile and must be settled
        first."""
        settled = await self._journal.settled()
        entries: Sequence[BookEntry] = ()

        async def work(transaction: Transaction) -> MarketWrites | None:
            # The rows are taken only now, because posts committed meanwhile may concern the same symbols.
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

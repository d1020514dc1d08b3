"""What feeds brought and the store does not have yet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from duelcast.domain.market.book import Entry
from duelcast.domain.market.candles import Row
from duelcast.domain.market.draft import stored_token
from duelcast.domain.market.marks import PricePoint, Prices
from duelcast.domain.market.receipt import to_us
from duelcast.store.market import MarketWrites, MinutePrice, StoredToken

MAX_COMPLETE = 200_000
"""Minutes that wait where the store is out of reach, about 40 MB; then the oldest are lost."""


class Unstored:
    """`changed` are the entries whose running minute or metadata changed; `lost` counts minutes that never were
    stored."""

    def __init__(self) -> None:
        self.changed: set[Entry] = set()
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

    def take(self, limit: int) -> tuple[MarketWrites, Sequence[Entry]]:
        """About `limit` rows to store, and the entries they are of: those are no longer in `changed`."""
        minutes = list(islice(self._complete.values(), limit))
        entries = [self.changed.pop() for _ in range(min(len(self.changed), limit - len(minutes)))]
        for entry in entries:
            row = entry.rows.newest()
            if row is not None:
                minutes.append(MinutePrice(entry.symbol, *row, to_us(entry.rows.received_s)))
        return MarketWrites(tokens=[_stored(entry) for entry in entries], minutes=minutes), entries

    def stored(self, minutes: Iterable[MinutePrice]) -> None:
        """These are in the store now."""
        for minute in minutes:
            # One that ended meanwhile has other prices than the running one that was stored.
            if self._complete.get((minute.symbol, minute.minute)) == minute:
                del self._complete[minute.symbol, minute.minute]

    def last_at(self, symbols: Iterable[str], moment_us: int) -> Prices:
        """The close of the newest complete minute of each symbol that was received at or before `moment_us` (epoch)."""
        wanted = set(symbols)
        return {
            row.symbol: PricePoint(row.last, row.received_us)
            for row in self._complete.values()  # the minutes of a symbol are in their order
            if row.symbol in wanted and row.received_us <= moment_us
        }


def _stored(entry: Entry) -> StoredToken:
    return stored_token(
        entry.symbol,
        None if entry.source is None else entry.source.name,
        told=entry.told_by_feed,
        put=entry.put,
        quote=None if entry.quote is None else entry.quote.stored(to_us(entry.rows.received_s)),
        updated_s=entry.updated_s,
    )

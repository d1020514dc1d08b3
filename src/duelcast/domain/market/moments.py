"""The prices at a past moment, from memory if they are still there, otherwise from the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from duelcast.domain.market.book import TokenBook
from duelcast.domain.market.journal import Unstored
from duelcast.domain.market.marks import Marks, PricePoint, Prices
from duelcast.domain.market.posting import Posting
from duelcast.domain.market.receipt import ReceiptTime, to_us
from duelcast.store import market as store
from duelcast.store.database import Database

_US_PER_MINUTE = 60_000_000
_SYMBOLS_PER_READ = 500


class PricesAt:
    """Finds the last price of each symbol received at or before a moment of the wall clock.

    The result is exact if the moment was marked before it passed, or if the records received by then were stored before
    any later records of the same minute.
    """

    def __init__(
        self,
        database: Database,
        receipt: ReceiptTime,
        book: TokenBook,
        marks: Marks,
        posting: Posting,
        unstored: Unstored,
    ) -> None:
        self._database = database
        self._receipt = receipt
        self._book = book
        self._marks = marks
        self._posting = posting
        self._unstored = unstored

    async def find(self, symbols: Collection[str], moment_us: int) -> Prices:
        """The prices by symbol, with their wall times of receipt. If a symbol had no price by `moment_us` (epoch), the
        result has the first later price of the symbol, with the earliest time at which that price may have been
        received. A symbol that never had a price is missing. Raises `errors.Unavailable`."""
        until_us = self._receipt.scale.until(moment_us)
        await self._posting.done_until(until_us)
        found = self._in_memory(symbols, self._marks.snapshot(moment_us), until_us)
        missing = [symbol for symbol in symbols if symbol not in found and symbol in self._book]
        if missing:
            found |= await self._stored(missing, until_us)
        scale, points = self._receipt.scale, {}
        for symbol, (price, received_us) in found.items():
            wall_us = scale.wall(received_us)
            is_by_then = received_us <= until_us
            points[symbol] = PricePoint(price, min(wall_us, moment_us) if is_by_then else max(wall_us, moment_us + 1))
        return points

    def _in_memory(self, symbols: Collection[str], snapshot: Prices | None, until_us: int) -> Prices:
        points = {symbol: self._current(symbol) if snapshot is None else snapshot.get(symbol) for symbol in symbols}
        # If a moment was marked after it had passed, its snapshot may contain later prices.
        return {
            symbol: point for symbol, point in points.items() if point is not None and point.received_us <= until_us
        }

    def _current(self, symbol: str) -> PricePoint | None:
        entry = self._book.get(symbol)
        if entry is None or entry.quote is None:
            return None
        return PricePoint(entry.quote.price, to_us(entry.rows.received_s))

    async def _stored(self, symbols: Sequence[str], until_us: int) -> Prices:
        waiting = self._unstored.last_at(symbols, until_us)
        first_known = self._first_in_memory(symbols, until_us)
        found: Prices = {}
        for start in range(0, len(symbols), _SYMBOLS_PER_READ):
            portion = symbols[start : start + _SYMBOLS_PER_READ]
            async with self._database.read() as transaction:
                last = await store.last_minutes_at(transaction, portion, until_us)
                first = await store.first_minutes_from(transaction, portion, until_us // _US_PER_MINUTE)
            stored = {row.symbol: PricePoint(row.last, row.received_us) for row in last}
            first_stored = {row.symbol: (row.minute, row.open) for row in first}
            for symbol in portion:
                known = [points[symbol] for points in (stored, waiting) if symbol in points]
                later = [firsts[symbol] for firsts in (first_known, first_stored) if symbol in firsts]
                if known:
                    found[symbol] = max(known, key=lambda point: point.received_us)
                elif later:
                    minute, price = min(later)
                    found[symbol] = PricePoint(price, max(minute * _US_PER_MINUTE, until_us + 1))
        return found

    def _first_in_memory(self, symbols: Sequence[str], until_us: int) -> Mapping[str, tuple[int, float]]:
        firsts = {}
        for symbol in symbols:
            row = self._book[symbol].rows.oldest()
            if row is not None and row.minute >= until_us // _US_PER_MINUTE:
                firsts[symbol] = (row.minute, row.open)
        return firsts

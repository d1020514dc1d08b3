"""Restores the book as it was when the server stopped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

from duelcast.clock import Clock
from duelcast.domain.market.book import BookEntry, TokenBook
from duelcast.domain.market.candles import MINUTES_KEPT, Row
from duelcast.domain.market.metadata import fields_of_store, merged
from duelcast.domain.market.ownership import POSTED_SOURCE, REMEMBERED_POSTED_IDS, Ownership, Source
from duelcast.domain.market.receipt import ReceiptTime, load_scale
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.market.state import RecentIds, restored_quote
from duelcast.domain.market.ticks import venue_time_or, window_time
from duelcast.domain.market.windows import Side, TradeWindows
from duelcast.store import market as store
from duelcast.store.database import Database
from duelcast.store.market import MinutePrice, StoredToken, StoredTrade
from duelcast.wire.timestamps import format_time

_DAY_S = 86_400.0
_SYMBOLS_PER_READ = 20
_TRADES_PER_READ = 10_000

T = TypeVar("T")


class Restoring:
    """Reads tokens, their owners, and their prices and trades of the last 24 h into an empty book."""

    def __init__(
        self, database: Database, clock: Clock, receipt: ReceiptTime, book: TokenBook, ownership: Ownership
    ) -> None:
        self._database = database
        self._clock = clock
        self._receipt = receipt
        self._book = book
        self._ownership = ownership

    async def restore(self, settings: MarketSettings) -> Sequence[BookEntry]:
        """Fill the book and return all entries. An entry is stale if its owner has been silent for too long, or has
        sent no record of the symbol for too long. Raises `errors.Unavailable`."""
        await self._restore_tokens()
        entries = list(self._book.entries())
        for symbols in _portions([entry.symbol for entry in entries if entry.quote is not None]):
            await self._restore_posted_ids(symbols)
        await self._restore_trades()
        self._find_stale(entries, settings)
        return entries

    async def _restore_tokens(self) -> None:
        async with self._database.read() as transaction:
            tokens = await store.all_tokens(transaction)
            scale = await load_scale(transaction)
        quoted = [restored_quote(token.quote)[1] for token in tokens if token.quote is not None]
        self._receipt.go_on(scale, max(quoted, default=0))
        minute = int(self._receipt.now_s() // 60)
        oldest = minute - MINUTES_KEPT + 1
        for portion in _portions(tokens):
            symbols = [token.symbol for token in portion]
            async with self._database.read() as transaction:
                before = {row.symbol: row for row in await store.last_minutes_before(transaction, symbols, oldest)}
                rows = await store.minutes_since(transaction, symbols, oldest)
            by_symbol = {
                # A wrong clock may have left minutes in the future.
                symbol: [_row(row) for row in group if row.minute <= minute]
                for symbol, group in groupby(rows, attrgetter("symbol"))
            }
            for token in portion:
                self._restore_token(token, before.get(token.symbol), by_symbol.get(token.symbol, []))

    def _restore_token(self, token: StoredToken, before: MinutePrice | None, rows: list[Row]) -> None:
        updated_s = token.updated_ms / 1000
        entry = self._book.add(token.symbol, updated_s)
        entry.given_by_feed = fields_of_store(token.told)
        entry.put = fields_of_store(token.put)
        entry.metadata = merged(entry.metadata, entry.given_by_feed, entry.put, format_time(updated_s))
        if token.source is not None:
            entry.source = self._ownership.remember(token.source, token.symbol)
        if token.quote is not None:
            entry.quote, received_us = restored_quote(token.quote)
            received_s = min(received_us / 1_000_000, self._receipt.now_s())
            minute, price = int(received_s // 60), entry.quote.price
            if before is not None:
                rows = [_row(before), *rows]
            if not rows or rows[-1].minute < minute:
                # The minutes may have been deleted or lie in the future, but the price itself is always stored.
                rows = [*rows, Row(minute, price, price, price, price)]
            entry.rows.restore(rows, received_s)

    async def _restore_posted_ids(self, symbols: Sequence[str]) -> None:
        async with self._database.read() as transaction:
            for symbol in symbols:
                entry = self._book[symbol]
                if entry.source is self._ownership.posted:
                    entry.recent_ids = RecentIds(REMEMBERED_POSTED_IDS)
                    for trade_id in await store.newest_trade_ids(transaction, symbol, REMEMBERED_POSTED_IDS):
                        entry.recent_ids.is_new(trade_id)

    async def _restore_trades(self) -> None:
        now_s = self._receipt.now_s()
        since_us = int((now_s - _DAY_S) * 1_000_000)
        after_id = 0
        while True:
            async with self._database.read() as transaction:
                trades = await store.trades_since(transaction, since_us, after_id, _TRADES_PER_READ)
            if not trades:
                return
            after_id = trades[-1][0]
            for _, trade in trades:
                entry = self._book.get(trade.symbol)
                if entry is None or entry.source is not self._ownership.posted:
                    continue
                self._restore_trade(entry, trade, now_s)

    def _restore_trade(self, entry: BookEntry, trade: StoredTrade, now_s: float) -> None:
        received_s = trade.received_us / 1_000_000
        venue_time_s = None if trade.venue_ms is None else trade.venue_ms / 1000
        windows = entry.windows or TradeWindows()
        # A wrong clock may have left a time in the future.
        traded_s = min(window_time(venue_time_s, received_s, self._receipt.at_wall), now_s)
        side: Side = "buy" if trade.side == "buy" else "sell"
        if windows.add(now_s, traded_s, trade.price * trade.quantity, side):
            entry.windows = windows
            entry.trade_s = venue_time_or(venue_time_s, received_s)

    def _find_stale(self, entries: Iterable[BookEntry], settings: MarketSettings) -> None:
        monotonic_s = self._clock.monotonic()
        now_s = self._receipt.now_s()
        owned: Mapping[Source, list[BookEntry]] = _by_source(entries)
        for source, own in owned.items():
            for entry in own:
                entry.received_s = monotonic_s - max(now_s - entry.rows.received_s, 0.0)
            source.received_s = max(entry.received_s for entry in own)
            is_posted = source.name == POSTED_SOURCE
            source.stale = not is_posted and source.received_s <= monotonic_s - settings.feed_stale_ms / 1000
            stale_ms = settings.posted_stale_ms if is_posted else settings.symbol_stale_ms
            for entry in own:
                entry.stale = source.stale or entry.received_s <= monotonic_s - stale_ms / 1000


def _by_source(entries: Iterable[BookEntry]) -> dict[Source, list[BookEntry]]:
    owned: dict[Source, list[BookEntry]] = {}
    for entry in entries:
        if entry.source is not None and entry.quote is not None:
            owned.setdefault(entry.source, []).append(entry)
    return owned


def _row(stored: MinutePrice) -> Row:
    return Row(stored.minute, stored.open, stored.high, stored.low, stored.last)


def _portions(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _SYMBOLS_PER_READ):
        yield items[start : start + _SYMBOLS_PER_READ]

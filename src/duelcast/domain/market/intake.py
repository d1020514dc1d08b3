"""Applies records to the book: records of feeds at once, posted records after they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from duelcast.clock import Clock
from duelcast.domain.market.book import BookEntry, TokenBook
from duelcast.domain.market.draft import Change, Priced
from duelcast.domain.market.journal import Unstored
from duelcast.domain.market.marks import Marks
from duelcast.domain.market.metadata import fields_of_feed, merged
from duelcast.domain.market.outlet import MarketOutlet
from duelcast.domain.market.ownership import Dropped, Ownership, Source
from duelcast.domain.market.receipt import ReceiptTime, to_us
from duelcast.domain.market.state import check_amounts
from duelcast.domain.market.ticks import Tick, Ticker, TokenInfo, Trade, venue_time_or, window_time
from duelcast.domain.market.windows import TradeWindows
from duelcast.wire.timestamps import format_time


class Intake:
    """Changes the book and notifies the outlet. `traded` is called for each trade that the windows count, and
    `listeners` with each new price."""

    def __init__(
        self,
        clock: Clock,
        receipt: ReceiptTime,
        book: TokenBook,
        ownership: Ownership,
        outlet: MarketOutlet,
        marks: Marks,
        unstored: Unstored,
        traded: Callable[[BookEntry, TradeWindows], None],
    ) -> None:
        self._clock = clock
        self._receipt = receipt
        self._book = book
        self._ownership = ownership
        self._outlet = outlet
        self._marks = marks
        self._unstored = unstored
        self._traded = traded
        self.listeners: list[Callable[[str, float], None]] = []

    # ── feeds ───────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, source: Source, tick: Tick) -> None:
        """Apply one record of a feed. Raises `Dropped` if it changes nothing."""
        monotonic_s = source.received_s = self._clock.monotonic()
        now_s = self._receipt.now_s()
        if now_s >= self._marks.next_s:
            self._marks.passed(now_s)
        try:
            if isinstance(tick, TokenInfo):
                entry, kind = self._info(source, tick, now_s), "token"
            else:
                entry = self._market_record(source, tick, now_s, monotonic_s)
                kind = "ticker" if isinstance(tick, Ticker) else "trade"
        except Dropped as dropped:
            source.dropped[dropped.reason] += 1
            raise
        source.accepted[kind] += 1
        self._unstored.changed.add(entry)

    def _market_record(self, source: Source, tick: Ticker | Trade, now_s: float, monotonic_s: float) -> BookEntry:
        check_amounts(tick)
        entry = self._entry_of(source, tick.symbol, now_s)
        quote = entry.quote
        price_before = None if quote is None else quote.price
        before_s = entry.rows.received_s
        complete = entry.take(tick, now_s)
        if complete is not None:
            self._unstored.complete(entry.symbol, complete, before_s)
        if isinstance(tick, Trade):
            self._count_trade(entry, tick, now_s)
        self._announce(entry, price_before, now_s, monotonic_s)
        return entry

    def _info(self, source: Source, info: TokenInfo, now_s: float) -> BookEntry:
        self._ownership.check(source, info.symbol)
        self._book.check_room(info.symbol)
        if self._ownership.owner(info.symbol) is None:
            self._ownership.take(source, info.symbol)
        entry, is_new = self._entry(info.symbol, now_s)
        entry.given_by_feed.update(fields_of_feed(info))
        self._describe(entry, now_s, is_new)
        return entry

    def _entry_of(self, source: Source, symbol: str, now_s: float) -> BookEntry:
        """The entry for a quote or trade of `source`, which becomes the owner of the symbol."""
        if source.awaited:
            source.awaited.discard(symbol)
        entry = self._book.get(symbol)
        if entry is not None and entry.source is source:
            return entry
        self._ownership.check(source, symbol)
        self._book.check_room(symbol)
        self._ownership.take(source, symbol)
        entry, is_new = self._entry(symbol, now_s)
        entry.own(source)
        if is_new:
            self._outlet.metadata_changed(entry)
        return entry

    # ── posts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def follow(self, change: Change) -> Iterator[None]:
        """Apply a change that stored posts make. Yields after every trade and at the end, where other tasks may run."""
        if isinstance(change, Priced):
            yield from self._follow_price(change)
        else:
            entry, is_new = self._entry(change.symbol, change.received_s)
            entry.put = change.put
            self._describe(entry, change.received_s, is_new)
        yield

    def _follow_price(self, change: Priced) -> Iterator[None]:
        symbol, received_s, posted = change.symbol, change.received_s, self._ownership.posted
        try:
            self._ownership.check(posted, symbol)
        except Dropped:
            return  # a feed has taken over the symbol meanwhile
        if received_s >= self._marks.next_s:
            self._marks.passed(received_s)
        self._ownership.take(posted, symbol)
        entry, is_new = self._entry(symbol, received_s)
        price_before = None if entry.quote is None else entry.quote.price
        entry.follow(posted, change.quote, change.minutes)
        if change.minutes:
            self._marks.applied_late(symbol, change.quote.price, to_us(change.minutes[-1][1]))
        if is_new:
            self._outlet.metadata_changed(entry)
        for trade, traded_s in change.trades:
            entry.remember(trade.trade_id)
            self._count_trade(entry, trade, traded_s)
            yield
            if entry.source is not posted:
                return
        self._announce(entry, price_before, received_s, self._clock.monotonic())

    # ── both ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _entry(self, symbol: str, now_s: float) -> tuple[BookEntry, bool]:
        entry = self._book.get(symbol)
        return (entry, False) if entry is not None else (self._book.add(symbol, now_s), True)

    def _count_trade(self, entry: BookEntry, trade: Trade, now_s: float) -> None:
        # Venues send their most recent trades to a new subscriber, however old these are. So windows count a trade at
        # the venue's own time, and not at all if it is too old.
        windows = entry.windows or TradeWindows()
        traded_s = window_time(trade.venue_time, now_s, self._receipt.at_wall)
        if windows.add(now_s, traded_s, trade.price * trade.quantity, trade.side):
            entry.windows = windows
            entry.trade_s = venue_time_or(trade.venue_time, now_s)
            self._traded(entry, windows)

    def _describe(self, entry: BookEntry, now_s: float, is_new: bool) -> None:
        metadata = merged(entry.metadata, entry.given_by_feed, entry.put, format_time(now_s))
        if metadata is not entry.metadata or is_new:
            entry.metadata = metadata
            entry.updated_s = now_s
            self._outlet.metadata_changed(entry)
            self._outlet.token_changed(entry)

    def _announce(self, entry: BookEntry, price_before: float | None, now_s: float, monotonic_s: float) -> None:
        """Publish the effect of quotes or trades of `entry`, whose previous price was `price_before`."""
        entry.stale = False
        entry.received_s = monotonic_s
        entry.updated_s = now_s
        quote = entry.quote
        assert quote is not None, "every record sets a price"
        if quote.price != price_before:
            if price_before is None:
                self._outlet.priced_first(entry)
            for listener in self.listeners:
                listener(entry.symbol, quote.price)
        self._outlet.price_changed(entry)
        self._outlet.token_changed(entry)

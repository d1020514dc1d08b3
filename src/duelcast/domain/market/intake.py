"""How a record changes the book."""

from __future__ import annotations

from collections.abc import Callable

from duelcast.clock import Clock
from duelcast.domain.market.amounts import is_positive, venue_time_or, window_time
from duelcast.domain.market.book import Entry, TokenBook
from duelcast.domain.market.marks import Marks
from duelcast.domain.market.metadata import fields_of_feed, fields_of_input, merged
from duelcast.domain.market.outlet import MarketOutlet
from duelcast.domain.market.ownership import Dropped, DropReason, Ownership, Source
from duelcast.domain.market.posted import TokenMetadataInput
from duelcast.domain.market.quote import Quote
from duelcast.domain.market.receipt import ReceiptTime
from duelcast.domain.market.recent_ids import RecentIds
from duelcast.domain.market.ticks import Tick, Ticker, TokenInfo, Trade
from duelcast.domain.market.unstored import Unstored
from duelcast.domain.market.windows import TradeWindows
from duelcast.wire.timestamps import format_time


class Intake:
    """Takes records of sources into the book, and tells the outlet and `traded` (a symbol had a trade).

    A price comes from tickers; from trades only while the owner of the symbol told no ticker. What a ticker does not
    tell stays as the owner told it last, and is computed where it never did. `listeners` are called with each new
    price.
    """

    def __init__(
        self,
        clock: Clock,
        receipt: ReceiptTime,
        book: TokenBook,
        ownership: Ownership,
        outlet: MarketOutlet,
        marks: Marks,
        unstored: Unstored,
        traded: Callable[[Entry, TradeWindows], None],
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

    def take(self, source: Source, tick: Tick) -> None:
        """Use one record of a feed. Raises `Dropped` where it changes nothing."""
        source.received_s = self._clock.monotonic()
        now_s = self._receipt.now_s()
        if now_s >= self._marks.next_s:
            self._marks.passed(now_s)
        try:
            if isinstance(tick, Ticker):
                entry = self._ticker(source, tick, now_s)
                source.accepted["ticker"] += 1
            elif isinstance(tick, Trade):
                entry = self._trade(source, tick, now_s)
                source.accepted["trade"] += 1
            else:
                entry = self._info(source, tick, now_s)
                source.accepted["token"] += 1
        except Dropped as dropped:
            source.dropped[dropped.reason] += 1
            raise
        self._unstored.changed.add(entry)

    def take_posted(self, tick: Ticker | Trade, received_s: float) -> Entry:
        """Use one record that was posted at `received_s` (epoch) and is stored. Raises `Dropped` where the symbol is no
        longer to be had."""
        source = self._ownership.posted
        source.received_s = self._clock.monotonic()
        if received_s >= self._marks.next_s:
            self._marks.passed(received_s)
        # What the entry says of its source may be older than the claim of a feed.
        self._ownership.check(source, tick.symbol)
        if isinstance(tick, Ticker):
            entry = self._ticker(source, tick, received_s)
            source.accepted["ticker"] += 1
        else:
            entry = self._trade(source, tick, received_s)
            source.accepted["trade"] += 1
        return entry

    def count_dropped_post(self, reason: DropReason) -> None:
        """A posted record was not used."""
        self._ownership.posted.dropped[reason] += 1

    def put_metadata(self, symbol: str, given: TokenMetadataInput, received_s: float) -> None:
        """Replace what was put of a token, which is added where it is new; what is left out is as its feed tells."""
        entry, is_new = self._entry(symbol, received_s)
        entry.put = fields_of_input(given)
        self._describe(entry, received_s, is_new)

    def _ticker(self, source: Source, ticker: Ticker, now_s: float) -> Entry:
        if not is_positive(ticker.price):
            raise Dropped("invalid")
        entry = self._entry_of(source, ticker.symbol, now_s)
        self._quote(entry, ticker.price, venue_time_or(ticker.venue_time, now_s), now_s).tell(ticker)
        self._announce(entry)
        return entry

    def _trade(self, source: Source, trade: Trade, now_s: float) -> Entry:
        volume = trade.price * trade.quantity
        if not (is_positive(trade.price) and is_positive(trade.quantity) and is_positive(volume)):
            raise Dropped("invalid")
        entry = self._entry_of(source, trade.symbol, now_s)
        self._check_id(source, entry, trade.trade_id)
        timestamp_s = venue_time_or(trade.venue_time, now_s)
        # Venues send their last trades to a new subscription, however old they are.
        windows = entry.windows or TradeWindows()
        if windows.add(now_s, window_time(trade.venue_time, now_s, self._receipt.at_wall), volume, trade.side):
            entry.windows = windows
            entry.trade_s = timestamp_s
            self._traded(entry, windows)
        if entry.quote is None or not entry.quote.from_ticker:
            self._quote(entry, trade.price, timestamp_s, now_s)
        self._touch(entry, now_s)
        self._announce(entry)
        return entry

    def _info(self, source: Source, info: TokenInfo, now_s: float) -> Entry:
        self._ownership.check(source, info.symbol)
        self._book.check_room(info.symbol)
        if self._ownership.owner(info.symbol) is None:
            self._ownership.take(source, info.symbol)
        entry, is_new = self._entry(info.symbol, now_s)
        entry.told_by_feed.update(fields_of_feed(info))
        self._describe(entry, now_s, is_new)
        return entry

    def _describe(self, entry: Entry, now_s: float, is_new: bool) -> None:
        metadata = merged(entry.metadata, entry.told_by_feed, entry.put, format_time(now_s))
        if metadata is not entry.metadata or is_new:
            entry.metadata = metadata
            entry.updated_s = now_s
            self._outlet.metadata_changed(entry)
            self._outlet.token_changed(entry)

    def _entry(self, symbol: str, now_s: float) -> tuple[Entry, bool]:
        entry = self._book.get(symbol)
        return (entry, False) if entry is not None else (self._book.add(symbol, now_s), True)

    def _entry_of(self, source: Source, symbol: str, now_s: float) -> Entry:
        """The entry for a quote or trade of `source`, made its own."""
        if source.awaited:
            source.awaited.discard(symbol)
        entry = self._book.get(symbol)
        if entry is not None and entry.source is source:
            return entry
        self._ownership.check(source, symbol)
        self._book.check_room(symbol)
        self._ownership.take(source, symbol)
        entry, is_new = self._entry(symbol, now_s)
        entry.source = source
        entry.recent_ids = None
        if entry.quote is not None:
            entry.quote = entry.quote.for_new_owner()
        if is_new:
            self._outlet.metadata_changed(entry)
        return entry

    def _quote(self, entry: Entry, price: float, timestamp_s: float, now_s: float) -> Quote:
        """The quote of `entry` with a new price."""
        quote = entry.quote
        rows = entry.rows
        was_received_s = rows.received_s
        complete = rows.add(now_s, price)
        if complete is not None and entry.source is not self._ownership.posted:
            self._unstored.complete(entry.symbol, complete, was_received_s)
        is_news = quote is None or quote.price != price
        if quote is None:
            quote = entry.quote = Quote(price, timestamp_s)
            self._outlet.priced_first(entry)
        else:
            quote.price = price
            quote.timestamp_s = timestamp_s
        self._touch(entry, now_s)
        if is_news:
            for listener in self.listeners:
                listener(entry.symbol, price)
        return quote

    def _touch(self, entry: Entry, now_s: float) -> None:
        entry.stale = False
        entry.received_s = self._clock.monotonic()
        entry.updated_s = now_s

    def _announce(self, entry: Entry) -> None:
        self._outlet.price_changed(entry)
        self._outlet.token_changed(entry)

    @staticmethod
    def _check_id(source: Source, entry: Entry, trade_id: str | None) -> None:
        if trade_id is None:
            return
        if entry.recent_ids is None:
            entry.recent_ids = RecentIds(source.remembered_ids)
        if not entry.recent_ids.is_new(trade_id):
            raise Dropped("duplicate")

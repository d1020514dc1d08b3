"""How a record changes the book."""

from __future__ import annotations

from collections.abc import Callable

from duelcast.clock import Clock
from duelcast.domain.market.amounts import amount_or_none, change_or_none, is_positive, venue_time_or
from duelcast.domain.market.book import Entry, Quote, TokenBook
from duelcast.domain.market.metadata import fields_of_feed, fields_of_input, merged
from duelcast.domain.market.outlet import MarketOutlet
from duelcast.domain.market.ownership import Dropped, Ownership, Source
from duelcast.domain.market.posted import TokenMetadataInput
from duelcast.domain.market.receipt import ReceiptTime
from duelcast.domain.market.recent_ids import RecentIds
from duelcast.domain.market.ticks import Tick, Ticker, TokenInfo, Trade
from duelcast.domain.market.windows import TradeWindows
from duelcast.wire.timestamps import format_time


class Intake:
    """Takes records of sources into the book, and tells the outlet and `traded` (a symbol had a trade).

    A price comes from tickers; from trades only while the owner of the symbol told no ticker. What a ticker does not
    tell stays as the owner told it last, and is computed where it never did.
    """

    def __init__(
        self,
        clock: Clock,
        receipt: ReceiptTime,
        book: TokenBook,
        ownership: Ownership,
        outlet: MarketOutlet,
        traded: Callable[[Entry, TradeWindows], None],
    ) -> None:
        self._clock = clock
        self._receipt = receipt
        self._book = book
        self._ownership = ownership
        self._outlet = outlet
        self._traded = traded

    def take(self, source: Source, tick: Tick) -> None:
        """Use one record. Raises `Dropped` where it changes nothing."""
        source.received_s = self._clock.monotonic()
        try:
            if isinstance(tick, Ticker):
                self._ticker(source, tick)
                source.accepted["ticker"] += 1
            elif isinstance(tick, Trade):
                self._trade(source, tick)
                source.accepted["trade"] += 1
            else:
                self._info(source, tick)
                source.accepted["token"] += 1
        except Dropped as dropped:
            source.dropped[dropped.reason] += 1
            raise

    def put_metadata(self, symbol: str, given: TokenMetadataInput) -> Entry:
        """Replace what was put of a token, which is added where it is new; what is left out is as its feed tells.

        Raises `Dropped` where there is no room for another token.
        """
        self._book.check_room(symbol)
        now_s = self._receipt.now_s()
        entry, is_new = self._entry(symbol, now_s)
        entry.put = fields_of_input(given)
        self._describe(entry, now_s, is_new)
        return entry

    def _ticker(self, source: Source, ticker: Ticker) -> None:
        if not is_positive(ticker.price):
            raise Dropped("invalid")
        now_s = self._receipt.now_s()
        entry = self._entry_of(source, ticker.symbol, now_s)
        quote = self._quote(entry, ticker.price, venue_time_or(ticker.venue_time, now_s), now_s)
        quote.from_ticker = True
        _tell(quote, ticker)
        self._announce(entry)

    def _trade(self, source: Source, trade: Trade) -> None:
        volume = trade.price * trade.quantity
        if not (is_positive(trade.price) and is_positive(trade.quantity) and is_positive(volume)):
            raise Dropped("invalid")
        now_s = self._receipt.now_s()
        entry = self._entry_of(source, trade.symbol, now_s)
        self._check_id(source, entry, trade.trade_id)
        if entry.windows is None:
            entry.windows = TradeWindows()
        entry.windows.add(now_s, volume, trade.side)
        entry.trade_s = venue_time_or(trade.venue_time, now_s)
        self._traded(entry, entry.windows)
        if entry.quote is None or not entry.quote.from_ticker:
            self._quote(entry, trade.price, entry.trade_s, now_s)
        self._touch(entry, now_s)
        self._announce(entry)

    def _info(self, source: Source, info: TokenInfo) -> None:
        self._ownership.check(source, info.symbol)
        self._book.check_room(info.symbol)
        if self._ownership.owner(info.symbol) is None:
            self._ownership.take(source, info.symbol)
        now_s = self._receipt.now_s()
        entry, is_new = self._entry(info.symbol, now_s)
        entry.told_by_feed.update(fields_of_feed(info))
        self._describe(entry, now_s, is_new)

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
            entry.quote = Quote(entry.quote.price, entry.quote.timestamp_s)
        if is_new:
            self._outlet.metadata_changed(entry)
        return entry

    def _quote(self, entry: Entry, price: float, timestamp_s: float, now_s: float) -> Quote:
        """The quote of `entry` with a new price."""
        quote = entry.quote
        if quote is None:
            quote = entry.quote = Quote(price, timestamp_s)
            self._outlet.priced_first(entry)
        else:
            quote.price = price
            quote.timestamp_s = timestamp_s
        entry.rows.add(now_s, price)
        self._touch(entry, now_s)
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


def _tell(quote: Quote, ticker: Ticker) -> None:
    """Take over what `ticker` tells apart from its price; an amount that cannot be used counts as not told."""
    volume = ticker.volume_24h
    if volume is None and ticker.base_volume_24h is not None:
        volume = ticker.base_volume_24h * ticker.price
    quote.change_24h = _told(change_or_none(ticker.change_24h), quote.change_24h)
    quote.volume_24h = _told(amount_or_none(volume), quote.volume_24h)
    quote.high_24h = _told(amount_or_none(ticker.high_24h), quote.high_24h)
    quote.low_24h = _told(amount_or_none(ticker.low_24h), quote.low_24h)
    quote.market_cap = _told(amount_or_none(ticker.market_cap), quote.market_cap)
    quote.fdv = _told(amount_or_none(ticker.fdv), quote.fdv)
    quote.liquidity = _told(amount_or_none(ticker.liquidity), quote.liquidity)


def _told(new: float | None, known: float | None) -> float | None:
    return known if new is None else new

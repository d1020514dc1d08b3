"""What a group of posts will make of the book: decided and stored before anything of it is done."""

from __future__ import annotations

from typing import Any

import msgspec

from duelcast.domain.market.amounts import is_positive, venue_time_or
from duelcast.domain.market.book import Entry, TokenBook
from duelcast.domain.market.candles import Row
from duelcast.domain.market.metadata import fields_of_input
from duelcast.domain.market.ownership import POSTED_SOURCE, Dropped, Ownership
from duelcast.domain.market.posted import TokenMetadataInput
from duelcast.domain.market.quote import Quote
from duelcast.domain.market.receipt import to_us
from duelcast.domain.market.ticks import Ticker, Trade
from duelcast.store.market import MarketWrites, MinutePrice, StoredToken, StoredTrade


class _Drafted:
    """One symbol as it will be. `row` is its running minute, `ids` are those of its new trades."""

    __slots__ = ("entry", "has_price", "ids", "is_posted", "put", "quote", "row")

    def __init__(self, entry: Entry | None, minute: int) -> None:
        self.entry = entry
        self.put: dict[str, Any] = {}
        self.quote: Quote | None = None
        self.row: Row | None = None
        self.ids: set[str] = set()
        self.is_posted = False
        self.has_price = False
        if entry is not None:
            self.put = entry.put
            self.quote = None if entry.quote is None else entry.quote.copy()
            self.row = entry.rows.at(minute)

    def take_over(self) -> None:
        """Posting owns the symbol from now on."""
        self.is_posted = True
        if self.quote is not None and not self.was_posted:
            self.quote = self.quote.for_new_owner()

    @property
    def was_posted(self) -> bool:
        return self.entry is not None and self.entry.source is not None and self.entry.source.name == POSTED_SOURCE


class Draft:
    """Decides on records in their order, all received at `received_s` (epoch seconds)."""

    def __init__(self, book: TokenBook, ownership: Ownership, received_s: float) -> None:
        self._book = book
        self._ownership = ownership
        self._received_s = received_s
        self._minute = int(received_s // 60)
        self._symbols: dict[str, _Drafted] = {}
        self._new = 0
        self._trades: list[StoredTrade] = []

    def take(self, tick: Ticker | Trade) -> None:
        """Raises `Dropped` where the record will change nothing."""
        if isinstance(tick, Ticker):
            self._ticker(tick)
        else:
            self._trade(tick)

    def put(self, symbol: str, given: TokenMetadataInput) -> None:
        """Raises `Dropped` where there is no room for another token."""
        self._drafted(symbol).put = fields_of_input(given)

    def writes(self) -> MarketWrites:
        """What is to be stored."""
        return MarketWrites(
            tokens=[self._stored(symbol, drafted) for symbol, drafted in self._symbols.items()],
            minutes=[
                MinutePrice(symbol, *drafted.row, to_us(self._received_s))
                for symbol, drafted in self._symbols.items()
                if drafted.has_price and drafted.row is not None
            ],
            trades=self._trades,
        )

    def _ticker(self, ticker: Ticker) -> None:
        if not is_positive(ticker.price):
            raise Dropped("invalid")
        drafted = self._drafted_of_posts(ticker.symbol)
        self._price(drafted, ticker.price, venue_time_or(ticker.venue_time, self._received_s)).tell(ticker)

    def _trade(self, trade: Trade) -> None:
        if not (is_positive(trade.price) and is_positive(trade.quantity) and is_positive(trade.price * trade.quantity)):
            raise Dropped("invalid")
        drafted = self._drafted_of_posts(trade.symbol)
        self._check_id(drafted, trade.trade_id)
        if drafted.quote is None or not drafted.quote.from_ticker:
            self._price(drafted, trade.price, venue_time_or(trade.venue_time, self._received_s))
        assert trade.side is not None, "posted trades have a side"
        self._trades.append(
            StoredTrade(
                symbol=trade.symbol,
                trade_id=trade.trade_id,
                price=trade.price,
                quantity=trade.quantity,
                side=trade.side,
                venue_ms=None if trade.venue_time is None else int(trade.venue_time * 1000),
                received_us=to_us(self._received_s),
            )
        )

    def _drafted_of_posts(self, symbol: str) -> _Drafted:
        self._ownership.check(self._ownership.posted, symbol)
        drafted = self._drafted(symbol)
        if not drafted.is_posted:
            drafted.take_over()
        return drafted

    def _drafted(self, symbol: str) -> _Drafted:
        drafted = self._symbols.get(symbol)
        if drafted is None:
            self._book.check_room(symbol, self._new)
            entry = self._book.get(symbol)
            self._new += entry is None
            drafted = self._symbols[symbol] = _Drafted(entry, self._minute)
        return drafted

    def _price(self, drafted: _Drafted, price: float, timestamp_s: float) -> Quote:
        if drafted.quote is None:
            drafted.quote = Quote(price, timestamp_s)
        drafted.quote.price = price
        drafted.quote.timestamp_s = timestamp_s
        row = drafted.row
        drafted.row = Row(self._minute, price, price, price, price) if row is None else row.with_price(price)
        drafted.has_price = True
        return drafted.quote

    @staticmethod
    def _check_id(drafted: _Drafted, trade_id: str | None) -> None:
        if trade_id is None:
            return
        entry = drafted.entry
        known = entry.recent_ids if entry is not None and drafted.was_posted else None
        if trade_id in drafted.ids or (known is not None and trade_id in known):
            raise Dropped("duplicate")
        drafted.ids.add(trade_id)

    def _stored(self, symbol: str, drafted: _Drafted) -> StoredToken:
        entry, source = drafted.entry, None
        if drafted.is_posted:
            source = POSTED_SOURCE
        elif entry is not None and entry.source is not None:
            source = entry.source.name
        received_s = self._received_s if drafted.has_price or entry is None else entry.rows.received_s
        return stored_token(
            symbol,
            source,
            told={} if entry is None else entry.told_by_feed,
            put=drafted.put,
            quote=None if drafted.quote is None else drafted.quote.stored(to_us(received_s)),
            updated_s=self._received_s,
        )


def stored_token(
    symbol: str,
    source: str | None,
    *,
    told: dict[str, Any],
    put: dict[str, Any],
    quote: dict[str, Any] | None,
    updated_s: float,
) -> StoredToken:
    """The row of a token; `updated_s` in epoch seconds."""
    return StoredToken(
        symbol=symbol,
        source=source,
        told=msgspec.to_builtins(told),
        put=msgspec.to_builtins(put),
        quote=quote,
        updated_ms=int(updated_s * 1000),
    )

"""The state of a symbol's market, and how quotes and trades change it (protocol §3)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

import msgspec

from duelcast.domain.market.candles import MinuteRows, Row
from duelcast.domain.market.ownership import Dropped, Source
from duelcast.domain.market.receipt import to_us
from duelcast.domain.market.ticks import Ticker, Trade, amount_or, change_or, is_positive, venue_time_or
from duelcast.store.market import StoredToken


def check_amounts(tick: Ticker | Trade) -> None:
    """Raises `Dropped` if an essential number, such as the price, cannot be used."""
    is_usable = is_positive(tick.price)
    if isinstance(tick, Trade):
        is_usable = is_usable and is_positive(tick.quantity) and is_positive(tick.price * tick.quantity)
    if not is_usable:
        raise Dropped("invalid")


class TokenState:
    """The part of a symbol's state on which the effect of the next record depends.

    `source` is the owner, which delivered quotes or trades. `given_by_feed` and `put` are the layers of the symbol's
    metadata. The price comes from tickers, or from trades while the owner has sent no ticker. A figure that a ticker
    leaves out keeps the value that the owner sent last.
    """

    __slots__ = ("given_by_feed", "put", "quote", "recent_ids", "rows", "source", "symbol")

    def __init__(self, symbol: str, rows: MinuteRows | None = None) -> None:
        self.symbol = symbol
        self.source: Source | None = None
        self.given_by_feed: dict[str, Any] = {}
        self.put: dict[str, Any] = {}
        self.quote: Quote | None = None
        self.rows = MinuteRows() if rows is None else rows
        self.recent_ids: RecentIds | None = None

    def own(self, source: Source) -> None:
        """Make `source` the owner. The former owner's figures and trade ids are dropped, but not its price."""
        self.source = source
        self.recent_ids = None
        if self.quote is not None:
            self.quote = self.quote.for_new_owner()

    def take(self, tick: Ticker | Trade, received_s: float) -> Row | None:
        """Take a record of the owner, received at `received_s` (epoch); the record must have passed `check_amounts`.
        Returns the minute that is now complete, if any. Raises `Dropped` for a trade that was counted before."""
        quote = self.quote
        if isinstance(tick, Trade):
            if not self.remember(tick.trade_id):
                raise Dropped("duplicate")
            if quote is not None and quote.from_ticker:
                return None
        complete = self.rows.add(received_s, tick.price)
        timestamp_s = venue_time_or(tick.venue_time, received_s)
        if quote is None:
            quote = self.quote = Quote(tick.price, timestamp_s)
        else:
            quote.price = tick.price
            quote.timestamp_s = timestamp_s
        if isinstance(tick, Ticker):
            quote.take(tick)
        return complete

    def fork(self) -> TokenState:
        """A copy whose changes do not affect the original. It has only the newest minute."""
        fork = TokenState(self.symbol, self.rows.fork())
        fork.source = self.source
        fork.given_by_feed = self.given_by_feed
        fork.put = self.put
        fork.quote = None if self.quote is None else self.quote.copy()
        fork.recent_ids = None if self.recent_ids is None else self.recent_ids.fork()
        return fork

    def follow(self, source: Source, quote: Quote, minutes: Iterable[tuple[Row, float]]) -> None:
        """Take over the changes that records of `source` made to a fork; `minutes` are the minutes with a new price,
        each with the time of receipt of its last price (epoch seconds)."""
        if self.source is not source:
            self.own(source)
        self.quote = quote
        for row, received_s in minutes:
            self.rows.put(row, received_s)

    def stored(self, updated_s: float) -> StoredToken:
        """The row for the store, updated at `updated_s` (epoch)."""
        return StoredToken(
            symbol=self.symbol,
            source=None if self.source is None else self.source.name,
            told=msgspec.to_builtins(self.given_by_feed),
            put=msgspec.to_builtins(self.put),
            quote=None if self.quote is None else self.quote.stored(to_us(self.rows.received_s)),
            updated_ms=int(updated_s * 1000),
        )

    def remember(self, trade_id: str | None) -> bool:
        """Remember the id of a trade of the owner; returns whether it is new. A trade without an id always counts as
        new."""
        if trade_id is None:
            return True
        if self.recent_ids is None:
            assert self.source is not None, "every record has an owner"
            self.recent_ids = RecentIds(self.source.remembered_ids)
        return self.recent_ids.is_new(trade_id)


class Quote:
    """A price, and other figures of the market. Amounts are in the quote currency, or None if the owner never sent
    them.

    `timestamp_s` is the venue's time of the price or, if the venue gave none, the time of receipt (epoch seconds).
    `from_ticker` says whether the owner sends tickers, not only trades.
    """

    __slots__ = (
        "change_24h",
        "fdv",
        "from_ticker",
        "high_24h",
        "liquidity",
        "low_24h",
        "market_cap",
        "price",
        "timestamp_s",
        "volume_24h",
    )

    def __init__(self, price: float, timestamp_s: float) -> None:
        self.price = price
        self.timestamp_s = timestamp_s
        self.from_ticker = False
        self.change_24h: float | None = None
        self.volume_24h: float | None = None
        self.high_24h: float | None = None
        self.low_24h: float | None = None
        self.market_cap: float | None = None
        self.fdv: float | None = None
        self.liquidity: float | None = None

    def take(self, ticker: Ticker) -> None:
        """Take over the figures of `ticker` apart from its price. An amount that cannot be used counts as not given."""
        volume = ticker.volume_24h
        if volume is None and ticker.base_volume_24h is not None:
            volume = ticker.base_volume_24h * ticker.price
        self.from_ticker = True
        self.change_24h = change_or(ticker.change_24h, self.change_24h)
        self.volume_24h = amount_or(volume, self.volume_24h)
        self.high_24h = amount_or(ticker.high_24h, self.high_24h)
        self.low_24h = amount_or(ticker.low_24h, self.low_24h)
        self.market_cap = amount_or(ticker.market_cap, self.market_cap)
        self.fdv = amount_or(ticker.fdv, self.fdv)
        self.liquidity = amount_or(ticker.liquidity, self.liquidity)

    def copy(self) -> Quote:
        twin = Quote(self.price, self.timestamp_s)
        twin.from_ticker = self.from_ticker
        twin.change_24h, twin.volume_24h = self.change_24h, self.volume_24h
        twin.high_24h, twin.low_24h = self.high_24h, self.low_24h
        twin.market_cap, twin.fdv, twin.liquidity = self.market_cap, self.fdv, self.liquidity
        return twin

    def for_new_owner(self) -> Quote:
        """A quote with only the price, because the other figures belong to the owner that sent them."""
        return Quote(self.price, self.timestamp_s)

    def stored(self, received_us: int) -> dict[str, Any]:
        """The form that `restored_quote` reads, with the time of receipt of the price (epoch µs)."""
        return {name: getattr(self, name) for name in self.__slots__} | {"received_us": received_us}


def restored_quote(stored: dict[str, Any]) -> tuple[Quote, int]:
    """The quote that `Quote.stored` wrote as `stored`, and the time at which the price was received (epoch µs)."""
    quote = Quote(stored["price"], stored["timestamp_s"])
    for name in Quote.__slots__:
        setattr(quote, name, stored[name])
    return quote, stored["received_us"]


class RecentIds:
    """Remembers the newest `capacity` ids of counted trades; a fork also knows all ids in `before`."""

    __slots__ = ("_before", "_capacity", "_known", "_order")

    def __init__(self, capacity: int, before: RecentIds | None = None) -> None:
        self._capacity = capacity
        self._before = before
        self._known: set[str] = set()
        self._order: deque[str] = deque()

    def __contains__(self, trade_id: str) -> bool:
        ids: RecentIds | None = self
        while ids is not None:
            if trade_id in ids._known:
                return True
            ids = ids._before
        return False

    def fork(self) -> RecentIds:
        """A copy to which ids can be added without changing the original."""
        return RecentIds(self._capacity, self)

    def is_new(self, trade_id: str) -> bool:
        """Remember `trade_id`; returns whether it is new."""
        if trade_id in self:
            return False
        if len(self._order) == self._capacity:
            self._known.discard(self._order.popleft())
        self._known.add(trade_id)
        self._order.append(trade_id)
        return True

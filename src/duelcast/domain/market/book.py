"""The token book: the state of each symbol."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from duelcast.domain.market.errors import TokenNotFound
from duelcast.domain.market.events import SYMBOL_PATTERN, Price, Token, TokenMetadata
from duelcast.domain.market.metadata import unknown_metadata
from duelcast.domain.market.ownership import Dropped, Source
from duelcast.domain.market.state import Quote, TokenState
from duelcast.domain.market.windows import TradeWindows
from duelcast.wire.timestamps import format_time

_is_symbol = re.compile(SYMBOL_PATTERN).fullmatch


class BookEntry(TokenState):
    """The state of one symbol.

    `received_s` is the monotonic time of the newest quote or trade, `updated_s` the epoch time of the newest record of
    any kind, and `trade_s` the venue's time of the last trade that a window counted.
    """

    __slots__ = ("metadata", "received_s", "stale", "trade_s", "updated_s", "windows")

    def __init__(self, symbol: str, now_s: float) -> None:
        super().__init__(symbol)
        self.metadata: TokenMetadata = unknown_metadata(symbol, format_time(now_s))
        self.windows: TradeWindows | None = None
        self.stale = False
        self.received_s = 0.0
        self.updated_s = now_s
        self.trade_s = 0.0

    def priced(self) -> tuple[Quote, Source]:
        """The quote and its source. The entry must have a price."""
        assert self.quote is not None
        assert self.source is not None
        return self.quote, self.source

    def price(self, now_s: float) -> Price:
        """The record of `MARKET_PRICE` at `now_s` (epoch seconds). The entry must have a price."""
        quote, source = self.priced()
        high, low = quote.high_24h, quote.low_24h
        if high is None or low is None:
            own_high, own_low = self.rows.extremes(now_s)
            high = own_high if high is None else high
            low = own_low if low is None else low
        return Price(
            symbol=self.symbol,
            price=quote.price,
            change_24h=self._change_24h(quote, now_s),
            volume_24h=self._volume_24h(quote, now_s),
            high_24h=high,
            low_24h=low,
            timestamp=format_time(quote.timestamp_s),
            source=source.name,
            stale=self.stale,
        )

    def token(self, now_s: float) -> Token:
        """The complete record of the token at `now_s` (epoch seconds)."""
        metadata = self.metadata
        token = Token(
            symbol=self.symbol,
            name=metadata.name,
            address=metadata.address,
            decimals=metadata.decimals,
            image_url=metadata.image_url,
            description=metadata.description,
            color=metadata.color,
            socials=metadata.socials,
            websites=metadata.websites,
            status=metadata.status,
            updated_at=format_time(self.updated_s),
            price=None,
            change_24h=None,
            volume_24h=None,
            market_cap=None,
            fdv=None,
            liquidity=None,
        )
        quote = self.quote
        if quote is not None:
            token.price = quote.price
            token.change_24h = self._change_24h(quote, now_s)
            token.volume_24h = self._volume_24h(quote, now_s)
            token.market_cap = quote.market_cap
            token.fdv = quote.fdv
            token.liquidity = quote.liquidity
        return token

    def _change_24h(self, quote: Quote, now_s: float) -> float | None:
        return self.rows.change(now_s) if quote.change_24h is None else quote.change_24h

    def _volume_24h(self, quote: Quote, now_s: float) -> float | None:
        if quote.volume_24h is not None or self.windows is None:
            return quote.volume_24h
        return self.windows.totals("1d", now_s).volume


class TokenBook:
    """All entries, at most `max_symbols()`."""

    def __init__(self, max_symbols: Callable[[], int]) -> None:
        self._max_symbols = max_symbols
        self._entries: dict[str, BookEntry] = {}
        self._sorted: list[str] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._entries

    def get(self, symbol: str) -> BookEntry | None:
        return self._entries.get(symbol)

    def __getitem__(self, symbol: str) -> BookEntry:
        """Raises `errors.TokenNotFound`."""
        entry = self._entries.get(symbol)
        if entry is None:
            raise TokenNotFound("No token has this symbol: ask for all tokens to see which exist.")
        return entry

    def check_room(self, symbol: str, soon: int = 0) -> None:
        """Raises `Dropped` if `symbol` is not in the book and cannot be added because it is invalid, or because there
        is no room for it in addition to `soon` other new symbols."""
        if symbol in self._entries:
            return
        if not _is_symbol(symbol):
            raise Dropped("bad_symbol")
        if len(self._entries) + soon >= self._max_symbols():
            raise Dropped("too_many_symbols")

    def add(self, symbol: str, now_s: float) -> BookEntry:
        """Add an entry for a symbol that passed `check_room`."""
        entry = self._entries[symbol] = BookEntry(symbol, now_s)
        self._sorted = None
        return entry

    def symbols(self) -> list[str]:
        """All symbols, sorted. The caller must not change the list."""
        if self._sorted is None:
            self._sorted = sorted(self._entries)
        return self._sorted

    def entries(self) -> Iterable[BookEntry]:
        """All entries, in no particular order."""
        return self._entries.values()

    def tokens(self, now_s: float) -> list[Token]:
        """All tokens at `now_s` (epoch seconds), sorted by symbol."""
        return [self._entries[symbol].token(now_s) for symbol in self.symbols()]


def same_token(one: Token, other: Token) -> bool:
    """Whether two states of a token are equal apart from `updated_at`."""
    return one == msgspec.structs.replace(other, updated_at=one.updated_at)

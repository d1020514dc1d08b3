"""The state that the book will have after the posts that share a commit. It is stored before it becomes visible."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from duelcast.domain.market.book import TokenBook
from duelcast.domain.market.candles import Row
from duelcast.domain.market.ownership import Ownership
from duelcast.domain.market.receipt import to_us
from duelcast.domain.market.state import Quote, TokenState, check_amounts
from duelcast.domain.market.ticks import Ticker, Trade
from duelcast.store.market import MarketWrites, MinutePrice, StoredToken, StoredTrade

ROWS_PER_TURN = 200
"""Processing this many rows takes a few milliseconds; then other tasks run."""


class Priced(NamedTuple):
    """A change that posts make to the price and trades of a symbol; the newest record was received at `received_s`
    (epoch). `minutes` are the minutes with a new price, each with the time of receipt of its last price. `trades` are
    the new trades, each with its time of receipt."""

    symbol: str
    received_s: float
    quote: Quote
    minutes: Sequence[tuple[Row, float]]
    trades: Sequence[tuple[Trade, float]]


class Described(NamedTuple):
    """The metadata of a symbol, which a PUT received at `received_s` (epoch) has set."""

    symbol: str
    received_s: float
    put: dict[str, Any]


Change = Priced | Described


class _Touched:
    """The future state of a symbol. Its records were received from `first_s` to `received_s`; its metadata was set by a
    PUT received at `put_s`."""

    __slots__ = ("first_s", "minutes", "put_s", "received_s", "state", "trades")

    def __init__(self, state: TokenState) -> None:
        self.state = state
        self.first_s: float | None = None
        self.received_s = 0.0
        self.put_s: float | None = None
        self.minutes: list[tuple[Row, float]] = []
        self.trades: list[tuple[Trade, float]] = []


class Draft:
    """Applies records in order, to copies of the symbols that they touch. `before` is an earlier draft that the same
    transaction stores; this one continues from it."""

    def __init__(self, book: TokenBook, ownership: Ownership, before: Draft | None) -> None:
        self._book = book
        self._ownership = ownership
        self._before = before
        self._symbols: dict[str, _Touched] = {}
        self._new: int = 0 if before is None else before._new
        self._trades: list[StoredTrade] = []

    def take(self, tick: Ticker | Trade, received_s: float) -> None:
        """Apply a posted record. Raises `Dropped` if it changes nothing."""
        check_amounts(tick)
        posted = self._ownership.posted
        self._ownership.check(posted, tick.symbol)
        touched = self._touch(tick.symbol)
        state = touched.state
        if state.source is not posted:
            state.own(posted)
        before_s = state.rows.received_s
        complete = state.take(tick, received_s)
        if complete is not None:
            touched.minutes.append((complete, before_s))
        if touched.first_s is None:
            touched.first_s = received_s
        touched.received_s = received_s
        if isinstance(tick, Trade):
            touched.trades.append((tick, received_s))
            self._trades.append(_stored_trade(tick, received_s))

    def put(self, symbol: str, fields: dict[str, Any], received_s: float) -> None:
        """Set the metadata of a token. Raises `Dropped` if the token is new and cannot be added."""
        touched = self._touch(symbol)
        touched.state.put = fields
        touched.put_s = received_s

    async def finish(self) -> tuple[MarketWrites, list[Change]]:
        """The rows to store, and the changes that they represent."""
        tokens: list[StoredToken] = []
        minutes: list[MinutePrice] = []
        changes: list[Change] = []
        for count, (symbol, touched) in enumerate(self._symbols.items(), start=1):
            state = touched.state
            if touched.first_s is not None:
                change = _priced(touched, touched.first_s)
                minutes += [MinutePrice(symbol, *row, to_us(received_s)) for row, received_s in change.minutes]
                changes.append(change)
            if touched.put_s is not None:
                changes.append(Described(symbol, touched.put_s, state.put))
            if touched.first_s is not None or touched.put_s is not None:
                tokens.append(state.stored(max(touched.received_s, touched.put_s or 0.0)))
            if count % ROWS_PER_TURN == 0:
                await asyncio.sleep(0)
        return MarketWrites(tokens=tokens, minutes=minutes, trades=self._trades), changes

    def _touch(self, symbol: str) -> _Touched:
        touched = self._symbols.get(symbol)
        if touched is None:
            known = self._find(symbol)
            if known is None:
                self._book.check_room(symbol, self._new)
                self._new += 1
            touched = self._symbols[symbol] = _Touched(TokenState(symbol) if known is None else known.fork())
        return touched

    def _find(self, symbol: str) -> TokenState | None:
        draft = self._before
        while draft is not None:
            if symbol in draft._symbols:
                return draft._symbols[symbol].state
            draft = draft._before
        return self._book.get(symbol)


def _priced(touched: _Touched, first_s: float) -> Priced:
    state, minutes = touched.state, touched.minutes
    assert state.quote is not None, "every record sets a price"
    newest = state.rows.newest()
    if newest is not None and state.rows.received_s >= first_s:
        minutes = [*minutes, (newest, state.rows.received_s)]
    return Priced(state.symbol, touched.received_s, state.quote, minutes, touched.trades)


def _stored_trade(trade: Trade, received_s: float) -> StoredTrade:
    assert trade.side is not None, "posted trades have a side"
    return StoredTrade(
        symbol=trade.symbol,
        trade_id=trade.trade_id,
        price=trade.price,
        quantity=trade.quantity,
        side=trade.side,
        venue_ms=None if trade.venue_time is None else int(trade.venue_time * 1000),
        received_us=to_us(received_s),
    )

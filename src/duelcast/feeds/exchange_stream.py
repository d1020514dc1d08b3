"""Turns the tickers and trades that ccxt keeps for one pair into ticks, each of them once.

ccxt wakes a waiter only once per burst of messages; in a burst of tickers, it does so at the first ticker. A reader
therefore looks at what ccxt keeps (`tickers`, `trades`) whenever it wakes, and delivers everything that it has not
delivered yet.

For the structures, see https://docs.ccxt.com, "Ticker structure" and "Public trades".
"""

from __future__ import annotations

import functools
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from duelcast.domain.market.ticks import Tick, Ticker, Trade
from duelcast.feeds.ccxt_connections import Exchange
from duelcast.feeds.pairs import Pair

REMEMBERED_TRADES = 1_000
"""This many trade ids are remembered per pair, because venues repeat the newest trades on a new connection. ccxt keeps
the same number of trades."""


class VenueStream(Protocol):
    """One kind of record of one pair; `kind` is the word for such records in a sentence."""

    kind: str

    async def wait(self) -> None:
        """Return once the venue has sent something; raises whatever ccxt raises."""

    def unread(self) -> Iterator[Tick]:
        """The ticks that have arrived but have not been delivered yet; may be called at any time."""


class TickerStream:
    """The newest ticker; tickers that were replaced before they were read are skipped."""

    kind = "ticker"

    def __init__(self, exchange: Exchange, pair: Pair) -> None:
        self._exchange = exchange
        self._pair = pair
        self._watch = _watcher(exchange, pair, "watchTicker", "watchTickers")
        self._last: object = None

    async def wait(self) -> None:
        await self._watch()

    def unread(self) -> Iterator[Tick]:
        newest = self._exchange.tickers.get(self._pair.name)
        if newest is None or newest is self._last:
            return
        self._last = newest
        ticker = ticker_from(self._pair.symbol, newest)
        if ticker is not None:
            yield ticker


class TradeStream:
    """Every trade once, provided that a burst has no more trades than ccxt keeps (1,000). The trades of a burst are
    sorted by time, since some venues send the newest first."""

    kind = "trades"

    def __init__(self, exchange: Exchange, pair: Pair) -> None:
        self._exchange = exchange
        self._pair = pair
        self._watch = _watcher(exchange, pair, "watchTrades", "watchTradesForSymbols")
        self._last: object = None
        self._ids: deque[str] = deque(maxlen=REMEMBERED_TRADES)
        self._known_ids: set[str] = set()

    async def wait(self) -> None:
        await self._watch()

    def unread(self) -> Iterator[Tick]:
        trades = [trade for fields in self._arrived() if (trade := trade_from(self._pair.symbol, fields)) is not None]
        for trade in sorted(trades, key=lambda trade: trade.venue_time or math.inf):
            if trade.trade_id is None or self._is_new(trade.trade_id):
                yield trade

    def _arrived(self) -> list[dict[str, Any]]:
        arrived = []
        for fields in reversed(self._exchange.trades.get(self._pair.name, ())):
            if fields is self._last:
                break
            arrived.append(fields)
        if arrived:
            self._last = arrived[0]
        return arrived[::-1]

    def _is_new(self, trade_id: str) -> bool:
        if trade_id in self._known_ids:
            return False
        if len(self._ids) == REMEMBERED_TRADES:
            self._known_ids.discard(self._ids[0])
        self._ids.append(trade_id)
        self._known_ids.add(trade_id)
        return True


def streams_of(exchange: Exchange, pair: Pair) -> list[VenueStream]:
    """The streams of a pair: tickers, and trades if the venue has them."""
    streams: list[VenueStream] = [TickerStream(exchange, pair)]
    if _has(exchange, "watchTrades") or _has(exchange, "watchTradesForSymbols"):
        streams.append(TradeStream(exchange, pair))
    return streams


def _has(exchange: Exchange, capability: str) -> bool:
    return bool(exchange.has.get(capability))


def _watcher(exchange: Exchange, pair: Pair, for_one: str, for_many: str) -> Callable[[], Awaitable[object]]:
    """The call that waits for one pair; some venues only have the call for many."""
    if _has(exchange, for_one):
        return functools.partial(getattr(exchange, for_one), pair.name)
    return functools.partial(getattr(exchange, for_many), [pair.name])


# ── records ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def ticker_from(symbol: str, fields: Mapping[str, Any]) -> Ticker | None:
    """The ticker of `symbol`, or None if it has no last price.

    The field `percentage` is the venue's own, or derived by ccxt from the venue's price 24 h ago, or None if the venue
    sends neither.
    """
    price = _positive(fields.get("last"))
    if price is None:
        return None
    return Ticker(
        symbol=symbol,
        price=price,
        change_24h=_finite(fields.get("percentage")),
        volume_24h=_finite(fields.get("quoteVolume")),
        base_volume_24h=_finite(fields.get("baseVolume")),
        high_24h=_positive(fields.get("high")),
        low_24h=_positive(fields.get("low")),
        venue_time=_seconds(fields.get("timestamp")),
    )


def trade_from(symbol: str, fields: Mapping[str, Any]) -> Trade | None:
    """The trade, or None if it has no price or amount. For ccxt, the `side` of a public trade is the side of the
    taker."""
    price, quantity = _positive(fields.get("price")), _positive(fields.get("amount"))
    if price is None or quantity is None:
        return None
    trade_id = fields.get("id")
    return Trade(
        symbol=symbol,
        price=price,
        quantity=quantity,
        side=_side(fields.get("side")),
        trade_id=None if trade_id is None else str(trade_id),
        venue_time=_seconds(fields.get("timestamp")),
    )


def _side(value: object) -> Literal["buy", "sell"] | None:
    if value == "buy":
        return "buy"
    return "sell" if value == "sell" else None


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _positive(value: object) -> float | None:
    number = _finite(value)
    return number if number is not None and number > 0 else None


def _seconds(milliseconds: object) -> float | None:
    number = _positive(milliseconds)
    return None if number is None else number / 1000


if TYPE_CHECKING:
    _conforms: tuple[type[VenueStream], ...] = (TickerStream, TradeStream)

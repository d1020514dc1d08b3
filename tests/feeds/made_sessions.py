"""Sessions that are made, not recorded: the simulated market, as a venue would send it. Always the same.

They have what real sessions have and a reader must pass over: acknowledgements, order books, trades from before the
subscription, instruments that are not spot pairs.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from duelcast.domain.market.ticks import Tick, Ticker, Trade
from duelcast.feeds.simulated import SimulatedFeed
from tests.feeds.collecting import CollectingSink
from tests.feeds.recorded_sessions import Frames, Session, coinbase_of, okx_of

BEGAN_S = 1_800_000_000.0
LASTS_S = 15.0
"""Less than the shortest interval of volumes."""
QUOTES = ("USD", "EUR", "USD", "GBP", "BTC", "USD")
FIRST_TRADE_ID = 880_000

Message = dict[str, Any]


def made_coinbase_session() -> Session:
    """Coinbase Exchange, six products; each ticker follows a change of the order book."""
    market = _Market(QUOTES)
    products = [_coinbase_product(pair) for pair in market.pairs]
    acknowledged = {"type": "subscriptions", "channels": [{"name": "ticker", "product_ids": market.pairs}]}
    messages: list[tuple[float, Message]] = [(BEGAN_S, acknowledged)]
    for at_s, tick in market.ticks:
        messages += [(at_s, message) for message in _coinbase_messages(market, at_s, tick)]
    return coinbase_of(BEGAN_S, _frames(messages), json.dumps(products))


def made_okx_session() -> Session:
    """OKX v5, six spot pairs; each ticker follows one of a future."""
    market = _Market(("USDT",) * len(QUOTES))
    channels = [{"channel": channel, "instId": pair} for channel in ("tickers", "trades") for pair in market.pairs]
    messages: list[tuple[float, Message]] = [(BEGAN_S, {"event": "subscribe", "arg": channel}) for channel in channels]
    for at_s, tick in market.ticks:
        messages += [(at_s, message) for message in _okx_messages(market, at_s, tick)]
    return okx_of(BEGAN_S, _frames(messages))


# ── the market ──────────────────────────────────────────────────────────────────────────────────────────────────────


class _EndOfSession(Exception):
    pass


class _Hasty:
    """A clock whose sleepers do not wait: time is what they slept. Ends with the session."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    def time(self) -> float:
        return BEGAN_S + self.elapsed_s

    def monotonic(self) -> float:
        return self.elapsed_s

    async def sleep(self, seconds: float) -> None:
        self.elapsed_s += seconds
        if self.elapsed_s >= LASTS_S:
            raise _EndOfSession


class _TimedSink(CollectingSink):
    """Keeps tickers and trades with their times."""

    def __init__(self, clock: _Hasty) -> None:
        super().__init__()
        self.timed: list[tuple[float, Ticker | Trade]] = []
        self._clock = clock

    def accept(self, tick: Tick) -> None:
        if isinstance(tick, Ticker | Trade):
            self.timed.append((self._clock.time(), tick))


class _Market:
    """What the simulated feed brings within a session, with the figures of the last day that it leaves to the server.

    The tokens are quoted in `quotes`, one each."""

    def __init__(self, quotes: tuple[str, ...]) -> None:
        clock = _Hasty()
        sink = _TimedSink(clock)
        feed = SimulatedFeed("simulated", clock, seed=1, symbol_count=len(quotes))
        with contextlib.suppress(_EndOfSession):
            feed.run(sink).send(None)
        self.ticks = sink.timed
        symbols = dict.fromkeys(tick.symbol for _, tick in self.ticks)
        self._pair_of = {symbol: f"{symbol}-{quote}" for symbol, quote in zip(symbols, quotes, strict=True)}
        self._days: dict[str, _Day] = {}

    @property
    def pairs(self) -> list[str]:
        return sorted(self._pair_of.values())

    def pair(self, tick: Ticker | Trade) -> str:
        return self._pair_of[tick.symbol]

    def day(self, tick: Ticker | Trade) -> _Day:
        """The day up to and with `tick`."""
        day = self._days.get(tick.symbol)
        if day is None:
            day = self._days[tick.symbol] = _Day(tick.price)
        day.take(tick)
        return day


class _Day:
    """The figures of 24 hours; `volume` is in the base currency."""

    def __init__(self, price: float) -> None:
        self.open = price * 0.98
        self.low = price * 0.97
        self.high = price * 1.02
        self.volume = 1e6 / price

    def take(self, tick: Ticker | Trade) -> None:
        self.low, self.high = min(self.low, tick.price), max(self.high, tick.price)
        if isinstance(tick, Trade):
            self.volume += tick.quantity


# ── Coinbase Exchange ───────────────────────────────────────────────────────────────────────────────────────────────


def _coinbase_product(pair: str) -> Message:
    base, quote = pair.split("-")
    return {
        "id": pair,
        "base_currency": base,
        "quote_currency": quote,
        "quote_increment": "0.00000001",
        "base_increment": "0.00000001",
        "display_name": f"{base}/{quote}",
        "min_market_funds": "1",
        "post_only": False,
        "limit_only": False,
        "cancel_only": False,
        "trading_disabled": False,
        "status": "online",
        "status_message": "",
    }


def _coinbase_messages(market: _Market, at_s: float, tick: Ticker | Trade) -> Iterator[Message]:
    pair, day = market.pair(tick), market.day(tick)
    known = {"product_id": pair, "price": _decimal(tick.price), "time": _iso(at_s)}
    if isinstance(tick, Trade):
        yield {"type": "match", **_coinbase_trade(int(tick.trade_id or 0), tick.side, tick.quantity), **known}
        return
    yield {"type": "l2update", "product_id": pair, "changes": [["buy", known["price"], "1.5"]], "time": known["time"]}
    yield {
        "type": "ticker",
        "sequence": 333_938_798,
        "open_24h": _decimal(day.open),
        "volume_24h": _decimal(day.volume),
        "low_24h": _decimal(day.low),
        "high_24h": _decimal(day.high),
        "volume_30d": _decimal(day.volume * 30),
        "best_bid": known["price"],
        "best_ask": known["price"],
        "side": "buy",
        "trade_id": FIRST_TRADE_ID,
        "last_size": "0.04",
        **known,
    }
    if at_s == BEGAN_S:
        yield {"type": "last_match", **_coinbase_trade(0, "buy", 0.04), **known}


def _coinbase_trade(number: int, taker_side: str | None, quantity: float) -> Message:
    """`side` is the maker's."""
    return {
        "trade_id": FIRST_TRADE_ID + number,
        "maker_order_id": "00000000-0000-4000-8000-000000000001",
        "taker_order_id": "00000000-0000-4000-8000-000000000002",
        "side": "sell" if taker_side == "buy" else "buy",
        "size": _decimal(quantity),
        "sequence": 333_938_798 + number,
    }


# ── OKX ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _okx_messages(market: _Market, at_s: float, tick: Ticker | Trade) -> Iterator[Message]:
    pair, day = market.pair(tick), market.day(tick)
    price, at_ms = _decimal(tick.price), str(round(at_s * 1000))
    if isinstance(tick, Trade):
        trade = {"tradeId": str(FIRST_TRADE_ID + int(tick.trade_id or 0)), "px": price, "sz": _decimal(tick.quantity)}
        yield _okx("trades", pair, trade | {"side": tick.side, "ts": at_ms})
        return
    ticker = {
        "last": price,
        "lastSz": "0.04",
        "askPx": price,
        "askSz": "1",
        "bidPx": price,
        "bidSz": "1",
        "open24h": _decimal(day.open),
        "high24h": _decimal(day.high),
        "low24h": _decimal(day.low),
        "vol24h": _decimal(day.volume),
        "volCcy24h": _decimal(day.volume * tick.price),
        "sodUtc0": _decimal(day.open),
        "sodUtc8": _decimal(day.open),
        "ts": at_ms,
    }
    yield _okx("tickers", f"{tick.symbol}-USD-270326", {"instType": "FUTURES", **ticker})
    yield _okx("tickers", pair, {"instType": "SPOT", **ticker})


def _okx(channel: str, instrument_id: str, entry: Message) -> Message:
    return {"arg": {"channel": channel, "instId": instrument_id}, "data": [{"instId": instrument_id, **entry}]}


# ── texts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _frames(messages: list[tuple[float, Message]]) -> Frames:
    return tuple((at_s - BEGAN_S, json.dumps(message, separators=(",", ":"))) for at_s, message in messages)


def _decimal(number: float) -> str:
    """Venues send numbers as texts without an exponent."""
    return f"{Decimal(repr(number)):f}"


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

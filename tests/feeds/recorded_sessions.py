"""Sessions of venues: their frames, their pairs, and what a reader must make of them.

`coinbase_session` and `okx_session` were recorded from real venues; their format is described in `README.md` beside the
recordings. What is expected is computed here from the frames alone, not by the code under test.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from duelcast.clock import SystemClock
from tests.shared_files import shared_file

Frames = tuple[tuple[float, str], ...]
"""(Seconds since the first, text), in the order of their arrival."""

_RECEIVED = re.compile(r"(\d+\.\d+): (.*)")
_OPPOSITE = {"buy": "sell", "sell": "buy"}


@dataclass(frozen=True)
class ExpectedTicker:
    """A ticker as recorded; volumes in base or quote currency, None where the venue does not give that one."""

    symbol: str
    price: float
    high_24h: float
    low_24h: float
    base_volume_24h: float
    quote_volume_24h: float | None


@dataclass(frozen=True)
class ExpectedTrade:
    """A trade as recorded; `side` is the taker's."""

    symbol: str
    trade_id: str
    price: float
    quantity: float
    side: str


@dataclass(frozen=True)
class Session:
    """One connection. `frames` are exactly as received; the first came at `began_s` (epoch)."""

    venue: str
    pairs: tuple[str, ...]
    frames: Frames
    http_answers: dict[str, bytes]
    tickers: list[ExpectedTicker] = field(default_factory=list)
    trades: list[ExpectedTrade] = field(default_factory=list)
    began_s: float = 0.0

    @property
    def symbols(self) -> set[str]:
        return {ticker.symbol for ticker in self.tickers}

    def tickers_of(self, symbol: str) -> list[ExpectedTicker]:
        return [ticker for ticker in self.tickers if ticker.symbol == symbol]

    def trades_of(self, symbol: str) -> list[ExpectedTrade]:
        return [trade for trade in self.trades if trade.symbol == symbol]


class RecordedTime(SystemClock):
    """The machine's clocks, as they were when a session began."""

    def __init__(self, session: Session) -> None:
        self._ahead_s = time.time() - session.began_s

    def time(self) -> float:
        return time.time() - self._ahead_s


def coinbase_session() -> Session:
    """Coinbase Exchange, ten products."""
    products = shared_file("recordings/coinbase-exchange.products.http.txt").read_text(encoding="utf-8")
    began_s, frames = _frames("recordings/coinbase-exchange.ws.txt")
    return coinbase_of(began_s, frames, products.splitlines()[0].split(": ", 1)[1])


def okx_session() -> Session:
    """OKX v5, of whose three instruments BTC-USDT is the spot pair; no answer to `instruments` was recorded."""
    began_s, frames = _frames("recordings/okx-v5.ws.txt")
    return okx_of(began_s, frames)


def coinbase_of(began_s: float, frames: Frames, products: str) -> Session:
    """A session of Coinbase Exchange; `products` is the answer to `/products`, `/currencies` is an empty list."""
    messages = [json.loads(text) for _, text in frames]
    product_ids = sorted({message["product_id"] for message in messages if message["type"] == "ticker"})
    return Session(
        venue="coinbaseexchange",
        pairs=tuple(product_id.replace("-", "/") for product_id in product_ids),
        frames=frames,
        http_answers={"/products": products.encode(), "/currencies": b"[]"},
        began_s=began_s,
        tickers=[_coinbase_ticker(message) for message in messages if message["type"] == "ticker"],
        trades=[_coinbase_trade(message) for message in messages if message["type"] == "match"],
    )


def okx_of(began_s: float, frames: Frames) -> Session:
    """A session of OKX v5; the pairs are those of its spot instruments, whose ids have two parts."""
    entries = list(_okx_entries(frames))
    instrument_ids = sorted({entry["instId"] for _, entry in entries})
    answer = {"code": "0", "msg": "", "data": [_okx_instrument(instrument_id) for instrument_id in instrument_ids]}
    return Session(
        venue="okx",
        pairs=tuple(instrument_id.replace("-", "/") for instrument_id in instrument_ids),
        frames=frames,
        began_s=began_s,
        http_answers={"/api/v5/public/instruments?instType=SPOT": json.dumps(answer).encode()},
        tickers=[_okx_ticker(entry) for channel, entry in entries if channel == "tickers"],
        trades=[_okx_trade(entry) for channel, entry in entries if channel == "trades"],
    )


def _frames(name: str) -> tuple[float, Frames]:
    """When the first frame came (epoch seconds), and all frames."""
    lines = shared_file(name).read_text(encoding="utf-8").splitlines()
    received = [(float(match[1]), match[2]) for match in map(_RECEIVED.fullmatch, lines) if match]
    began_s = received[0][0]
    return began_s, tuple((at - began_s, text) for at, text in received)


def _symbol(pair_id: str) -> str:
    base, quote = pair_id.split("-")
    return base if quote in ("USD", "USDC", "USDT") else pair_id


def _coinbase_ticker(message: dict[str, Any]) -> ExpectedTicker:
    return ExpectedTicker(
        symbol=_symbol(message["product_id"]),
        price=float(message["price"]),
        high_24h=float(message["high_24h"]),
        low_24h=float(message["low_24h"]),
        base_volume_24h=float(message["volume_24h"]),
        quote_volume_24h=None,
    )


def _coinbase_trade(message: dict[str, Any]) -> ExpectedTrade:
    """`side` of a match is the maker's."""
    return ExpectedTrade(
        symbol=_symbol(message["product_id"]),
        trade_id=str(message["trade_id"]),
        price=float(message["price"]),
        quantity=float(message["size"]),
        side=_OPPOSITE[message["side"]],
    )


def _okx_entries(frames: Frames) -> Iterator[tuple[str, dict[str, Any]]]:
    for _, text in frames:
        message = json.loads(text)
        argument = message.get("arg", {})
        if argument.get("channel") in ("tickers", "trades") and argument["instId"].count("-") == 1:
            for entry in message.get("data", ()):
                yield argument["channel"], entry


def _okx_instrument(instrument_id: str) -> dict[str, Any]:
    base, quote = instrument_id.split("-")
    return {
        "instType": "SPOT",
        "instId": instrument_id,
        "baseCcy": base,
        "quoteCcy": quote,
        "lotSz": "0.00000001",
        "minSz": "0.00001",
        "tickSz": "0.1",
        "state": "live",
    }


def _okx_ticker(entry: dict[str, Any]) -> ExpectedTicker:
    return ExpectedTicker(
        symbol=_symbol(entry["instId"]),
        price=float(entry["last"]),
        high_24h=float(entry["high24h"]),
        low_24h=float(entry["low24h"]),
        base_volume_24h=float(entry["vol24h"]),
        quote_volume_24h=float(entry["volCcy24h"]),
    )


def _okx_trade(entry: dict[str, Any]) -> ExpectedTrade:
    return ExpectedTrade(
        symbol=_symbol(entry["instId"]),
        trade_id=entry["tradeId"],
        price=float(entry["px"]),
        quantity=float(entry["sz"]),
        side=entry["side"],
    )

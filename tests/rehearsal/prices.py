"""Real prices for the evening: what venues sent, as a file for the feed `replay`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import msgspec

from duelcast.domain.market.ticks import Tick, Ticker, Trade
from duelcast.feeds.recording import Record
from tests.feeds.recorded_sessions import Session, coinbase_session, okx_session
from tests.shared_files import SHARED

TICKS_PER_S = 20.0
MADE_UP = {"BAND-GBP": 14.8, "DASH-BTC": 0.0062, "NMR-EUR": 67.0, "SKL": 0.79, "YFI-BTC": 0.826, "BTC": 29_800.0}


def real_prices() -> list[Tick]:
    """The tickers and trades of two venues; where the recordings are absent, made-up ones take their place."""
    if not (SHARED / "recordings").exists():
        return _made_up()
    sessions = (coinbase_session(), okx_session())
    return [tick for session in sessions for tick in _ticks(session)]


def write_prices(path: Path, seconds: float) -> None:
    """Ticks for so long, evenly and again and again."""
    with path.open("wb") as file:
        for number, tick in enumerate(islice(cycle(real_prices()), round(seconds * TICKS_PER_S))):
            file.write(msgspec.json.encode(Record(number / TICKS_PER_S, tick)) + b"\n")


def last_prices(seconds: float) -> dict[str, float]:
    """What each symbol costs in the end."""
    ticks = islice(cycle(real_prices()), round(seconds * TICKS_PER_S))
    return {tick.symbol: tick.price for tick in ticks if isinstance(tick, Ticker)}


def _ticks(session: Session) -> Iterator[Tick]:
    for ticker in session.tickers:
        yield Ticker(
            symbol=ticker.symbol,
            price=ticker.price,
            high_24h=ticker.high_24h,
            low_24h=ticker.low_24h,
            base_volume_24h=ticker.base_volume_24h,
        )
    for trade in session.trades:
        yield Trade(
            symbol=trade.symbol,
            price=trade.price,
            quantity=trade.quantity,
            side="buy" if trade.side == "buy" else "sell",
            trade_id=trade.trade_id,
        )


def _made_up() -> list[Tick]:
    chance = random.Random(1)
    return [
        Ticker(symbol=symbol, price=round(price * chance.uniform(0.99, 1.01), 8))
        for _ in range(50)
        for symbol, price in MADE_UP.items()
    ]

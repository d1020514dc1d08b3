"""ccxt's unified tickers and trades as ticks.

Structures: https://docs.ccxt.com, "Ticker structure" and "Public trades".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

from duelcast.domain.market.ticks import Ticker, Trade


def ticker_from(symbol: str, fields: Mapping[str, Any]) -> Ticker | None:
    """The ticker of `symbol`, or None if it has no last price.

    `percentage` is the venue's own, or derived by ccxt from the venue's price 24 h ago; None if it has neither.
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
    """The trade, or None if it has no price or amount. ccxt's `side` of a public trade is the taker's."""
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

"""The normalised records into which every feed converts the messages of its venue, and checks of the numbers in them.

`venue_time` is the venue's own time in epoch seconds, or None if the venue gives none. The market takes the time of
receipt from its own clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct


class Ticker(Struct, kw_only=True, frozen=True, tag="ticker", tag_field="kind"):
    """The state of a symbol. Money is in the quote currency; `change_24h` is in percent; None means not known.

    `base_volume_24h` is for venues that give the volume in the base currency; it is multiplied by the price.
    """

    symbol: str
    price: float
    change_24h: float | None = None
    volume_24h: float | None = None
    base_volume_24h: float | None = None
    high_24h: float | None = None
    low_24h: float | None = None
    market_cap: float | None = None
    fdv: float | None = None
    liquidity: float | None = None
    venue_time: float | None = None


class Trade(Struct, kw_only=True, frozen=True, tag="trade", tag_field="kind"):
    """One trade. `quantity` is in the base currency; `side` is the taker's; `trade_id` is the venue's."""

    symbol: str
    price: float
    quantity: float
    side: Literal["buy", "sell"] | None = None
    trade_id: str | None = None
    venue_time: float | None = None


class TokenInfo(Struct, kw_only=True, frozen=True, tag="token", tag_field="kind"):
    """Facts about a token apart from its market. None means not known, and leaves a known value unchanged."""

    symbol: str
    name: str | None = None
    address: str | None = None
    decimals: int | None = None
    image_url: str | None = None
    description: str | None = None
    color: str | None = None
    socials: dict[str, str] | None = None
    websites: list[dict[str, str]] | None = None
    active: bool | None = None


Tick = Ticker | Trade | TokenInfo


# ── amounts and times ───────────────────────────────────────────────────────────────────────────────────────────────

MAX_AMOUNT = 1e30
"""The greatest allowed price, quantity and amount, so that sums and products stay finite."""
MIN_POSITIVE_AMOUNT = 1e-30
"""The least allowed price and quantity, so that dividing by a price or quantity gives a finite result."""

_END_OF_CALENDAR_S = 253_402_300_800.0  # the year 10000, which ISO-8601 with four digits cannot express


def is_positive(number: float) -> bool:
    """Whether `number` is from `MIN_POSITIVE_AMOUNT` to `MAX_AMOUNT`; NaN is not."""
    return MIN_POSITIVE_AMOUNT <= number <= MAX_AMOUNT


def amount_or(number: float | None, known: float | None) -> float | None:
    """`number` as a float without a negative zero if it is from 0 to `MAX_AMOUNT`, else `known`."""
    return number + 0.0 if number is not None and 0 <= number <= MAX_AMOUNT else known


def change_or(percent: float | None, known: float | None) -> float | None:
    """`percent` as a float without a negative zero if it is within ±`MAX_AMOUNT`, else `known`."""
    return percent + 0.0 if percent is not None and -MAX_AMOUNT <= percent <= MAX_AMOUNT else known


def venue_time_or(venue_time_s: float | None, receipt_s: float) -> float:
    """The venue's time if it is within the calendar, else the time of receipt, in epoch seconds."""
    if venue_time_s is not None and 0 <= venue_time_s < _END_OF_CALENDAR_S:
        return venue_time_s
    return receipt_s


def window_time(venue_time_s: float | None, receipt_s: float, on_scale: Callable[[float], float]) -> float:
    """The time at which windows count a trade: the venue's time, or the time of receipt if the venue's is missing or in
    the future. The result is in epoch seconds on the scale of times of receipt, to which `on_scale` converts a wall
    time."""
    if venue_time_s is not None and 0 <= venue_time_s < _END_OF_CALENDAR_S:
        return min(on_scale(venue_time_s), receipt_s)
    return receipt_s

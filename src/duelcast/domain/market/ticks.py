"""Normalised input of the market: what every feed turns its venue's messages into.

`venue_time` is the venue's own time in epoch seconds, None where it gives none. The time of receipt, by which windows
and staleness go, is taken by the market from its clock.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Ticker(Struct, kw_only=True, frozen=True, tag="ticker", tag_field="kind"):
    """The state of a symbol. Money is in the quote currency; `change_24h` in percent; None: not known.

    `base_volume_24h` is for venues that count the base currency; it is multiplied by the price.
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
    """What is known of a token apart from its market. None: not known, and leaves what is known untouched."""

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

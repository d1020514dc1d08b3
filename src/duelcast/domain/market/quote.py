"""What the owner of a symbol told of its market."""

from __future__ import annotations

from copy import copy
from typing import Any

from duelcast.domain.market.amounts import amount_or_none, change_or_none
from duelcast.domain.market.ticks import Ticker


class Quote:
    """Amounts in the quote currency, None where the owner never told.

    `timestamp_s` is the venue's time of the price, else that of receipt; epoch seconds. `from_ticker`: the owner tells
    prices apart from trades.
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

    def tell(self, ticker: Ticker) -> None:
        """Take over what `ticker` tells apart from its price; an amount that cannot be used counts as not told."""
        volume = ticker.volume_24h
        if volume is None and ticker.base_volume_24h is not None:
            volume = ticker.base_volume_24h * ticker.price
        self.from_ticker = True
        self.change_24h = _told(change_or_none(ticker.change_24h), self.change_24h)
        self.volume_24h = _told(amount_or_none(volume), self.volume_24h)
        self.high_24h = _told(amount_or_none(ticker.high_24h), self.high_24h)
        self.low_24h = _told(amount_or_none(ticker.low_24h), self.low_24h)
        self.market_cap = _told(amount_or_none(ticker.market_cap), self.market_cap)
        self.fdv = _told(amount_or_none(ticker.fdv), self.fdv)
        self.liquidity = _told(amount_or_none(ticker.liquidity), self.liquidity)

    def copy(self) -> Quote:
        return copy(self)

    def for_new_owner(self) -> Quote:
        """The price alone: figures are those of the owner that told them."""
        return Quote(self.price, self.timestamp_s)

    def stored(self, received_us: int) -> dict[str, Any]:
        """What `restored` takes, with when the price was received (epoch µs)."""
        return {name: getattr(self, name) for name in self.__slots__} | {"received_us": received_us}


def restored_quote(stored: dict[str, Any]) -> tuple[Quote, int]:
    """The quote of `Quote.stored`, and when its price was received (epoch µs)."""
    quote = Quote(stored["price"], stored["timestamp_s"])
    for name in Quote.__slots__:
        setattr(quote, name, stored[name])
    return quote, stored["received_us"]


def _told(new: float | None, known: float | None) -> float | None:
    return known if new is None else new

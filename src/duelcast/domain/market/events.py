"""Messages of the market, and their channels (protocol §2, §3, §4)."""

from __future__ import annotations

from typing import Literal

from duelcast.channels.names import Family, Kind, Unfollowed
from duelcast.wire.messages import Event, Record, Timestamp

SYMBOL_PATTERN = r"[A-Z0-9_$.\-]{1,32}"

Interval = Literal["1m", "5m", "15m", "1h", "4h", "1d"]
VolumeTrend = Literal["increasing", "decreasing", "stable"]


class Website(Record):
    """A link of a token."""

    label: str
    """The text of the link."""
    url: str
    """An `https:` URL."""


class TokenMetadata(Record):
    """A token without its market fields (protocol §12)."""

    symbol: str
    """The symbol, such as `SOL`, or `YFI-BTC` if the token is not quoted in dollars."""
    name: str | None
    """The name, such as `Solana`; null if unknown."""
    address: str | None
    """The address of the mint or contract; null if unknown."""
    decimals: int | None
    """How many decimals an amount of the token has on its chain; null if unknown."""
    image_url: str | None
    """An `https:` URL of the token's image; null if there is none."""
    description: str | None
    """A text about the token; null if there is none."""
    color: str | None
    """The token's color as `#rrggbb` or `#rrggbbaa`; null if there is none."""
    socials: dict[str, str]
    """`https:` URLs by kind, such as `x`."""
    websites: list[Website]
    """Links to websites of the token."""
    status: Literal["active", "inactive"]
    """`inactive` tokens are no longer traded here."""
    updated_at: Timestamp
    """When the metadata or the status last changed."""


class Token(TokenMetadata):
    """A token with its market fields (protocol §12)."""

    price: float | None
    """The price in the quote currency; null if unknown."""
    change_24h: float | None
    """The change of the price over 24 hours, in percent; null if unknown."""
    volume_24h: float | None
    """The volume of 24 hours in the quote currency; null if unknown."""
    market_cap: float | None
    """The market capitalization in the quote currency; null if unknown."""
    fdv: float | None
    """The fully diluted valuation in the quote currency; null if unknown."""
    liquidity: float | None
    """The liquidity in the quote currency; null if unknown."""


class Price(Record):
    """The price of a symbol, with figures of the past 24 hours."""

    symbol: str
    """The symbol, such as `SOL`."""
    price: float
    """The price in the quote currency."""
    change_24h: float | None
    """The change over 24 hours, in percent; null if unknown."""
    volume_24h: float | None
    """The volume of 24 hours in the quote currency; null if unknown."""
    high_24h: float | None
    """The highest price of 24 hours; null if unknown."""
    low_24h: float | None
    """The lowest price of 24 hours; null if unknown."""
    timestamp: Timestamp
    """The venue's time of the price; the time of receipt if the venue gives none."""
    source: str
    """Where the price comes from: the name of a feed, or `http` for a posted price."""
    stale: bool
    """Whether the feed, or the symbol itself, has been silent for longer than the settings allow."""


class Volume(Record):
    """The volume of a symbol in a window that ends now."""

    symbol: str
    """The symbol, such as `SOL`."""
    volume: float
    """The volume in the quote currency."""
    trades_count: int
    """How many trades there were."""
    buy_volume: float
    """The volume of trades in which the taker bought, in the quote currency."""
    sell_volume: float
    """The volume of trades in which the taker sold, in the quote currency."""
    interval: Interval
    """The length of the window."""
    timestamp: Timestamp
    """When the volume was computed."""


class Sentiment(Record):
    """The balance of buying and selling over the past 15 minutes."""

    symbol: str
    """The symbol, such as `SOL`."""
    sentiment_score: float
    """`buy_pressure` − `sell_pressure`, from −1 to 1; 0 without trades."""
    buy_pressure: float
    """The buy volume divided by the volume, from 0 to 1; 0 without trades."""
    sell_pressure: float
    """The sell volume divided by the volume, from 0 to 1; 0 without trades."""
    volume_trend: VolumeTrend
    """How the volume compares with that of the 15 minutes before; `stable` is within ±10 %."""
    timestamp: Timestamp
    """When the sentiment was computed."""


class MarketPrice(Event, tag="MARKET_PRICE"):
    """The price, its source or its staleness changed."""

    data: Price
    """The price."""


class MarketVolume(Event, tag="MARKET_VOLUME"):
    """The volume of a window changed."""

    data: Volume
    """The volume."""


class MarketSentiment(Event, tag="MARKET_SENTIMENT"):
    """The balance of buying and selling changed."""

    data: Sentiment
    """The sentiment."""


class TokenMetadataUpdate(Event, tag="token_update"):
    """On market-data: the tokens whose metadata changed, without their market fields."""

    data: list[TokenMetadata]
    """The tokens that changed; a client keeps the others."""


class TokenListUpdate(Event, tag="token_update"):
    """On token-data: the complete list of tokens."""

    data: list[Token]
    """All tokens; the list replaces the client's own."""


class TokenData(Event, tag="token_data"):
    """One token with its market fields."""

    symbol: str
    """The symbol of the token."""
    data: Token
    """The token."""


def _market_key(event: Event) -> str:
    if isinstance(event, MarketVolume):
        return f"MARKET_VOLUME:{event.data.interval}"
    return "MARKET_PRICE" if isinstance(event, MarketPrice) else "MARKET_SENTIMENT"


MARKET = Family(
    "market",
    Kind.LATEST,
    (MarketPrice, MarketVolume, MarketSentiment),
    "Price, volumes and sentiment of a symbol.",
    parameter=rf"(?P<symbol>{SYMBOL_PATTERN})",
    key=_market_key,
    key_paths=("type", "data.interval"),
    group=lambda _symbol: "market.*",
    group_names=r"market\.\*",
)
METADATA = Family(
    "metadata",
    Kind.LATEST,
    (TokenMetadataUpdate,),
    "Metadata of a token.",
    parameter=rf"(?P<symbol>{SYMBOL_PATTERN})",
    group=lambda _symbol: "metadata.*",
    group_names=r"metadata\.\*",
)
TOKEN = Family(
    "token",
    Kind.LATEST,
    (TokenData,),
    "A token with its market fields, at most once per second.",
    parameter=rf"(?P<symbol>{SYMBOL_PATTERN})",
    group=lambda _symbol: "token.*",
    group_names=r"token\.\*",
)
PUBLIC_TOKENS = Family("public.tokens", Kind.LATEST, (TokenListUpdate,), "The complete list of tokens.")
PUBLIC_TOKEN_LIST = Family(
    "public.token_list",
    Kind.LATEST,
    (TokenListUpdate,),
    "The complete list of tokens, published when anything in it changed, including prices, at most every 10 seconds.",
    unfollowed=Unfollowed.SILENT,
)

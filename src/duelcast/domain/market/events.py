"""Messages of the market, and their channels (protocol §2, §3, §4)."""

from __future__ import annotations

from typing import Literal

from duelcast.channels.names import Family, Kind, Unfollowed
from duelcast.wire.messages import Event, Record

SYMBOL_PATTERN = r"[A-Z0-9_$.\-]{1,32}"

Interval = Literal["1m", "5m", "15m", "1h", "4h", "1d"]
VolumeTrend = Literal["increasing", "decreasing", "stable"]


class Website(Record):
    """A link of a token."""

    label: str
    url: str


class TokenMetadata(Record):
    """A token without its market fields (protocol §12)."""

    symbol: str
    name: str | None
    address: str | None
    decimals: int | None
    image_url: str | None
    description: str | None
    color: str | None
    socials: dict[str, str]
    websites: list[Website]
    status: Literal["active", "inactive"]
    updated_at: str


class Token(TokenMetadata):
    """A token (protocol §12). Market fields are amounts in the quote currency, except `change_24h`, which is in
    percent. Unknown fields are null."""

    price: float | None
    change_24h: float | None
    volume_24h: float | None
    market_cap: float | None
    fdv: float | None
    liquidity: float | None


class Price(Record):
    """`stale` says whether the feed, or the symbol itself, has been silent for longer than the settings allow."""

    symbol: str
    price: float
    change_24h: float | None
    volume_24h: float | None
    high_24h: float | None
    low_24h: float | None
    timestamp: str
    source: str
    stale: bool


class Volume(Record):
    """Volumes in the quote currency; buy and sell refer to the taker's side."""

    symbol: str
    volume: float
    trades_count: int
    buy_volume: float
    sell_volume: float
    interval: Interval
    timestamp: str


class Sentiment(Record):
    """buy_pressure = buy volume / volume over 15 m; score = buy − sell pressure; all 0 without trades."""

    symbol: str
    sentiment_score: float
    buy_pressure: float
    sell_pressure: float
    volume_trend: VolumeTrend
    timestamp: str


class MarketPrice(Event, tag="MARKET_PRICE"):
    """The price, its source or its staleness changed."""

    data: Price


class MarketVolume(Event, tag="MARKET_VOLUME"):
    """The volume of a window changed."""

    data: Volume


class MarketSentiment(Event, tag="MARKET_SENTIMENT"):
    """The balance of buying and selling changed."""

    data: Sentiment


class TokenMetadataUpdate(Event, tag="token_update"):
    """On market-data: the tokens whose metadata changed, without their market fields."""

    data: list[TokenMetadata]


class TokenListUpdate(Event, tag="token_update"):
    """On token-data: the complete list of tokens."""

    data: list[Token]


class TokenData(Event, tag="token_data"):
    """One token with its market fields."""

    symbol: str
    data: Token


def _market_key(event: Event) -> str:
    if isinstance(event, MarketVolume):
        return f"MARKET_VOLUME:{event.data.interval}"
    return "MARKET_PRICE" if isinstance(event, MarketPrice) else "MARKET_SENTIMENT"


MARKET = Family(
    "market",
    Kind.LATEST,
    (MarketPrice, MarketVolume, MarketSentiment),
    "Price, volumes and sentiment of a symbol.",
    parameter=SYMBOL_PATTERN,
    placeholder="SYMBOL",
    key=_market_key,
    key_description="type, interval",
    group=lambda _symbol: "market.*",
    group_names=r"market\.\*",
)
METADATA = Family(
    "metadata",
    Kind.LATEST,
    (TokenMetadataUpdate,),
    "Metadata of a token.",
    parameter=SYMBOL_PATTERN,
    placeholder="SYMBOL",
    group=lambda _symbol: "metadata.*",
    group_names=r"metadata\.\*",
)
TOKEN = Family(
    "token",
    Kind.LATEST,
    (TokenData,),
    "A token with its market fields, at most once per second.",
    parameter=SYMBOL_PATTERN,
    placeholder="SYMBOL",
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

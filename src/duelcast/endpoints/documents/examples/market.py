"""Prices, volumes and tokens, which market-data and token-data share."""

from __future__ import annotations

from msgspec.structs import asdict

from duelcast.domain.market.events import (
    MarketPrice,
    MarketSentiment,
    MarketVolume,
    Price,
    Sentiment,
    Token,
    TokenMetadata,
    Volume,
    Website,
)
from duelcast.endpoints import symbols
from duelcast.endpoints.common import Since
from duelcast.endpoints.documents.examples.story import EPOCH, NOW, PREPARED, Examples

SOL_METADATA = TokenMetadata(
    symbol="SOL",
    name="Solana",
    address="So11111111111111111111111111111111111111112",
    decimals=9,
    image_url="https://example.org/sol.png",
    description="The coin of the Solana network.",
    color="#9945ff",
    socials={"x": "https://x.com/solana"},
    websites=[Website(label="Website", url="https://solana.com")],
    status="active",
    updated_at=PREPARED,
)
SOL = Token(
    **asdict(SOL_METADATA),
    price=150.0,
    change_24h=8.64,
    volume_24h=2_850_000_000.0,
    market_cap=78_900_000_000.0,
    fdv=87_400_000_000.0,
    liquidity=412_000_000.0,
)
BTC = Token(
    symbol="BTC",
    name="Bitcoin",
    address=None,
    decimals=8,
    image_url=None,
    description=None,
    color="#f7931a",
    socials={},
    websites=[],
    status="active",
    updated_at=PREPARED,
    price=96_000.0,
    change_24h=1.1,
    volume_24h=31_200_000_000.0,
    market_cap=None,
    fdv=None,
    liquidity=None,
)

EXAMPLES = Examples(
    said=[
        symbols.SubscribeSymbols(symbols=["SOL", "BTC"]),
        symbols.SubscribeSymbols(symbols=["*"]),
        symbols.SymbolsSubscribed(symbols=["SOL", "BTC"], unknown=[]),
        symbols.UnsubscribeSymbols(symbols=["BTC"]),
        symbols.SymbolsUnsubscribed(symbols=["BTC"]),
        symbols.Subscribe(channel="market.SOL", since=Since(EPOCH, 1795799098000105)),
        symbols.Subscribe(channels=["market.SOL", "market.BTC"]),
    ],
    pushed={
        "market.SOL": [
            MarketPrice(
                data=Price(
                    symbol="SOL",
                    price=150.0,
                    change_24h=8.64,
                    volume_24h=2_850_000_000.0,
                    high_24h=150.0,
                    low_24h=139.55,
                    timestamp=NOW,
                    source="coinbase",
                    stale=False,
                )
            ),
            MarketVolume(
                data=Volume(
                    symbol="SOL",
                    volume=184_210.5,
                    trades_count=312,
                    buy_volume=101_880.25,
                    sell_volume=82_330.25,
                    interval="1m",
                    timestamp=NOW,
                )
            ),
            MarketSentiment(
                data=Sentiment(
                    symbol="SOL",
                    sentiment_score=0.12,
                    buy_pressure=0.56,
                    sell_pressure=0.44,
                    volume_trend="increasing",
                    timestamp=NOW,
                )
            ),
        ]
    },
)

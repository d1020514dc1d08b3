"""Examples of tokens, prices and trades."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from duelcast.domain.market.posted import TokenMetadataInput
from duelcast.endpoints.documents.examples.market import SOL_METADATA
from duelcast.endpoints.documents.examples.story import PREPARED
from duelcast.http.examples.example import Example

_DESCRIBED: dict[str, Any] = to_builtins(SOL_METADATA)
_METADATA = {name: _DESCRIBED[name] for name in TokenMetadataInput.__struct_fields__}
_SOL = _DESCRIBED | {
    "price": 142.5,
    "change_24h": 3.2,
    "volume_24h": 2850000000,
    "market_cap": None,
    "fdv": None,
    "liquidity": None,
}
_BTC = _SOL | {
    "symbol": "BTC",
    "name": None,
    "address": None,
    "decimals": None,
    "image_url": None,
    "description": None,
    "color": None,
    "socials": {},
    "websites": [],
    "price": 96000,
    "change_24h": 1.1,
    "volume_24h": 31200000000,
}

MARKET = {
    "postPrices": Example(
        "The platform posts the prices of SOL and BTC.",
        {"accepted": 2, "dropped": 0, "duplicate": 0},
        [
            {"symbol": "SOL", "price": 142.5, "change_24h": 3.2, "volume_24h": 2850000000},
            {"symbol": "BTC", "price": 96000, "change_24h": 1.1, "volume_24h": 31200000000},
        ],
    ),
    "postTrades": Example(
        "The platform posts a trade.",
        {"accepted": 1, "dropped": 0, "duplicate": 0},
        [
            {
                "symbol": "SOL",
                "price": 142.5,
                "quantity": 12,
                "side": "buy",
                "timestamp": PREPARED,
                "id": "trade-1001",
            }
        ],
    ),
    "putToken": Example("Mira describes SOL.", _SOL, _METADATA),
    "getToken": Example("SOL costs 142.5.", _SOL),
    "listTokens": Example("SOL is described, BTC is not.", {"data": [_BTC, _SOL], "count": 2}),
    "listSparklines": Example(
        "SOL has risen in the last quarter of an hour.",
        {
            "data": [
                {"symbol": "BTC", "start": PREPARED, "prices": [96000, 96000, 96000, 96000, 96000]},
                {"symbol": "SOL", "start": PREPARED, "prices": [142.5, 142.5, 142.5, 142.5, 150]},
            ],
            "count": 2,
        },
    ),
    "getTokenHistory": Example(
        "SOL rises to 150 within two minutes.",
        {
            "data": [
                {"timestamp": "2026-11-27T17:03:00.000Z", "open": 142.5, "high": 147, "low": 142.5, "close": 147},
                {"timestamp": "2026-11-27T17:04:00.000Z", "open": 147, "high": 150, "low": 147, "close": 150},
            ],
            "count": 2,
        },
    ),
}

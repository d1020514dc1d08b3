"""Messages that only token-data has."""

from __future__ import annotations

from duelcast.domain.market.events import TokenData, TokenListUpdate
from duelcast.endpoints import token_data
from duelcast.endpoints.documents.examples.market import BTC, SOL
from duelcast.endpoints.documents.examples.story import Examples

EXAMPLES = Examples(
    said=[
        token_data.GetToken(symbol="SOL"),
        token_data.GetAllTokens(),
        token_data.SubscribeTokens(symbols=["SOL"]),
        token_data.UnsubscribeTokens(symbols=["SOL"]),
    ],
    pushed={
        "token.SOL": [TokenData(symbol="SOL", data=SOL)],
        "public.tokens": [TokenListUpdate(data=[BTC, SOL])],
    },
)

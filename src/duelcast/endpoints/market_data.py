"""Live prices, volumes and sentiment (protocol §3)."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.domain.market.events import MARKET, METADATA
from duelcast.endpoints import symbols
from duelcast.endpoints.common import NAMED, SUBSCRIBE_ERRORS, SubscriptionConfirmed
from duelcast.endpoints.context import Context, Join
from duelcast.endpoints.kit import KIB, Auth, Endpoint
from duelcast.errors import AppError

endpoint = Endpoint(
    "market-data",
    "Live prices, volumes, sentiment and token metadata, symbol by symbol.",
    auth=Auth.PUBLIC,
    max_message_bytes=128 * KIB,
    messages_per_minute=600,
    error_type="ERROR",
    successors={"subscribe_tokens": "SUBSCRIBE_SYMBOLS", "unsubscribe_tokens": "UNSUBSCRIBE_SYMBOLS"},
)
endpoint.opens(MARKET, exists=symbols.known_symbol)
endpoint.opens(METADATA, exists=symbols.known_symbol)

FAMILIES = (MARKET, METADATA)


@endpoint.command(
    symbols.SubscribeSymbols, errors=("INVALID_SYMBOLS", "TOO_MANY_SUBSCRIPTIONS"), joins=symbols.templates(FAMILIES)
)
async def subscribe_symbols(context: Context, command: symbols.SubscribeSymbols) -> symbols.SymbolsSubscribed:
    return await symbols.subscribe_symbols(context, command, FAMILIES)


@endpoint.command(symbols.Subscribe, errors=("INVALID_SYMBOLS", *SUBSCRIBE_ERRORS), joins=NAMED)
async def subscribe(
    context: Context, command: symbols.Subscribe
) -> Sequence[SubscriptionConfirmed | Join | AppError] | symbols.SymbolsSubscribed:
    return await symbols.subscribe(context, command, FAMILIES)


@endpoint.command(symbols.UnsubscribeSymbols, leaves=symbols.templates(FAMILIES))
def unsubscribe_symbols(context: Context, command: symbols.UnsubscribeSymbols) -> symbols.SymbolsUnsubscribed:
    return symbols.unsubscribe_symbols(context, command, FAMILIES)

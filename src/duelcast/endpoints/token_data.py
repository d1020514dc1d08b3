"""Tokens with their metadata and market fields (protocol 4)."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.channels.names import Channel
from duelcast.domain.market.events import MARKET, PUBLIC_TOKENS, TOKEN, TokenData, TokenListUpdate
from duelcast.domain.market.service import Market
from duelcast.endpoints import symbols
from duelcast.endpoints.kit import KIB, Auth, Context, Endpoint, Snapshot
from duelcast.wire.messages import Command, Event, Symbol

endpoint = Endpoint(
    "token-data",
    "The list of tokens, their metadata, and their market fields as they move.",
    auth=Auth.PUBLIC,
    max_message_bytes=128 * KIB,
    messages_per_minute=600,
)

FAMILIES = (MARKET, TOKEN)


class GetToken(Command, tag="get_token"):
    """Asks for one token."""

    symbol: Symbol


class GetAllTokens(Command, tag="get_all_tokens"):
    """Asks for the complete list of tokens."""


async def token_list(context: Context, _channel: Channel) -> Snapshot:
    """The list as it is now: the newest push may be older than the prices in it."""
    tokens = context.service(Market).token_list()
    return Snapshot([tokens], rows=len(tokens.data))


endpoint.opens(MARKET, exists=symbols.known_symbol)
endpoint.opens(TOKEN, exists=symbols.known_symbol)
endpoint.opens(PUBLIC_TOKENS, snapshot=token_list)


@endpoint.on_connect(TokenListUpdate)
async def greet(context: Context) -> Sequence[Event]:
    await context.subscriptions.join([PUBLIC_TOKENS.channel()])
    return ()


@endpoint.command(
    symbols.SubscribeSymbols,
    old_names=("subscribe_tokens",),
    errors=("INVALID_SYMBOLS", "TOO_MANY_SUBSCRIPTIONS"),
)
async def subscribe_symbols(context: Context, command: symbols.SubscribeSymbols) -> symbols.SymbolsSubscribed:
    return await symbols.subscribe_symbols(context, command, FAMILIES)


@endpoint.command(symbols.UnsubscribeSymbols, old_names=("unsubscribe_tokens",))
def unsubscribe_symbols(context: Context, command: symbols.UnsubscribeSymbols) -> symbols.SymbolsUnsubscribed:
    return symbols.unsubscribe_symbols(context, command, FAMILIES)


@endpoint.command(GetToken, errors=("TOKEN_NOT_FOUND",))
def get_token(context: Context, command: GetToken) -> TokenData:
    token = context.service(Market).token(command.symbol.upper())
    return TokenData(symbol=token.symbol, data=token)


@endpoint.command(GetAllTokens)
def get_all_tokens(context: Context, _command: GetAllTokens) -> TokenListUpdate:
    tokens = context.service(Market).token_list()
    context.answered_rows = len(tokens.data)
    return tokens

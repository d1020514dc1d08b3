"""Tokens with their metadata and market fields (protocol §4)."""

from __future__ import annotations

from collections.abc import Sequence

from duelcast.channels.names import Channel
from duelcast.domain.market.events import (
    MARKET,
    PUBLIC_TOKEN_LIST,
    PUBLIC_TOKENS,
    TOKEN,
    TokenData,
    TokenListUpdate,
)
from duelcast.domain.market.service import Market
from duelcast.endpoints import symbols
from duelcast.endpoints.common import NAMED, SUBSCRIBE_ERRORS, SubscriptionConfirmed
from duelcast.endpoints.context import Context, Join, Snapshot
from duelcast.endpoints.kit import KIB, Auth, Endpoint
from duelcast.errors import AppError
from duelcast.wire.messages import Command, Event, Symbol

endpoint = Endpoint(
    "token-data",
    "The list of tokens, their metadata, and their live market fields.",
    auth=Auth.PUBLIC,
    max_message_bytes=128 * KIB,
    messages_per_minute=600,
)

FAMILIES = (MARKET, TOKEN)
_TOKENS, _TOKEN_LIST = PUBLIC_TOKENS.template, PUBLIC_TOKEN_LIST.template


class GetToken(Command, tag="get_token"):
    """Asks for one token."""

    symbol: Symbol
    """The symbol of the token, in upper or lower case."""


class GetAllTokens(Command, tag="get_all_tokens"):
    """Asks for the complete list of tokens, and moves the connection from `public.tokens` to `public.token_list`."""


async def complete_list(context: Context, _channel: Channel) -> Snapshot:
    """The current list, whose prices may be newer than those in the last push."""
    tokens = context.service(Market).token_list()
    return Snapshot([tokens], rows=len(tokens.data))


endpoint.opens(MARKET, exists=symbols.known_symbol)
endpoint.opens(TOKEN, exists=symbols.known_symbol)
endpoint.opens(PUBLIC_TOKENS, snapshot=complete_list)
endpoint.opens(PUBLIC_TOKEN_LIST, snapshot=complete_list)


@endpoint.on_connect(TokenListUpdate)
async def greet(context: Context) -> Sequence[Event]:
    await context.join([PUBLIC_TOKENS.channel()])
    return ()


@endpoint.command(
    symbols.SubscribeSymbols, errors=("INVALID_SYMBOLS", "TOO_MANY_SUBSCRIPTIONS"), joins=symbols.templates(FAMILIES)
)
async def subscribe_symbols(context: Context, command: symbols.SubscribeSymbols) -> symbols.SymbolsSubscribed:
    return await symbols.subscribe_symbols(context, command, FAMILIES)


@endpoint.command(symbols.UnsubscribeSymbols, leaves=symbols.templates(FAMILIES))
def unsubscribe_symbols(context: Context, command: symbols.UnsubscribeSymbols) -> symbols.SymbolsUnsubscribed:
    return symbols.unsubscribe_symbols(context, command, FAMILIES)


@endpoint.command(GetToken, errors=("TOKEN_NOT_FOUND",), safe=True)
def get_token(context: Context, command: GetToken) -> TokenData:
    token = context.service(Market).token(command.symbol.upper())
    return TokenData(symbol=token.symbol, data=token)


# ── clients of earlier versions, which use only the list ──────────────────────────────────────────────────────────────


class SubscribeTokens(symbols.SubscribeSymbols, tag="subscribe_tokens"):
    """Old name of `SUBSCRIBE_SYMBOLS`; also moves the connection to `public.token_list`."""


class UnsubscribeTokens(symbols.UnsubscribeSymbols, tag="unsubscribe_tokens"):
    """Old name of `UNSUBSCRIBE_SYMBOLS`; also moves the connection to `public.token_list`."""


@endpoint.command(GetAllTokens, errors=("TOO_MANY_SUBSCRIPTIONS",), joins=(_TOKEN_LIST,), leaves=(_TOKENS,))
async def get_all_tokens(context: Context, _command: GetAllTokens) -> TokenListUpdate:
    await _move_to_token_list(context, silent=True)
    tokens = context.service(Market).token_list()
    context.answered_rows = len(tokens.data)
    return tokens


@endpoint.command(
    SubscribeTokens,
    errors=("INVALID_SYMBOLS", "TOO_MANY_SUBSCRIPTIONS"),
    successor="SUBSCRIBE_SYMBOLS",
    joins=(*symbols.templates(FAMILIES), _TOKEN_LIST),
    leaves=(_TOKENS,),
)
async def subscribe_tokens(context: Context, command: SubscribeTokens) -> symbols.SymbolsSubscribed:
    answer = await symbols.subscribe_symbols(context, command, FAMILIES)
    await _move_to_token_list(context)
    return answer


@endpoint.command(
    UnsubscribeTokens,
    errors=("TOO_MANY_SUBSCRIPTIONS",),
    successor="UNSUBSCRIBE_SYMBOLS",
    joins=(_TOKEN_LIST,),
    leaves=(*symbols.templates(FAMILIES), _TOKENS),
)
async def unsubscribe_tokens(context: Context, command: UnsubscribeTokens) -> symbols.SymbolsUnsubscribed:
    answer = symbols.unsubscribe_symbols(context, command, FAMILIES)
    await _move_to_token_list(context)
    return answer


@endpoint.command(symbols.Subscribe, errors=("INVALID_SYMBOLS", *SUBSCRIBE_ERRORS), joins=NAMED)
async def subscribe(
    context: Context, command: symbols.Subscribe
) -> Sequence[SubscriptionConfirmed | Join | AppError] | symbols.SymbolsSubscribed:
    answer = await symbols.subscribe(context, command, FAMILIES)
    if isinstance(answer, symbols.SymbolsSubscribed):
        await _move_to_token_list(context)
    return answer


async def _move_to_token_list(context: Context, *, silent: bool = False) -> None:
    """Move the connection from `public.tokens`, which is pushed when tokens or their metadata change, to
    `public.token_list`, which is also pushed when prices change."""
    token_list = PUBLIC_TOKEN_LIST.channel()
    if context.holds(token_list):
        return
    context.leave([PUBLIC_TOKENS.channel()])
    await context.join([token_list], silent=silent, counted=True)

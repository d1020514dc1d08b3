"""Tokens, their history, and prices and trades of a platform that brings its own market (protocol 13)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated, TypeAlias, TypeVar

from litestar import Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import Body, PathParameter, QueryParameter, SkipValidation
from msgspec import Struct

from duelcast.domain.market.candles import CANDLE_MINUTES, Candle
from duelcast.domain.market.events import Token
from duelcast.domain.market.posted import PostedPrice, PostedTrade, PostResult, TokenMetadataInput
from duelcast.domain.market.service import Market
from duelcast.errors import InvalidRequest
from duelcast.http.callers import SCOPE_OPTION, admins_only
from duelcast.http.documents import problems
from duelcast.wire.timestamps import parse_time

ROWS_PER_TURN = 500
"""So many rows take a few milliseconds, in which nothing else is served."""

T = TypeVar("T")

SymbolParameter = Annotated[str, PathParameter(description="A symbol, in any case.")]
TheMarket: TypeAlias = NamedDependency[SkipValidation[Market]]


class TokenPage(Struct):
    """Tokens in the order of their symbols."""

    data: list[Token]
    count: int


class CandlePage(Struct):
    """Candles, oldest first. A minute without a price has none."""

    data: list[Candle]
    count: int


@get(
    "/",
    summary="All tokens",
    response_description="All tokens.",
    responses=problems(401, 403, 429),
)
async def list_tokens(market: TheMarket) -> TokenPage:
    """Every known token with its market fields, active or not."""
    tokens = market.tokens()
    return TokenPage(tokens, len(tokens))


@get(
    "/{symbol:str}", summary="One token", response_description="The token.", responses=problems(400, 401, 403, 404, 429)
)
async def get_token(market: TheMarket, symbol: SymbolParameter) -> Token:
    """The token with its market fields; null is a value that is not known."""
    return market.token(symbol)


@get(
    "/{symbol:str}/history",
    summary="Candles of a token",
    response_description="The candles.",
    responses=problems(400, 401, 403, 404, 429),
)
async def get_history(
    market: TheMarket,
    symbol: SymbolParameter,
    from_: Annotated[
        str | None, QueryParameter(name="from", description="From then on: ISO-8601 with an offset.")
    ] = None,
    to: Annotated[str | None, QueryParameter(name="to", description="Before then: ISO-8601 with an offset.")] = None,
    interval: Annotated[
        str, QueryParameter(description="The length of a candle.", schema_extra={"enum": list(CANDLE_MINUTES)})
    ] = "1m",
) -> CandlePage:
    """Open, high, low and close of the price, of the last 24 hours, in minutes or what `interval` says."""
    candles = market.history(symbol, _time(from_, "from"), _time(to, "to"), interval)
    return CandlePage(candles, len(candles))


@put(
    "/{symbol:str}",
    summary="Set a token's metadata",
    response_description="The token as it is now.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 408, 413, 415, 429),
)
async def put_token(
    market: TheMarket,
    symbol: SymbolParameter,
    data: Annotated[TokenMetadataInput, Body(description="What is known of the token apart from its market.")],
) -> Token:
    """Adds the token where it is not known. Everybody who follows it is told."""
    return market.put_token(symbol, data)


@post(
    "/prices",
    summary="Post prices",
    response_description="What became of them.",
    status_code=200,
    guards=[admins_only],
    opt={SCOPE_OPTION: "prices"},
    responses=problems(400, 401, 403, 408, 413, 415, 429),
)
async def post_prices(
    market: TheMarket, data: Annotated[list[PostedPrice], Body(description="Prices, in the order they were made.")]
) -> PostResult:
    """Admins, and machines with the scope `prices`. A price of an unknown symbol adds the token."""
    return await _in_portions(data, market.post_prices)


@post(
    "/trades",
    summary="Post trades",
    response_description="What became of them.",
    status_code=200,
    guards=[admins_only],
    opt={SCOPE_OPTION: "prices"},
    responses=problems(400, 401, 403, 408, 413, 415, 429),
)
async def post_trades(
    market: TheMarket, data: Annotated[list[PostedTrade], Body(description="Trades, in the order they were made.")]
) -> PostResult:
    """Admins, and machines with the scope `prices`. A trade whose id was posted before is counted as a duplicate."""
    return await _in_portions(data, market.post_trades)


def tokens_router() -> Router:
    """Everything under `/tokens`."""
    return Router(
        "/tokens",
        route_handlers=[list_tokens, get_token, get_history, put_token, post_prices, post_trades],
        tags=["Tokens"],
    )


async def _in_portions(rows: list[T], take: Callable[[list[T]], PostResult]) -> PostResult:
    """Give `rows` to `take` in their order, and way to everybody else in between."""
    accepted = dropped = duplicate = 0
    for start in range(0, len(rows), ROWS_PER_TURN):
        result = take(rows[start : start + ROWS_PER_TURN])
        accepted += result.accepted
        dropped += result.dropped
        duplicate += result.duplicate
        await asyncio.sleep(0)
    return PostResult(accepted=accepted, dropped=dropped, duplicate=duplicate)


def _time(text: str | None, field: str) -> float | None:
    if text is None:
        return None
    try:
        # A plus sign that a client did not escape arrives as a space.
        return parse_time(text.replace(" ", "+"))
    except ValueError:
        raise InvalidRequest(f"`{field}` must be an ISO-8601 time with an offset.", field=field) from None

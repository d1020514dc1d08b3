"""Tokens, their history, and prices and trades of a platform with its own market (protocol §13)."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from litestar import Response, Router, get, post, put
from litestar.di import NamedDependency
from litestar.params import Body, PathParameter, QueryParameter, SkipValidation
from msgspec import UNSET, Struct, UnsetType

from duelcast.domain.audit import Actor
from duelcast.domain.idempotency import Once
from duelcast.domain.market.candles import CANDLE_MINUTES, Candle
from duelcast.domain.market.events import Token
from duelcast.domain.market.history import MAX_CANDLES, Sparkline
from duelcast.domain.market.posted import PostedPrice, PostedTrade, PostResult, TokenMetadataInput
from duelcast.domain.market.service import Market
from duelcast.errors import InvalidRequest
from duelcast.http.bodies import BULK_BODY_BYTES, TEXTS_BODY_BYTES
from duelcast.http.callers import SCOPE_OPTION, CallerRequest, admins_only, caller
from duelcast.http.documents import problems
from duelcast.http.idempotency import REPLAYED_HEADER, IdempotencyKey, TheIdempotency, answer_once
from duelcast.http.parameters import Count, NextCursor, cursor_parameter, time_parameter

MAX_SPARKLINES = 100
MAX_SYMBOL_CHARACTERS = 32
SymbolParameter = Annotated[str, PathParameter(description="A symbol, in upper or lower case.")]
TheMarket: TypeAlias = NamedDependency[SkipValidation[Market]]


class TokenPage(Struct):
    """Tokens in the order of their symbols."""

    data: list[Token]
    """The tokens."""
    count: Count


class CandlePage(Struct):
    """Candles, oldest first; an interval without a price has no candle."""

    data: list[Candle]
    """The candles."""
    count: Count
    nextCursor: NextCursor | UnsetType = UNSET


class SparklinePage(Struct):
    """Sparklines in the order of the symbols."""

    data: list[Sparkline]
    """The sparklines."""
    count: Count


@get(
    "/",
    summary="All tokens",
    response_description="All tokens.",
    responses=problems(401, 403, 429),
)
async def list_tokens(market: TheMarket) -> TokenPage:
    """Every known token, active or not, with its market fields."""
    tokens = market.tokens()
    return TokenPage(tokens, len(tokens))


@get(
    "/sparklines",
    summary="Sparklines of tokens",
    response_description="The sparklines.",
    responses=problems(400, 401, 403, 429),
)
async def list_sparklines(
    market: TheMarket,
    symbols: Annotated[
        str,
        QueryParameter(
            max_length=MAX_SPARKLINES * (MAX_SYMBOL_CHARACTERS + 1),
            description=f"The symbols of 1 to {MAX_SPARKLINES} tokens, with commas between them, such as `BTC,SOL`.",
        ),
    ],
) -> SparklinePage:
    """The price of each token every quarter of an hour, in the last 24 hours. Unknown tokens, and tokens that never had
    a price, are left out."""
    wanted = symbols.split(",")
    if len(wanted) > MAX_SPARKLINES:
        raise InvalidRequest(f"Name at most {MAX_SPARKLINES} tokens in a request.", field="symbols")
    lines = market.sparklines(wanted)
    return SparklinePage(lines, len(lines))


@get(
    "/{symbol:str}", summary="One token", response_description="The token.", responses=problems(400, 401, 403, 404, 429)
)
async def get_token(market: TheMarket, symbol: SymbolParameter) -> Token:
    """The token with its market fields; null means unknown."""
    return market.token(symbol)


@get(
    "/{symbol:str}/history",
    summary="Candles of a token",
    response_description="The candles.",
    responses=problems(400, 401, 403, 404, 429, 503),
)
async def get_token_history(
    market: TheMarket,
    symbol: SymbolParameter,
    from_: Annotated[
        str | None,
        QueryParameter(
            name="from", description="From this time on: ISO-8601 with an offset; by default 24 hours before the end."
        ),
    ] = None,
    to: Annotated[
        str | None, QueryParameter(name="to", description="Before this time: ISO-8601 with an offset.")
    ] = None,
    interval: Annotated[
        str, QueryParameter(description="The length of a candle.", schema_extra={"enum": list(CANDLE_MINUTES)})
    ] = "1m",
    limit: Annotated[int, QueryParameter(ge=1, le=MAX_CANDLES, description="At most this many.")] = MAX_CANDLES,
    cursor: Annotated[str | None, QueryParameter(description="The `nextCursor` of the previous page.")] = None,
) -> CandlePage:
    """The open, high, low and close price of each `interval` that begins within the time span."""
    next_minute = cursor_parameter(cursor)
    from_s = time_parameter(from_, "from") if next_minute is None else next_minute * 60.0
    page = await market.history(symbol, from_s, time_parameter(to, "to"), interval, limit)
    return CandlePage(page.candles, len(page.candles), UNSET if page.next_minute is None else str(page.next_minute))


@put(
    "/{symbol:str}",
    summary="Set a token's metadata",
    response_description="The token as it is now.",
    guards=[admins_only],
    request_max_body_size=TEXTS_BODY_BYTES,
    responses=problems(400, 401, 403, 408, 413, 415, 429, 503),
)
async def put_token(
    market: TheMarket,
    request: CallerRequest,
    symbol: SymbolParameter,
    data: Annotated[TokenMetadataInput, Body(description="The metadata of the token.")],
) -> Token:
    """An unknown token is added. The metadata is pushed to everybody who follows the token."""
    return await market.put_token(symbol, data, Actor.of(caller(request)))


@post(
    "/prices",
    summary="Post prices",
    response_description="How many rows were accepted.",
    status_code=200,
    guards=[admins_only],
    opt={SCOPE_OPTION: "prices"},
    request_max_body_size=BULK_BODY_BYTES,
    responses=problems(400, 401, 403, 408, 413, 415, 429, 503),
)
async def post_prices(
    market: TheMarket, data: Annotated[list[PostedPrice], Body(description="Prices, oldest first.")]
) -> PostResult:
    """For admins, and machines with the scope `prices`. A price of an unknown symbol adds the token."""
    return await market.post_prices(data)


@post(
    "/trades",
    summary="Post trades",
    response_description="How many rows were accepted.",
    status_code=200,
    guards=[admins_only],
    opt={SCOPE_OPTION: "prices"},
    request_max_body_size=BULK_BODY_BYTES,
    response_headers=[REPLAYED_HEADER],
    responses=problems(400, 401, 403, 408, 409, 413, 415, 429, 503),
)
async def post_trades(
    market: TheMarket,
    idempotency: TheIdempotency,
    request: CallerRequest,
    data: Annotated[list[PostedTrade], Body(description="Trades, oldest first.")],
    idempotency_key: IdempotencyKey = None,
) -> Response[PostResult]:
    """For admins, and machines with the scope `prices`. A trade whose id was posted before counts as a duplicate."""

    async def post_once(once: Once | None) -> PostResult:
        return await market.post_trades(data, once)

    return await answer_once(request, idempotency, idempotency_key, data, post_once)


def tokens_router() -> Router:
    """Everything under `/tokens`."""
    reading = [list_tokens, list_sparklines, get_token, get_token_history]
    return Router("/tokens", route_handlers=[*reading, put_token, post_prices, post_trades], tags=["Tokens"])

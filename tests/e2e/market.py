"""A platform that brings its own market, and what its clients see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from tests.serving import Client, Frame, http_client, token_for

INTERVALS = ("1m", "5m", "15m", "1h", "4h", "1d")


async def post_price(app: App, symbol: str, price: float, **more: Any) -> None:
    await post_prices(app, {"symbol": symbol, "price": price, **more})


async def post_prices(app: App, *rows: Mapping[str, Any]) -> None:
    async with platform(app) as caller:
        answer = await caller.post("/tokens/prices", json=rows)
    assert answer.json()["accepted"] == len(rows), answer.text


async def list_tokens(app: App, count: int) -> None:
    """Tokens T000, T001 and so on, each at a price of 1."""
    await post_prices(app, *({"symbol": f"T{number:03}", "price": 1.0} for number in range(count)))


async def post_trade(app: App, symbol: str, price: float, quantity: float, side: Literal["buy", "sell"]) -> None:
    trade = {"symbol": symbol, "price": price, "quantity": quantity, "side": side}
    async with platform(app) as caller:
        answer = await caller.post("/tokens/trades", json=[trade])
    assert answer.json()["accepted"] == 1, answer.text


async def put_token(app: App, symbol: str, name: str = "A token", **more: Any) -> None:
    async with platform(app) as caller:
        answer = await caller.put(f"/tokens/{symbol}", json={"name": name, "address": "addr", "decimals": 6, **more})
    assert answer.is_success, answer.text


async def advance(app: App, seconds: float) -> None:
    """Let time pass on the manual clock of the server."""
    assert isinstance(app.clock, ManualClock)
    await app.clock.advance(seconds)


@asynccontextmanager
async def platform(app: App) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client with the rights of an admin."""
    headers = {"Authorization": f"Bearer {token_for(app, 'platform', Role.ADMIN)}"}
    async with http_client(app, headers=headers) as caller:
        yield caller


async def subscribed(follower: Client, *symbols: str) -> tuple[Frame, list[Frame]]:
    """Follow symbols: the answer, and what came with it."""
    answer = await follower.ask(type="SUBSCRIBE_SYMBOLS", symbols=list(symbols))
    return answer, await follower.drain()


def data_of(frames: list[Frame], kind: str) -> list[Any]:
    """The `data` of the frames of one type."""
    return [each["data"] for each in frames if each["type"] == kind]


def prices(frames: list[Frame]) -> list[tuple[str, float]]:
    return [(data["symbol"], data["price"]) for data in data_of(frames, "MARKET_PRICE")]

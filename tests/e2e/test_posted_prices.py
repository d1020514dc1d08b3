"""A platform that brings its own market: what it posts over HTTP reaches those who follow (protocol §3, §13)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from duelcast.app import App
from duelcast.channels.names import Role
from duelcast.clock import ManualClock
from duelcast.gateway.http_protocol import MAX_HEAD_BYTES
from tests.e2e.market import advance, data_of, platform, prices, subscribed
from tests.serving import client, http_client, running, token_for

ONE_PRICE = [{"symbol": "SOL", "price": 150.25}]


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running(ManualClock()) as started:
        yield started


async def post(app: App, rows: Any, token: str | None, what: str = "prices") -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with http_client(app, "", headers=headers) as caller:
        return await caller.post(f"/api/v69/tokens/{what}", json=rows)


async def listed(app: App) -> list[str]:
    """The symbols of all tokens."""
    async with platform(app) as caller:
        return [token["symbol"] for token in (await caller.get("/tokens")).json()["data"]]


def admin(app: App) -> str:
    return token_for(app, "platform", Role.ADMIN)


def machine(app: App, scope: str = "prices") -> str:
    return token_for(app, "machine", scopes=[scope])


@pytest.mark.parametrize("bearer", [admin, machine])
async def test_a_posted_price_reaches_those_who_follow_everything(app: App, bearer: Any) -> None:
    async with client(app, "market-data") as follower:
        await subscribed(follower, "*")
        answer = await post(app, ONE_PRICE, bearer(app))
        frame = (await follower.receive_until(type="MARKET_PRICE"))[-1]
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "dropped": 0, "duplicate": 0})
    assert frame["channel"] == "market.SOL"
    data = frame["data"]
    assert (data["symbol"], data["price"], data["source"], data["stale"]) == ("SOL", 150.25, "http", False)


async def test_a_body_that_comes_with_its_head_in_one_piece_may_be_larger_than_a_head(app: App) -> None:
    body = json.dumps(ONE_PRICE * 6_000).encode()
    request = (
        f"POST /api/v69/tokens/prices HTTP/1.1\r\nHost: 127.0.0.1:{app.port}\r\n"
        f"Authorization: Bearer {machine(app)}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode()
    assert len(body) > 2 * MAX_HEAD_BYTES
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    writer.write(request + body)
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"accepted":6000' in answer


async def test_an_unknown_symbol_becomes_a_token_that_can_be_followed(app: App) -> None:
    async with client(app, "market-data") as follower:
        refused = await follower.ask(type="SUBSCRIBE_SYMBOLS", symbols=["NEW"])
        assert refused["code"] == "INVALID_SYMBOLS"
        assert (await post(app, [{"symbol": "new", "price": 2}], machine(app))).status_code == 200
        answer, frames = await subscribed(follower, "NEW")
    assert (answer["symbols"], answer["unknown"]) == (["NEW"], [])
    assert prices(frames) == [("NEW", 2)]
    assert [token["symbol"] for tokens in data_of(frames, "token_update") for token in tokens] == ["NEW"]


async def test_an_acknowledged_price_is_what_a_client_finds_that_comes_later(app: App) -> None:
    row = {
        "symbol": "SOL",
        "price": 150.25,
        "change_24h": -1.5,
        "volume_24h": 1e6,
        "high_24h": 160.0,
        "low_24h": 140.0,
        "timestamp": "2027-01-15T09:00:00+01:00",
    }
    assert (await post(app, [row], machine(app))).status_code == 200
    async with client(app, "market-data") as follower:
        _, frames = await subscribed(follower, "SOL")
    (data,) = data_of(frames, "MARKET_PRICE")
    assert data == {**row, "timestamp": "2027-01-15T08:00:00.000Z", "source": "http", "stale": False}


async def test_of_prices_of_one_symbol_in_one_post_the_last_is_what_counts(app: App) -> None:
    rows = [{"symbol": "SOL", "price": price} for price in (1, 2, 3)]
    assert (await post(app, rows, machine(app))).json()["accepted"] == 3
    await advance(app, 0.1)
    async with client(app, "market-data") as follower:
        _, frames = await subscribed(follower, "SOL")
    assert prices(frames) == [("SOL", 3)]


async def test_a_posted_trade_moves_price_and_volume(app: App) -> None:
    trade = {"symbol": "SOL", "price": 150.0, "quantity": 2, "side": "buy", "id": "t-1"}
    async with client(app, "market-data") as follower:
        await subscribed(follower, "*")
        answer = await post(app, [trade, trade], machine(app), "trades")
        assert answer.json() == {"accepted": 1, "dropped": 0, "duplicate": 1}
        assert prices(await follower.receive_until(type="MARKET_PRICE")) == [("SOL", 150.0)]
        await advance(app, 1)
        volume = (await follower.receive_until(type="MARKET_VOLUME"))[-1]["data"]
    assert (volume["volume"], volume["buy_volume"], volume["sell_volume"], volume["trades_count"]) == (300, 300, 0, 1)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"symbol": "SOL"}, "[2].price"),
        ({"symbol": "SOL", "price": "1"}, "[2].price"),
        ({"symbol": "SOL", "price": 0}, "[2].price"),
        ({"symbol": "SO L", "price": 1}, "[2].symbol"),
        ({"symbol": "SOL", "price": 1, "prise": 2}, "[2].prise"),
        ({"symbol": "SOL", "price": 1, "timestamp": "yesterday"}, "[2].timestamp"),
        ({"symbol": "SOL", "price": 1, "volume_24h": -1}, "[2].volume_24h"),
        (7, "[2]"),
    ],
)
async def test_a_wrong_row_refuses_the_whole_post_and_nobody_sees_the_others(app: App, wrong: Any, field: str) -> None:
    async with client(app, "market-data") as follower:
        await subscribed(follower, "*")
        answer = await post(app, [*ONE_PRICE, {"symbol": "BTC", "price": 1}, wrong], machine(app))
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "INVALID_REQUEST", field)
        await advance(app, 1)
        assert await follower.drain() == []
    assert await listed(app) == []


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        (lambda _: None, 401, "UNAUTHORIZED"),
        (lambda _: "x.y.z", 401, "UNAUTHORIZED"),
        (lambda app: token_for(app, "somebody"), 403, "PERMISSION_DENIED"),
        (lambda app: machine(app, "operations"), 403, "PERMISSION_DENIED"),
    ],
    ids=["nobody", "bad token", "user", "machine of another scope"],
)
async def test_who_may_not_post_changes_nothing(app: App, who: Any, status: int, code: str) -> None:
    answer = await post(app, ONE_PRICE, who(app))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await listed(app) == []


async def test_a_machine_that_posts_may_not_connect(app: App) -> None:
    async with client(app, "market-data", token=machine(app), greeted=False) as follower:
        established = (await follower.receive_until(type="connection_established"))[-1]
    assert (established["authenticated"], established["user"]) == (False, None)

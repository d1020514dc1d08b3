"""The guide's script when the server is lost at the worst moments; `tests/browser` runs it against the real one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, WebSocketRoute

from tests.http.chromium import chromium_page
from tests.http.serving import serving

pytestmark = pytest.mark.browser

RESTART_CODE, AT_ONCE = 1012, "retry_after_ms=1"
PUMP_MS = 10
PATIENCE_MS = 10_000


class ScriptedServer:
    """Takes the script's connections; a test says what each one is sent."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.connections: list[WebSocketRoute] = []
        self.received: list[dict[str, Any]] = []

    async def start(self, address: str) -> None:
        await self._page.route_web_socket("**/api/v69/ws/market-data*", self._connected)
        await self._page.goto(address)

    def _connected(self, socket: WebSocketRoute) -> None:
        socket.on_message(lambda text: self.received.append(json.loads(text)))
        self.connections.append(socket)

    async def connection(self, number: int) -> WebSocketRoute:
        """The connection of that number, from 1 on, once it is there."""
        await self._until(lambda: len(self.connections) >= number)
        return self.connections[number - 1]

    async def commands(self, number: int) -> list[dict[str, Any]]:
        """What was sent to all connections, once it is so many."""
        await self._until(lambda: len(self.received) >= number)
        return self.received

    async def give_time(self) -> None:
        """Let the script do what it would do at once."""
        await self._page.evaluate("new Promise((done) => setTimeout(done, 50))")

    async def _until(self, condition: Callable[[], bool]) -> None:
        for _ in range(PATIENCE_MS // PUMP_MS):
            if condition():
                return
            await self._page.wait_for_timeout(PUMP_MS)
        raise AssertionError("The script did not get there.")


def since(socket: WebSocketRoute) -> set[str]:
    return set(parse_qs(urlsplit(socket.url).query).get("since", []))


def send(socket: WebSocketRoute, *messages: dict[str, Any]) -> None:
    for message in messages:
        socket.send(json.dumps(message))


def established(epoch: str) -> dict[str, Any]:
    return {"type": "connection_established", "epoch": epoch}


def confirmed(symbol: str, epoch: str, *, recovered: bool) -> dict[str, Any]:
    channel = f"market.{symbol}"
    return {"type": "subscription_confirmed", "channel": channel, "epoch": epoch, "seq": 90, "recovered": recovered}


def price(symbol: str, seq: int) -> dict[str, Any]:
    data = {"symbol": symbol, "price": seq}
    return {"type": "MARKET_PRICE", "channel": f"market.{symbol}", "seq": seq, "data": data}


@pytest.fixture
async def script() -> AsyncIterator[ScriptedServer]:
    async with serving() as server, chromium_page() as page:
        scripted = ScriptedServer(page)
        await scripted.start(str(server.client.base_url.join("/docs/clients")))
        yield scripted


async def follow(script: ScriptedServer) -> WebSocketRoute:
    """The first connection, with a price of each symbol."""
    first = await script.connection(1)
    await script.commands(1)
    send(first, established("old"), {"type": "symbols_subscribed", "symbols": ["SOL", "BTC"], "unknown": []})
    send(first, price("SOL", 5), price("BTC", 7))
    return first


async def test_positions_keep_the_epoch_in_which_they_were_learnt(script: ScriptedServer) -> None:
    first = await follow(script)
    await first.close(code=RESTART_CODE, reason=AT_ONCE)
    second = await script.connection(2)
    assert since(second) == {"market.SOL,old,5", "market.BTC,old,7"}
    send(second, confirmed("SOL", "new", recovered=False), price("SOL", 2))
    await second.close(code=RESTART_CODE, reason=AT_ONCE)
    assert since(await script.connection(3)) == {"market.SOL,new,2", "market.BTC,old,7"}


async def test_what_was_confirmed_without_a_message_is_asked_for_from_the_beginning(script: ScriptedServer) -> None:
    first = await script.connection(1)
    await script.commands(1)
    send(first, established("old"), {"type": "symbols_subscribed", "symbols": ["SOL"], "unknown": ["BTC"]})
    await first.close(code=RESTART_CODE, reason=AT_ONCE)
    assert since(await script.connection(2)) == {"market.SOL,old,0"}


async def test_a_refused_subscription_is_asked_for_again(script: ScriptedServer) -> None:
    first = await script.connection(1)
    send(first, established("old"), {"type": "ERROR", "code": "INVALID_SYMBOLS", "retryAfterMs": 1})
    subscribe = {"type": "SUBSCRIBE_SYMBOLS", "symbols": ["SOL", "BTC"]}
    assert await script.commands(2) == [subscribe, subscribe]


@pytest.mark.parametrize("code", [1000, 4003])
async def test_an_end_for_good_is_one(script: ScriptedServer, code: int) -> None:
    first = await follow(script)
    await first.close(code=code, reason=AT_ONCE)
    await script.give_time()
    assert len(script.connections) == 1

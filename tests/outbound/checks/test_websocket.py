"""`websocket` against a server of the library `websockets`."""

from __future__ import annotations

import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from duelcast.outbound.checks.targets import TargetRules
from tests.outbound.checks.conftest import Certify
from tests.outbound.checks.probing import check, resolving_to, say, say_nothing, serving

RULES = TargetRules(resolver=resolving_to("127.0.0.1"))


class Feed:
    """Takes WebSockets, or refuses with `refusal`; keeps the requests and how connections ended."""

    def __init__(self) -> None:
        self.port = 0
        self.refusal: HTTPStatus | None = None
        self.requests: list[Request] = []
        self.closed_with: list[int | None] = []

    async def handle(self, connection: ServerConnection) -> None:
        await connection.wait_closed()
        self.closed_with.append(connection.close_code)

    def look(self, connection: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        return None if self.refusal is None else connection.respond(self.refusal, "no")


@asynccontextmanager
async def feeding(tls: ssl.SSLContext | None = None) -> AsyncIterator[Feed]:
    feed = Feed()
    async with serve(feed.handle, "127.0.0.1", 0, process_request=feed.look, ssl=tls) as server:
        feed.port = next(iter(server.sockets)).getsockname()[1]
        yield feed


async def test_a_websocket_opens_and_is_closed_properly() -> None:
    async with feeding() as feed:
        result = await check("websocket", f"ws://user:p%40ss@feed.invalid:{feed.port}/live?a=b", RULES)
    assert (result.healthy, result.details, result.metrics) == (True, "The WebSocket handshake succeeded.", {})
    (request,) = feed.requests
    assert request.path == "/live?a=b"
    assert request.headers["Host"] == f"feed.invalid:{feed.port}"
    assert request.headers["Authorization"] == f"Basic {base64.b64encode(b'user:p@ss').decode()}"
    assert feed.closed_with == [1000]


@pytest.mark.parametrize("status", [HTTPStatus.FORBIDDEN, HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE])
async def test_a_refusal(status: HTTPStatus) -> None:
    async with feeding() as feed:
        feed.refusal = status
        result = await check("websocket", f"ws://127.0.0.1:{feed.port}")
    assert (result.healthy, result.details) == (False, "The WebSocket handshake failed.")


async def test_a_redirection_is_not_followed() -> None:
    async with serving(say_nothing) as elsewhere:
        answer = f"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:{elsewhere.port}/\r\nContent-Length: 0\r\n\r\n"
        async with serving(say(answer.encode())) as server:
            result = await check("websocket", f"ws://127.0.0.1:{server.port}")
        assert (result.healthy, elsewhere.accepted) == (False, 0)


@pytest.mark.parametrize(("host", "healthy"), [("feed.invalid", True), ("other.invalid", False)])
async def test_wss_asks_for_a_certificate_of_the_host(certify: Certify, host: str, healthy: bool) -> None:
    async with feeding(certify("feed.invalid")) as feed:
        result = await check("websocket", f"wss://{host}:{feed.port}", RULES)
    assert result.healthy is healthy

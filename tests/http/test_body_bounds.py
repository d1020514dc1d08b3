"""Bodies are as big as their purpose asks for, and no bigger (protocol §13)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

import pytest

from duelcast.http.bodies import SHORT_BODY_BYTES
from tests.http.announcing import CONTINUE, PATIENCE_S, announced
from tests.http.serving import Serving, serving
from tests.http.test_problems import assert_problem

KIB = 1024
BOUNDS_KIB = {
    "POST /api/v69/auth/challenge": 16,
    "POST /api/v69/auth/verify": 16,
    "PATCH /api/v69/users/me": 16,
    "PUT /api/v69/users/{wallet}": 16,
    "POST /api/v69/contests": 256,
    "PATCH /api/v69/contests/{contest_id}": 256,
    "POST /api/v69/contests/{contest_id}/start": 64,
    "POST /api/v69/contests/{contest_id}/end": 64,
    "POST /api/v69/contests/{contest_id}/cancel": 64,
    "PATCH /api/v69/contests/{contest_id}/entries/{wallet}": 64,
    "PUT /api/v69/contests/{contest_id}/mutes/{wallet}": 64,
    "POST /api/v69/contests/{contest_id}/entries": 64,
    "PUT /api/v69/contests/{contest_id}/entries/me/portfolio": 64,
    "PUT /api/v69/tokens/{symbol}": 256,
    "POST /api/v69/tokens/prices": 1024,
    "POST /api/v69/tokens/trades": 1024,
    "PUT /api/v69/services/{name}": 64,
    "POST /api/v69/services/{name}/operations": 1024,
    "POST /api/v69/errors": 256,
    "PUT /api/v69/settings/{key}": 1024,
    "POST /api/v69/notifications": 1024,
}


@pytest.fixture
async def server() -> AsyncIterator[Serving]:
    """A server without limits."""
    async with serving(rate_limit_factor=0) as running:
        yield running


def split(route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    return method, re.sub(r"\{\w+\}", "1", path)


async def test_every_route_that_takes_a_body_has_a_bound(server: Serving) -> None:
    document = (await server.client.get("/openapi.json")).json()
    routes = {
        f"{method.upper()} {path}"
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if "requestBody" in operation
    }
    assert routes == BOUNDS_KIB.keys()


async def test_a_body_that_is_announced_too_big_is_refused_before_it_comes(server: Serving) -> None:
    for route, bound_kib in BOUNDS_KIB.items():
        method, path = split(route)
        async with announced(server, method, path, bound_kib * KIB, server.admin, awaited=False) as request:
            assert await request.answer() == CONTINUE, route
        async with announced(server, method, path, bound_kib * KIB + 1, server.admin, awaited=False) as request:
            assert await request.status() == 413, route


async def test_a_body_of_unknown_length_is_refused_as_soon_as_it_is_too_big(server: Serving) -> None:
    url = server.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = "".join(
        f"{name}: {value}\r\n"
        for name, value in {
            "Host": "localhost",
            "Content-Type": "application/json",
            "Transfer-Encoding": "chunked",
            **server.admin,
        }.items()
    )
    writer.write(f"PATCH /api/v69/users/me HTTP/1.1\r\n{head}\r\n".encode())
    for size in (SHORT_BODY_BYTES, 1):
        writer.write(f"{size:x}\r\n".encode() + b" " * size + b"\r\n")
    answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), PATIENCE_S)
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_the_refusal_says_how_big_a_body_may_be(server: Serving) -> None:
    answer = await server.client.patch("/api/v69/users/me", json={"nickname": "x" * 20_000}, headers=server.admin)
    assert "16 KiB" in assert_problem(answer, 413, "CONTENT_TOO_LARGE")["detail"]


async def test_ten_thousand_wallets_are_notified_at_once(server: Serving) -> None:
    body = {"type": "SYSTEM", "title": "Hello", "content": "all", "wallets": [f"w{n}" for n in range(10_000)]}
    answer = await server.client.post("/api/v69/notifications", json=body, headers=server.admin, timeout=60)
    assert (answer.status_code, answer.json()["created"]) == (200, 10_000)


async def test_a_mebibyte_of_prices_is_taken(server: Serving) -> None:
    rows = [{"symbol": f"S{n % 50}", "price": 1.5, "volume_24h": 123456.75, "change_24h": -0.25} for n in range(10_000)]
    body = json.dumps(rows).encode()
    headers = server.machine | {"Content-Type": "application/json"}
    answer = await server.client.post(
        "/api/v69/tokens/prices", content=body.ljust(1024 * KIB), headers=headers, timeout=60
    )
    assert (answer.status_code, answer.json()["accepted"]) == (200, 10_000)


SMALL_OBJECTS = b"{}," * 11_000 + b"{}"


@pytest.mark.parametrize("body", [b"[" + SMALL_OBJECTS + b"]", b'{"portfolio":[],"_x":[' + SMALL_OBJECTS + b"]}"])
async def test_a_body_of_many_small_objects_is_refused_as_a_whole(server: Serving, body: bytes) -> None:
    headers = server.bearer("w") | {"Content-Type": "application/json"}
    answer = await server.client.post("/api/v69/contests/1/entries", content=body, headers=headers)
    assert "10,000 values" in assert_problem(answer, 400, "INVALID_MESSAGE")["detail"]

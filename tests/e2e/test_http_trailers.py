"""After the headers of a request are complete no header may come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.raw_http import raw_http
from tests.serving import running, token_for

CHUNKED = "Transfer-Encoding: chunked"
OWN_SETTINGS = "/api/v69/users/me"
MIB = 1024 * 1024


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    limits: dict[str, Any] = {
        "http_linger_timeout_s": 3600,
        "http_linger_max_bytes": 1024 * MIB,
        "http_idle_timeout_s": 3600,
    }
    async with running(ManualClock(), trusted_proxies=("127.0.0.0/8",), **limits) as app:
        yield app


@pytest.mark.parametrize("body", [b"", b"2\r\n{}\r\n"])
async def test_a_token_in_a_trailer_signs_nobody_in(app: App, body: bytes) -> None:
    trailer = f"Authorization: Bearer {token_for(app, 'trailing')}\r\n".encode()
    async with raw_http(app) as http:
        head = http.head(f"PATCH {OWN_SETTINGS}", CHUNKED, "Content-Type: application/json")
        await http.send(head + body + b"0\r\n" + trailer + b"\r\n")
        assert (await http.receive()).status == 400
        assert await http.ended() == b""


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Host", "Origin", "X-Anything"])
async def test_no_header_is_taken_behind_the_body(app: App, name: str) -> None:
    async with raw_http(app) as http:
        await http.send(http.head("POST /nothing", CHUNKED) + f"0\r\n{name}: 192.0.2.1\r\n\r\n".encode())
        assert (await http.receive()).status == 400
        assert await http.ended() == b""


async def test_a_trailer_behind_the_answer_ends_the_connection(app: App) -> None:
    async with raw_http(app) as http:
        assert (await http.ask("POST /nothing", CHUNKED)).status == 404
        await http.send(b"0\r\nX-A: b\r\n\r\n")
        assert (await http.receive()).status == 400
        assert await http.ended() == b""


async def test_trailers_without_an_end_are_refused_with_the_first(app: App) -> None:
    async with raw_http(app) as http:
        assert (await http.ask("POST /nothing", CHUNKED)).status == 404
        await http.send(b"0\r\n")
        await http.trickle(b"X-A: b\r\n" * 100)


@pytest.mark.parametrize("beginning", [b"0\r\nX-A: ", b"0\r\nX", b"1;", b"1\r\na\r\n1;x=", b"0;"])
async def test_what_is_neither_a_chunk_nor_a_body_has_64_kib(app: App, beginning: bytes) -> None:
    async with raw_http(app) as http:
        assert (await http.ask("POST /nothing", CHUNKED)).status == 404
        await http.send(beginning)
        await http.trickle(b"x" * 16 * 1024)

"""Chunks of a body cost by their number, so that a body may not come in a great many small ones."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from duelcast.app import App
from duelcast.clock import ManualClock
from duelcast.gateway.http_protocol import FREE_CHUNKS
from tests.e2e.raw_http import raw_http
from tests.serving import running, token_for

MIN_BYTES = 4
OWN_SETTINGS = "PATCH /api/v69/users/me"
BODY = b'{"nickname":"%s"}'


@pytest_asyncio.fixture
async def app() -> AsyncIterator[App]:
    async with running(ManualClock(), http_chunk_min_bytes=MIN_BYTES, rate_limit_factor=0) as app:
        yield app


def chunks(body: bytes, size: int) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def headers(app: App) -> list[str]:
    authorization = f"Authorization: Bearer {token_for(app, 'chunky')}"
    return ["Transfer-Encoding: chunked", "Content-Type: application/json", authorization]


async def test_many_small_chunks_end_the_connection(app: App) -> None:
    body = BODY % (b"a" * 2 * FREE_CHUNKS)
    async with raw_http(app) as http:
        await http.send(http.head(OWN_SETTINGS, *headers(app)) + chunks(body, 1))
        answer = await http.receive()
        assert answer.status == 400
        assert await http.ended() == b""


async def test_a_body_in_a_few_small_chunks_is_taken(app: App) -> None:
    async with raw_http(app) as http:
        await http.send(http.head(OWN_SETTINGS, *headers(app)) + chunks(BODY % b"chunky", 1))
        assert (await http.receive()).status == 200


async def test_many_chunks_of_a_fair_size_are_taken(app: App) -> None:
    """The body is refused for what it says."""
    body = BODY % (b"a" * MIN_BYTES * (FREE_CHUNKS + 100))
    async with raw_http(app) as http:
        await http.send(http.head(OWN_SETTINGS, *headers(app)) + chunks(body, MIN_BYTES))
        answer = await http.receive()
    assert answer.status == 400
    assert b"nickname" in answer.body

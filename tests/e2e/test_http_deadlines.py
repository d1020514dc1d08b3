"""Every state of an HTTP connection ends by itself, whatever a client sends or leaves out.

Each test shortens one deadline; the others are an hour away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.metrics import connections, metric
from tests.e2e.raw_http import RawHttp, raw_http
from tests.e2e.slow import until
from tests.serving import running

HOUR_S = 3600.0
SHORT_S = 0.2
KIB = 1024
BEHIND_AN_ANSWER = "Content-Length: 1000000"


@asynccontextmanager
async def connected(**limits: Any) -> AsyncIterator[tuple[App, RawHttp]]:
    """A connection to a server with these limits, and no other that a test could wait for."""
    none: dict[str, Any] = {f"http_{name}_timeout_s": HOUR_S for name in ("head", "idle", "linger", "write")}
    async with running(ManualClock(), **{**none, **limits}) as app, raw_http(app) as http:
        yield app, http


async def ask_and_leave_the_body(http: RawHttp) -> None:
    """An answer that comes before the body of its request."""
    assert (await http.ask("POST /nothing", BEHIND_AN_ANSWER)).status == 404


# ── heads ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_says_nothing_at_all_is_closed() -> None:
    async with connected(http_head_timeout_s=SHORT_S) as (_, http):
        assert await http.ended() == b""


@pytest.mark.parametrize("beginning", [b"G", b"GET / HTTP/1.1\r\nHost: ", b"POST / HTTP/1.1\r\n", b"\r\n"])
async def test_a_head_has_to_be_complete_in_time(beginning: bytes) -> None:
    async with connected(http_head_timeout_s=SHORT_S) as (_, http):
        await http.send(beginning)
        await http.ended()


@pytest.mark.parametrize("beginning", [b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\n", b""])
async def test_a_head_that_trickles_has_no_more_time(beginning: bytes) -> None:
    async with connected(http_head_timeout_s=SHORT_S) as (_, http):
        await http.send(beginning)
        await http.trickle(b"X: y\r\n" if beginning else b"\r\n")


async def test_the_head_of_a_second_request_has_to_come_in_time_too() -> None:
    async with connected(http_head_timeout_s=SHORT_S) as (_, http):
        assert (await http.ask("GET /healthz")).status == 200
        await http.send(b"GET /healthz HTTP/1.1\r\nHost: ")
        assert (await http.receive()).status == 408
        assert await http.ended() == b""


async def test_a_head_of_more_than_64_kib_is_refused_while_it_comes() -> None:
    async with connected() as (_, http):
        assert (await http.ask("GET /healthz")).status == 200
        await http.trickle(b"X: " + b"y" * 4000 + b"\r\n")


# ── between requests ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_connection_without_a_next_request_is_closed() -> None:
    async with connected(http_idle_timeout_s=SHORT_S) as (_, http):
        assert (await http.ask("GET /healthz")).status == 200
        assert await http.ended() == b""


async def test_what_is_no_request_gives_no_more_time_for_one() -> None:
    async with connected(http_idle_timeout_s=SHORT_S) as (_, http):
        assert (await http.ask("GET /healthz")).status == 200
        await http.send(b"\r\n")
        assert await http.ended() == b""


async def test_what_is_no_request_gives_no_more_time_however_often_it_comes() -> None:
    async with connected(http_idle_timeout_s=SHORT_S) as (_, http):
        assert (await http.ask("GET /healthz")).status == 200
        await http.trickle(b"\r\n")


async def test_a_connection_is_kept_for_further_requests() -> None:
    async with connected() as (_, http):
        for _ in range(3):
            assert (await http.ask("GET /healthz")).status == 200


async def test_who_offers_another_protocol_is_answered_in_this_one_and_closed() -> None:
    async with connected() as (_, http):
        answer = await http.ask("GET /healthz", "Connection: Upgrade", "Upgrade: h2c")
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert await http.ended() == b""


# ── bodies behind an answer ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("more", [b"", b"1"])
async def test_a_body_that_nobody_waits_for_has_to_come_in_time(more: bytes) -> None:
    async with connected(http_linger_timeout_s=SHORT_S) as (_, http):
        await ask_and_leave_the_body(http)
        await http.send(more)
        assert await http.ended() == b""


async def test_a_body_that_trickles_behind_its_answer_has_no_more_time() -> None:
    async with connected(http_linger_timeout_s=SHORT_S) as (_, http):
        await ask_and_leave_the_body(http)
        await http.trickle(b"1")


async def test_of_a_body_behind_its_answer_little_is_taken() -> None:
    async with connected(http_linger_max_bytes=16 * KIB) as (_, http):
        await ask_and_leave_the_body(http)
        await http.send(b"1" * 100_000)
        await http.ended()


async def test_a_body_that_was_not_waited_for_leaves_the_connection_open() -> None:
    async with connected() as (_, http):
        assert (await http.ask("POST /nothing", "Content-Length: 10")).status == 404
        await http.send(b"1" * 10)
        assert (await http.ask("GET /healthz")).status == 200


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_answer_that_is_not_taken_ends_its_connection() -> None:
    async with (
        connected(send_buffer_bytes=4096, http_write_timeout_s=SHORT_S) as (app, _),
        raw_http(app, receive_buffer_bytes=4096) as http,
    ):
        await until(lambda: metric(app, "duelcast_http_connections") == 2)
        await http.send(http.head("GET /openapi.json", "Connection: close"))
        await until(lambda: metric(app, "duelcast_http_connections") == 1)


async def test_an_answer_that_is_taken_slowly_comes_whole() -> None:
    async with connected(send_buffer_bytes=4096, http_write_timeout_s=SHORT_S, http_write_min_bytes=1024) as (_, http):
        answer = await http.ask("GET /openapi.json")
        assert len(answer.body) == int(answer.headers["content-length"]) > 100 * KIB


# ── several requests at once ────────────────────────────────────────────────────────────────────────────────────────


async def test_requests_that_are_sent_at_once_are_answered_in_their_order() -> None:
    async with connected() as (_, http):
        await http.send(http.head("GET /healthz") + http.head("GET /nothing") + http.head("GET /healthz"))
        assert [(await http.receive()).status for _ in range(3)] == [200, 404, 200]


async def test_only_so_many_requests_wait_for_an_answer() -> None:
    async with connected(http_max_pipelined=2) as (_, http):
        await http.send(http.head("GET /healthz") * 1000)
        assert [(await http.receive()).status for _ in range(4)] == [200, 200, 200, 400]
        assert await http.ended() == b""


async def test_a_request_before_one_that_cannot_be_read_is_answered() -> None:
    async with connected() as (_, http):
        await http.send(http.head("GET /healthz") + b"nonsense\r\n\r\n")
        assert [(await http.receive()).status for _ in range(2)] == [200, 400]
        assert await http.ended() == b""


# ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sent", ["", "GET / HTTP/1.1\r\n", "POST /nothing HTTP/1.1\r\nContent-Length: 9\r\n\r\n"])
async def test_who_sends_no_more_is_closed(sent: str) -> None:
    async with connected() as (app, http):
        await http.send(sent.encode())
        await until(lambda: metric(app, "duelcast_http_connections") == 1)
        http.half_close()
        await http.ended()
        await until(lambda: metric(app, "duelcast_http_connections") == 0)


async def test_a_connection_that_became_a_websocket_is_no_http_connection_any_more() -> None:
    async with connected() as (app, http):
        await until(lambda: metric(app, "duelcast_http_connections") == 1)
        await http.send(
            http.head(
                "GET /api/v69/ws/market-data",
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            )
        )
        await until(lambda: connections(app) == 1)
        assert metric(app, "duelcast_http_connections") == 0

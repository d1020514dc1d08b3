"""An upgrade is HTTP/1.1, GET, in origin form, without a body, and alone (protocol §1.2)."""

from __future__ import annotations

import asyncio

import pytest

from duelcast.app import App
from tests.e2e.raw import PING, PONG, TEXT, RawSocket, answer_to, frame, upgrade_request
from tests.e2e.raw_http import raw_http

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATH = "/api/v69/ws/market-data"


def changed(app: App, before: str, after: str) -> bytes:
    """A usual upgrade with one thing replaced."""
    usual = upgrade_request(app, "market-data")
    assert before.encode() in usual
    return usual.replace(before.encode(), after.encode(), 1)


FORMS = [
    pytest.param("GET /", "GET http://127.0.0.1/", id="absolute form"),
    pytest.param("GET /", "GET //x/", id="an authority before the path"),
    pytest.param("/ws/", "//ws/", id="an empty segment"),
    pytest.param("/ws/", "/ws//", id="an empty last segment"),
    pytest.param("/ws/", "/ws%2F", id="an escaped slash"),
    pytest.param("/ws/", "/ws%2f", id="an escaped slash in lower case"),
    pytest.param("GET ", "POST ", id="another method"),
    pytest.param("HTTP/1.1", "HTTP/1.0", id="HTTP/1.0"),
    pytest.param("Host", "Content-Length: 5\r\nHost", id="a length"),
    pytest.param("Host", "Transfer-Encoding: chunked\r\nHost", id="chunks"),
    pytest.param("Host", " folded\r\nHost", id="a folded line"),
    pytest.param("Host", "A : b\r\nHost", id="a blank before the colon"),
]


@pytest.mark.parametrize(("before", "after"), FORMS)
async def test_an_upgrade_in_another_form_is_refused_and_the_connection_ends(app: App, before: str, after: str) -> None:
    async with raw_http(app) as http:
        await http.send(changed(app, before, after))
        assert (await http.receive()).status == 400
        assert await http.ended() == b""


@pytest.mark.parametrize(("before", "after"), FORMS)
async def test_the_same_holds_if_the_head_comes_in_pieces(app: App, before: str, after: str) -> None:
    request = changed(app, before, after)
    async with raw_http(app) as http:
        for piece in (request[:3], request[3:60], request[60:]):
            await http.send(piece)
            await asyncio.sleep(0.01)
        assert (await http.receive()).status == 400
        assert await http.ended() == b""


@pytest.mark.parametrize(
    "path",
    [
        "/api/v69/ws/%6darket-data",
        "/api/v69/ws/market%2Ddata",
        "/api/v69/ws/../ws/market-data",
        "/api/v69/ws/./market-data",
        "/api/v69/ws/market-data/",
        "/api/v69/ws/market-data#x",
        "/api/v69/ws/market-data;x",
        "/API/v69/ws/market-data",
    ],
)
async def test_an_endpoint_has_one_spelling_so_that_a_proxy_can_forbid_it(app: App, path: str) -> None:
    assert (await answer_to(app, changed(app, PATH, path))).status == 404


async def test_a_request_before_an_upgrade_is_answered_and_the_upgrade_is_not(app: App) -> None:
    async with raw_http(app) as http:
        await http.send(http.head("GET /healthz") + upgrade_request(app, "market-data"))
        assert [(await http.receive()).status for _ in range(2)] == [200, 400]
        assert await http.ended() == b""


async def test_an_upgrade_on_a_connection_that_had_a_request_is_refused(app: App) -> None:
    async with raw_http(app) as http:
        assert (await http.ask("GET /healthz")).status == 200
        await http.send(upgrade_request(app, "market-data"))
        assert (await http.receive()).status == 400
        assert await http.ended() == b""


async def test_a_frame_in_the_segment_of_the_head_is_refused(app: App) -> None:
    async with raw_http(app) as http:
        await http.send(upgrade_request(app, "market-data") + frame(TEXT, b'{"type":"heartbeat"}'))
        assert (await http.receive()).status == 400
        assert await http.ended() == b""


async def test_an_upgrade_with_an_empty_body_is_one_without(app: App) -> None:
    assert (await answer_to(app, changed(app, "Host", "Content-Length: 0\r\nHost"))).status == 101


@pytest.mark.parametrize(
    "connection", ["Connection: keep-alive, Upgrade", "Connection: keep-alive\r\nConnection:upgrade \t"]
)
async def test_connection_may_have_more_than_one_entry(app: App, connection: str) -> None:
    assert (await answer_to(app, changed(app, "Connection: Upgrade", connection))).status == 101


@pytest.mark.parametrize("size", [1, 50])
async def test_a_head_in_pieces_is_taken(app: App, size: int) -> None:
    request = upgrade_request(app, "market-data")
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    try:
        for start in range(0, len(request), size):
            writer.write(request[start : start + size])
            await asyncio.sleep(0.001)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        client = RawSocket(reader, writer)
        await client.send(frame(PING, b"there?"))
        assert await client.receive_kind(PONG) == b"there?"
    finally:
        writer.transport.abort()

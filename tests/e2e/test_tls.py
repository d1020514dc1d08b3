"""TLS of our own: uvicorn ends it, and the WebSocket goes on over the same transport."""

from __future__ import annotations

import asyncio
import datetime
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from duelcast.app import App
from duelcast.clock import ManualClock
from tests.e2e.arena import make_arena
from tests.e2e.following import publish_note, texts
from tests.e2e.metrics import slow_readers
from tests.e2e.raw_http import raw_http
from tests.e2e.slow import until
from tests.serving import Client, running

MOST_NOTES = 400
"""More than the buffers between server and client hold."""


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


@asynccontextmanager
async def tls_client(app: App, context: ssl.SSLContext, endpoint: str, query: str = "") -> AsyncIterator[Client]:
    url = f"wss://127.0.0.1:{app.port}/api/v69/ws/{endpoint}{query}"
    async with connect(url, ssl=context, compression=None, proxy=None, max_queue=1) as ws:
        made = Client(ws, app)
        await made.receive_until(type="connection_established")
        yield made


@asynccontextmanager
async def tls_server(folder: Path, **settings: Any) -> AsyncIterator[tuple[App, ssl.SSLContext, ManualClock]]:
    certificate, key = write_certificate(folder)
    clock, arena = ManualClock(), make_arena()
    async with running(
        clock, endpoints={arena.path: arena}, tls_cert=certificate, tls_key=key, rate_limit_factor=0, **settings
    ) as app:
        yield app, ssl.create_default_context(cafile=certificate), clock


async def test_http_and_websocket_are_served_over_tls(tmp_path: Path) -> None:
    async with tls_server(tmp_path) as (app, context, _):
        async with httpx.AsyncClient(verify=context, trust_env=False) as http:
            assert (await http.get(f"{app.url}/healthz")).status_code == 200
        async with tls_client(app, context, "arena", "?channel=note.a") as reader:
            publish_note(app, "a", "over tls")
            assert [frame["text"] for frame in await reader.drain()] == ["over tls"]
            await reader.send(type="free", value="x" * 50_000)
            (answer,) = await reader.receive_until(type="freed")
            assert len(answer["value"]) == 50_000


async def test_the_port_of_operators_has_the_same_certificate(tmp_path: Path) -> None:
    async with tls_server(tmp_path, ops_port=0) as (app, context, _), httpx.AsyncClient(verify=context) as http:
        assert (await http.get(f"https://127.0.0.1:{app.ops_port}/healthz")).status_code == 200


async def test_a_page_of_the_same_host_may_connect_over_tls(tmp_path: Path) -> None:
    async with tls_server(tmp_path) as (app, context, _):
        url = f"wss://127.0.0.1:{app.port}/api/v69/ws/arena"
        origin = f"https://127.0.0.1:{app.port}"
        async with connect(url, ssl=context, origin=origin, proxy=None) as ws:  # type: ignore[arg-type]  # a NewType
            assert json.loads(await ws.recv())["type"] == "welcome"


async def test_a_plain_page_of_the_same_host_and_port_may_not_connect_over_tls(tmp_path: Path) -> None:
    """Whoever changes what is sent in the clear would connect with the cookies of those who read it."""
    async with tls_server(tmp_path, host="0.0.0.0") as (app, context, _):
        url, origin = f"wss://127.0.0.1:{app.port}/api/v69/ws/arena", f"http://127.0.0.1:{app.port}"
        with pytest.raises(InvalidStatus) as refused:
            await connect(url, ssl=context, origin=origin, proxy=None)  # type: ignore[arg-type]  # a NewType
    assert refused.value.response.status_code == 403


async def test_a_slow_reader_over_tls_is_found_out_and_gets_all_when_it_reads(tmp_path: Path) -> None:
    async with tls_server(tmp_path) as (app, context, clock), tls_client(app, context, "arena") as reader:
        await reader.ask(type="subscribe", channel="note.a")
        published: list[str] = []
        while not slow_readers(app):
            assert len(published) < MOST_NOTES
            published.append(f"{len(published)} " + "x" * 60_000)
            publish_note(app, "a", published[-1])
            await clock.advance(0)
        assert texts(await reader.receive_until(text=published[-1])) == published


async def test_a_server_with_tls_clients_drains(tmp_path: Path) -> None:
    async with tls_server(tmp_path) as (app, context, _), tls_client(app, context, "arena") as reader:
        await app.node.gateway.drain()
        await reader.ws.wait_closed()
        assert reader.ws.close_code == 1012


async def test_a_peer_that_speaks_no_tls_leaves_no_error_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with tls_server(tmp_path) as (app, context, _):
        with pytest.raises(InvalidMessage):
            await connect(f"ws://127.0.0.1:{app.port}/api/v69/ws/arena", proxy=None)
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(f"wss://127.0.0.1:{app.port}/api/v69/ws/arena", ssl=ssl.create_default_context(), proxy=None)
        async with tls_client(app, context, "arena"):
            pass
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


async def test_who_does_not_begin_the_handshake_is_closed(tmp_path: Path) -> None:
    async with tls_server(tmp_path, http_head_timeout_s=0.2) as (app, _, _), raw_http(app) as silent:
        assert await silent.ended() == b""
        await until(lambda: app.node.http_connections.open == 0)


@pytest.mark.parametrize("closing", ["", "Connection: close\r\n"])
async def test_who_takes_no_answer_over_tls_is_closed(tmp_path: Path, closing: str) -> None:
    deadlines: dict[str, Any] = {"http_write_timeout_s": 0.2, "http_idle_timeout_s": 0.2, "http_head_timeout_s": 3600}
    async with tls_server(tmp_path, send_buffer_bytes=4096, **deadlines) as (app, context, _):
        request = f"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1:{app.port}\r\n{closing}\r\n"
        asking = asyncio.to_thread(handshake_and_ask, context, small_socket(app), request.encode())
        with await asking:
            await until(lambda: app.node.http_connections.open == 0)


def small_socket(app: App) -> socket.socket:
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.connect(("127.0.0.1", app.port))
    return plain


def handshake_and_ask(context: ssl.SSLContext, plain: socket.socket, request: bytes) -> ssl.SSLSocket:
    """What this returns reads nothing by itself."""
    secured = context.wrap_socket(plain, server_hostname="127.0.0.1")
    secured.sendall(request)
    return secured

"""Connections are accepted while there are descriptors for them, and so many of one address."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest
from structlog.testing import capture_logs

from duelcast.clock import ManualClock
from duelcast.gateway import http_connections
from duelcast.gateway.http_connections import HttpConnections, Place
from duelcast.gateway.listener import Listener
from duelcast.sampling import LogSampler
from tests.e2e.slow import until
from tests.serving import running

TIMEOUT_S = 60.0


class Troubled(socket.socket):
    """A listening socket whose kernel has no descriptor for the next few connections."""

    failures: list[int]

    def _accept(self) -> tuple[int, Any]:
        if self.failures:
            raise OSError(self.failures.pop(0), "no descriptor")
        accepted: tuple[int, Any] = super()._accept()  # type: ignore[misc]  # the stub lacks it, as it is not public
        return accepted


class Greeting(asyncio.Protocol):
    def __init__(self, place: Place) -> None:
        self._place = place

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(b"hello")

    def connection_lost(self, _error: Exception | None) -> None:
        self._place.leave()


@asynccontextmanager
async def listening(connections: HttpConnections, *failures: int, max_descriptor: int = 100_000) -> AsyncIterator[int]:
    """A listener that says hello; its port."""
    sock = Troubled(socket.AF_INET, socket.SOCK_STREAM)
    sock.failures = list(failures)
    sock.bind(("127.0.0.1", 0))
    port: int = sock.getsockname()[1]
    sampler = LogSampler(ManualClock().monotonic)
    listener = Listener(
        sock,
        Greeting,
        connections,
        sampler,
        max_descriptor=max_descriptor,
        handshake_timeout_s=TIMEOUT_S,
        shutdown_timeout_s=TIMEOUT_S,
    )
    listener.start(backlog=10)
    try:
        yield port
    finally:
        listener.close()


async def greeting(port: int) -> bytes:
    async with asyncio.timeout(TIMEOUT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        said = await reader.read(1000)
        writer.close()
        await writer.wait_closed()
    return said


@pytest.mark.parametrize("code", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
async def test_without_descriptors_it_waits_and_goes_on(code: int) -> None:
    connections = HttpConnections()
    with capture_logs() as logs:
        async with listening(connections, code, code) as port:
            assert await greeting(port) == b"hello"
    assert connections.pauses == 2
    assert [line["event"] for line in logs] == ["accepting_paused"]


async def test_who_gave_up_meanwhile_stops_nobody_else() -> None:
    connections = HttpConnections()
    async with listening(connections, errno.ECONNABORTED, errno.EPROTO) as port:
        assert await greeting(port) == b"hello"


async def test_it_stops_before_the_last_descriptor_and_goes_on_when_there_are_others() -> None:
    connections = HttpConnections()
    with socket.socket() as probe:
        free = probe.fileno()
    async with listening(connections, max_descriptor=free + 8) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        assert connections.pauses >= 1
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        assert await greeting(port) == b"hello"


# ── of one address ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_places_are_counted_by_address_and_given_back_once() -> None:
    connections = HttpConnections(2)
    first, second = connections.enter("192.0.2.1"), connections.enter("192.0.2.1")
    assert first is not None
    assert second is not None
    assert connections.enter("192.0.2.1") is None
    assert connections.enter("192.0.2.2") is not None
    first.leave()
    first.leave()
    assert connections.enter("192.0.2.1") is not None
    assert connections.enter("192.0.2.1") is None


def test_an_ipv6_network_counts_as_one_address() -> None:
    connections = HttpConnections(1)
    assert connections.enter("2001:db8::1") is not None
    assert connections.enter("2001:db8::2") is None
    assert connections.enter("2001:db8:0:1::1") is not None


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.0.0.7"])
def test_loopback_and_proxies_have_no_limit(peer: str) -> None:
    connections = HttpConnections(1, [ip_network("10.0.0.0/8")])
    assert all(connections.enter(peer) is not None for _ in range(10))


async def test_connections_beyond_the_limit_of_an_address_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connections, "address_bucket", lambda address: address)
    async with running(ManualClock(), max_connections_per_ip=2) as app:
        held = [await asyncio.open_connection("127.0.0.1", app.port) for _ in range(2)]
        assert b" 503 " in (await greeting(app.port)).split(b"\r\n")[0]
        for _, writer in held:
            writer.close()
            await writer.wait_closed()
        await until(lambda: app.node.http_connections.open == 0)
        request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{app.port}\r\n\r\n".encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
        writer.write(request)
        assert b" 200 " in await reader.readline()
        writer.close()
        await writer.wait_closed()

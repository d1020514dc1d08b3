"""`http`: whether a URL answers with success or a redirection, which is not followed."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from duelcast.outbound.checks.check_url import CheckUrl
from duelcast.outbound.checks.dialing import Dialer
from duelcast.outbound.checks.running import Finding, Unhealthy

PORTS = {"http": 80, "https": 443}


class HttpProbe:
    """Healthy if `GET` is answered with 2xx or 3xx; the metric is `status`. The body is not read.

    Uses httpcore, since httpx offers no way to choose the address of a connection.
    """

    def __init__(self, url: CheckUrl, dialer: Dialer) -> None:
        self._backend = _CheckedAddresses(dialer)
        self._context = ssl.create_default_context() if url.scheme == "https" else None
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._url = httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=target)
        self._headers = _headers(url)

    async def __call__(self) -> Finding:
        try:
            async with (
                httpcore.AsyncConnectionPool(
                    ssl_context=self._context, max_connections=1, network_backend=self._backend
                ) as pool,
                pool.stream("GET", self._url, headers=self._headers) as response,
            ):
                status = response.status
        except httpcore.ProtocolError as error:
            raise Unhealthy("The peer does not speak HTTP.") from error
        except (httpcore.ReadError, httpcore.WriteError) as error:
            raise Unhealthy("The connection broke.") from error
        return Finding(200 <= status < 400, f"The answer has status {status}.", {"status": status})


class _CheckedAddresses(httpcore.AsyncNetworkBackend):
    """Connects to an address that the dialer has checked."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is that of httpcore
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        async def connect(address: str) -> httpcore.AsyncNetworkStream:
            return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)

        return await self._dialer.dial(connect, (httpcore.ConnectError,))


def _headers(url: CheckUrl) -> list[tuple[str, str]]:
    host = f"[{url.host}]" if ":" in url.host else url.host
    headers = [
        ("Host", host if url.port == PORTS[url.scheme] else f"{host}:{url.port}"),
        ("User-Agent", "duelcast"),
        ("Accept", "*/*"),
        ("Connection", "close"),
    ]
    if url.user is not None:
        login = base64.b64encode(f"{url.user}:{url.password or ''}".encode()).decode()
        headers.append(("Authorization", f"Basic {login}"))
    return headers

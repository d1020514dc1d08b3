"""The operators' own port: `/metrics`, `/healthz` and `/readyz`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from http import HTTPStatus

from litestar.types import ASGIApp

from duelcast.app.listening import bind_for_operators, listening, server_of
from duelcast.gateway.http_connections import HttpConnections
from duelcast.gateway.refusals import RefusedRequest
from duelcast.gateway.upgrade import UpgradeRequest
from duelcast.peers.addresses import Network
from duelcast.sampling import LogSampler
from duelcast.settings import Settings


async def serve_operators(
    app: ASGIApp, settings: Settings, proxies: Sequence[Network], refusals: LogSampler, started: AsyncExitStack
) -> tuple[int, asyncio.Task[None]]:
    """Serve `app` on the operators' port, which must be configured, until `started` ends it. Returns the port, and the
    task that must not end before. Raises `ConfigurationError`."""
    # Connections are counted separately, so that a crowd at the public port does not keep probes out.
    connections = HttpConnections(settings.max_connections_per_ip, proxies)
    server = server_of(app, _no_websocket, settings, connections, refusals)
    listener = bind_for_operators(settings)
    started.callback(listener.close)
    serving = await listening(server, listener)

    async def stop() -> None:
        server.should_exit = True
        await serving

    started.push_async_callback(stop)
    return listener.getsockname()[1], serving


def _no_websocket(_transport: asyncio.Transport, _request: UpgradeRequest) -> asyncio.BufferedProtocol:
    raise RefusedRequest(HTTPStatus.NOT_FOUND, "There is no WebSocket endpoint on this port.")

"""The ports, and the uvicorn servers that listen on them."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator
from typing import cast

import uvicorn
from litestar.types import ASGIApp

from duelcast.app import descriptors
from duelcast.gateway.first_request import Accept, FirstRequestProtocol
from duelcast.gateway.http_connections import HttpConnections, HttpLimits, Place
from duelcast.gateway.listener import Listener
from duelcast.sampling import LogSampler
from duelcast.settings import ConfigurationError, Settings

HTTP_DRAIN_TIMEOUT_S = 1
BACKLOG = 4096


class PortServer(uvicorn.Server):
    """uvicorn without its signal handlers: the application has its own, so that it can drain and exit with 0.

    A `Listener` accepts connections, which begin as `FirstRequestProtocol`; `accept` takes over those that ask for a
    WebSocket.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        settings: Settings,
        accept: Accept,
        connections: HttpConnections,
        sampler: LogSampler,
    ) -> None:
        super().__init__(config)
        self._settings = settings
        self._limits = HttpLimits.of(settings)
        self._accept = accept
        self._connections = connections
        self._sampler = sampler

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.lifespan.startup()
        listeners = [self._listener(sock) for sock in sockets or ()]
        for listener in listeners:
            listener.start(BACKLOG)
        # The cast is safe, because uvicorn only closes the listeners, and waits until they are closed.
        self.servers = cast("list[asyncio.base_events.Server]", listeners)
        self.started = True

    def _listener(self, sock: socket.socket) -> Listener:
        return Listener(
            sock,
            self._protocol,
            self._connections,
            self._sampler,
            max_descriptor=descriptors.max_descriptor(self._settings, descriptors.limit()),
            handshake_timeout_s=self._settings.http_head_timeout_s,
            # TLS buffers up to 256 KiB of an answer, so the HTTP protocol may be done before a slow client has read it.
            # The shutdown of TLS waits for that buffer, and therefore has the same time limit as a write.
            shutdown_timeout_s=self._settings.http_write_timeout_s,
            tls=self.config.ssl,
        )

    def _protocol(self, place: Place) -> asyncio.BaseProtocol:
        return FirstRequestProtocol(
            self._accept,
            limits=self._limits,
            place=place,
            sampler=self._sampler,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )


def server_of(
    http: ASGIApp, accept: Accept, settings: Settings, connections: HttpConnections, sampler: LogSampler
) -> PortServer:
    """A server on which `http` answers requests, and `accept` handles those that ask for a WebSocket."""
    config = uvicorn.Config(
        http,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        root_path=settings.root_path,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        timeout_graceful_shutdown=HTTP_DRAIN_TIMEOUT_S,
    )
    return PortServer(config, settings, accept, connections, sampler)


async def listening(server: PortServer, listener: socket.socket) -> asyncio.Task[None]:
    """Make `server` listen; returns its task."""
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if serving.done():
            serving.result()
        await asyncio.sleep(0.001)
    return serving


class PortTaken(ConfigurationError):
    """Another process listens on this port."""


def bind(settings: Settings) -> socket.socket:
    """A socket bound to the public port, which does not listen yet. Raises `ConfigurationError` if that fails."""
    return _bind(settings.host, settings.port, settings, "DUELCAST_HOST or DUELCAST_PORT", shared=settings.reuse_port)


def bind_for_operators(settings: Settings) -> socket.socket:
    """Like `bind`, but for the operators' own port, which must be configured."""
    assert settings.ops_port is not None
    return _bind(settings.ops_host, settings.ops_port, settings, "DUELCAST_OPS_HOST or DUELCAST_OPS_PORT")


def _bind(host: str, port: int, settings: Settings, named: str, *, shared: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY on accepted sockets only if the listener was created with IPPROTO_TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        # Accepted sockets inherit this. The system's default would hold megabytes of stale prices for a slow reader.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
        # Must be set before the port listens, because the window size is negotiated with the first segment.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, settings.receive_buffer_bytes)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        kind = PortTaken if error.errno == errno.EADDRINUSE else ConfigurationError
        raise kind(f"Cannot listen on {host} port {port} ({error.strerror}); change {named}.") from None
    return listener

"""The port, and uvicorn on it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from litestar.types import ASGIApp

from duelcast.gateway.first_request import first_request_protocol
from duelcast.gateway.http_protocol import upgrade_protocol
from duelcast.gateway.upgrade import UpgradeRules
from duelcast.settings import ConfigurationError, Settings

HTTP_DRAIN_TIMEOUT_S = 1
BACKLOG = 4096


class PortServer(uvicorn.Server):
    """uvicorn without its signal handlers: the application has its own, so that it can drain and exit with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_of(http: ASGIApp, rules: UpgradeRules, settings: Settings) -> PortServer:
    """`http` answers requests; `rules` takes those that ask for a WebSocket."""
    return PortServer(
        uvicorn.Config(
            http,
            http=first_request_protocol(rules.accept),
            ws=upgrade_protocol(rules.accept),
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            root_path=settings.root_path,
            backlog=BACKLOG,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
            timeout_graceful_shutdown=HTTP_DRAIN_TIMEOUT_S,
        )
    )


def bind(settings: Settings) -> socket.socket:
    """The port of the settings, on which nobody is heard yet. Raises `ConfigurationError` where it cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With its protocol named, so that accepted sockets get TCP_NODELAY: asyncio looks at it.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it. The system's own would hold megabytes of stale prices for a slow reader.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on {settings.host} port {settings.port} ({error.strerror}); set DUELCAST_HOST or "
            "DUELCAST_PORT to a free one."
        ) from None
    return listener

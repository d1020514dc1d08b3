"""The address at which the client of a request reaches this server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.connection import ASGIConnection

from duelcast.peers.addresses import Network, is_in
from duelcast.peers.origins import is_host

Connection = ASGIConnection[Any, Any, Any, Any]


def host_of(connection: Connection) -> str | None:
    """The host and port that the client named, which proxies keep; None if it named none, or something else."""
    host = connection.headers.get("host", "")
    return host if is_host(host) else None


def prefix_of(connection: Connection) -> str:
    """The path under which a proxy publishes the server; empty if there is none."""
    return str(connection.scope["state"]["prefix"])


def uses_tls(connection: Connection, trusted_proxies: Sequence[Network]) -> bool:
    """Whether the client uses TLS, to this server or to a trusted proxy, which says so in `X-Forwarded-Proto`."""
    if connection.scope["scheme"] in ("https", "wss"):
        return True
    peer = connection.client.host if connection.client is not None else ""
    return is_in(peer, trusted_proxies) and connection.headers.get("x-forwarded-proto", "").lower() == "https"

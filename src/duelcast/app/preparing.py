"""The checks before a server starts, which are the same for `duelcast serve`, `demo` and `check-config`."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import ssl

import structlog

from duelcast.app.application import App
from duelcast.app.candidate import Candidate
from duelcast.app.gateway_node import GatewayNode
from duelcast.app.leader import Claim
from duelcast.app.listening import PortTaken, bind, bind_for_operators
from duelcast.app.roles import check_role, serves_alone, shared_log_of
from duelcast.app.server import Server
from duelcast.clock import SystemClock
from duelcast.cluster.finding import LeaderFinder
from duelcast.endpoints.registry import find_endpoints
from duelcast.settings import ConfigurationError, Settings, check_data_dir, check_secret
from duelcast.store.choosing import backend_of, lease_of


async def check(settings: Settings) -> None:
    """Check that a server can be started, as far as one can tell without starting it. A port or a database that another
    process uses is no error, because it may be free by the time the server starts. Nothing is created or written.

    Raises `ConfigurationError`, which says what to set or to fix.
    """
    check_role(settings)
    if serves_alone(settings):
        check_secret(settings)
    check_data_dir(settings)
    _check_certificate(settings)
    _check_addresses(settings)
    await backend_of(settings).examine()


async def prepare(settings: Settings, claim: Claim | None = None) -> Server:
    """The server of the role that the settings name, which can be started as far as `check` finds. A single server
    calls `claim` with its database. Raises `ConfigurationError`."""
    await check(settings)
    if settings.role == "all":
        return App(settings, claim=claim)
    assert claim is None
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    structlog.contextvars.bind_contextvars(node=name)
    clock, endpoints, shared = SystemClock(), find_endpoints(), shared_log_of(settings)
    if settings.role == "leader":
        return Candidate(settings, clock, endpoints, shared, name)
    return GatewayNode(settings, clock, endpoints, shared, LeaderFinder(lease_of(settings, name)), name)


def _check_certificate(settings: Settings) -> None:
    if settings.tls_cert is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Without a password callback, OpenSSL would ask for a passphrase on the terminal.
        context.load_cert_chain(settings.tls_cert, settings.tls_key, lambda: "")
    except (OSError, ValueError):
        raise ConfigurationError(
            "DUELCAST_TLS_CERT and DUELCAST_TLS_KEY cannot be used: name PEM files of a certificate chain and of its "
            "key, without a passphrase, that the server can read."
        ) from None


def _check_addresses(settings: Settings) -> None:
    for listen in (bind, *([] if settings.ops_port is None else [bind_for_operators])):
        with contextlib.suppress(PortTaken):
            listen(settings).close()

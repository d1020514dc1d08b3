"""A node as its clients see it: the gateway, the ports and the HTTP API."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry

from duelcast.app import parts
from duelcast.app.listening import PortServer, bind, listening, server_of
from duelcast.app.live_settings import GatewaySettings
from duelcast.app.operators_port import serve_operators
from duelcast.channels.broker import Broker
from duelcast.clock import Clock
from duelcast.desk.port import Desk
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.settings.current import CurrentSettings
from duelcast.endpoints.kit import Endpoint
from duelcast.gateway.compression import CompressionSettings
from duelcast.gateway.gateway import Gateway
from duelcast.gateway.http_connections import HttpConnections
from duelcast.gateway.hub import Hub
from duelcast.gateway.metrics import GatewayMetrics
from duelcast.gateway.traffic import GatewayTraffic
from duelcast.gateway.upgrade import UpgradeRules
from duelcast.http.app import HttpApps
from duelcast.settings import Settings
from duelcast.tasks import cancel

DeskOf = Callable[[Endpoint, Hub], Desk]
"""The desk of an endpoint, for connections that the hub serves."""


class Node:
    """The connections of a node, and what they need of the domain: `broker`, the read models `accounts`,
    `ended_sessions` and `live`, and the desks.

    `http` builds the HTTP applications, once, from the node.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        endpoints: Mapping[str, Endpoint],
        *,
        broker: Broker,
        accounts: MemoryAccounts,
        ended_sessions: EndedSessions,
        live: CurrentSettings,
        desk_of: DeskOf,
        http: Callable[[Node], HttpApps],
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.endpoints = endpoints
        self.port = settings.port
        self.ops_port = settings.ops_port
        self.registry = CollectorRegistry()
        self.accounts = accounts
        self.ended_sessions = ended_sessions
        self._keys = parts.keys_of(settings, clock)
        self.verifier = parts.verifier_of(settings, accounts, clock, ended_sessions, self._keys)
        self.hub = hub = Hub(
            broker,
            clock,
            flush_interval_ms=settings.flush_interval_ms,
            compression=CompressionSettings(
                settings.compression_level, settings.compression_min_followers, settings.compression_max_sets
            ),
        )
        self.gateway = Gateway(
            settings,
            clock,
            broker,
            hub,
            accounts,
            self.verifier,
            endpoints,
            live,
            lambda endpoint: desk_of(endpoint, hub),
        )
        self.traffic = GatewayTraffic(self.gateway)
        self.origins = parts.origins_of(settings, settings.host)
        self.proxies = parts.proxies_of(settings)
        self.http_connections = HttpConnections(settings.max_connections_per_ip, self.proxies)
        self.refusals = parts.refusals_of(settings, clock)
        self.is_stopping = False
        self._live = GatewaySettings(live, self.gateway)
        ended_sessions.on_end(self.gateway.session_ended)
        self._http = http
        self._listener: socket.socket
        self._server: PortServer
        self._endless: list[asyncio.Task[None]] = []
        self._register_collectors()

    # ── lifecycle ───────────────────────────────────────────────────────────────────────────────────────────────

    async def bind(self, started: AsyncExitStack) -> None:
        """Bind the port, and serve operators, if they have a port of their own; `started` closes both. This begins
        before the rest is loaded, and ends after the rest is closed, so that operators see `starting` and `draining`.
        Raises `ConfigurationError`."""
        if self._keys is not None:
            started.push_async_callback(self._keys.aclose)
        self._listener = bind(self.settings)
        started.callback(self._listener.close)
        self.port = self._listener.getsockname()[1]
        apps = self._http(self)
        self._server = self._server_of(apps.public)
        if apps.operators is not None:
            self.ops_port, serving = await serve_operators(
                apps.operators, self.settings, self.proxies, self.refusals, started
            )
            self._endless.append(serving)

    async def serve(self, started: AsyncExitStack) -> None:
        """Apply the settings, and accept clients. `started` sends them away, and lets HTTP requests finish."""
        self._live.apply()
        running = asyncio.create_task(self.gateway.run())
        started.push_async_callback(cancel, [running])
        serving = await listening(self._server, self._listener)
        started.push_async_callback(self._stop_serving, serving)
        self._endless += (running, serving)

    @property
    def endless(self) -> Sequence[asyncio.Task[None]]:
        """The tasks that must never end."""
        return self._endless

    @property
    def is_draining(self) -> bool:
        """Whether the node stops, or will stop soon."""
        return self.is_stopping or self.gateway.draining

    @property
    def url(self) -> str:
        """The address of the node, as reached from this machine."""
        settings = self.settings
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        return f"{'https' if settings.tls_cert else 'http'}://{host}:{self.port}{settings.root_path}"

    # ── steps of the lifecycle ──────────────────────────────────────────────────────────────────────────────────

    async def _stop_serving(self, serving: asyncio.Task[None]) -> None:
        for listener in self._server.servers:
            listener.close()
        await self.gateway.drain()
        self._server.should_exit = True
        await serving

    # ── composition ─────────────────────────────────────────────────────────────────────────────────────────────

    def _server_of(self, public: ASGIApp) -> PortServer:
        """The server of the public port, which does not listen yet."""
        rules = UpgradeRules(
            self.gateway,
            self.origins,
            trusted_proxies=self.proxies,
            root_path=self.settings.root_path,
            query_token=self.settings.query_token,
        )
        return server_of(public, rules.accept, self.settings, self.http_connections, self.refusals)

    def _register_collectors(self) -> None:
        for collector in (GatewayMetrics(self.gateway), self.http_connections, self.refusals):
            self.registry.register(collector)
        parts.register_process(self.registry)

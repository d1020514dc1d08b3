"""A server: its parts put together, started in order and stopped in reverse order."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

import duelcast
from duelcast.app import live_settings, parts
from duelcast.app.listening import PortServer, bind, bind_for_operators, server_of
from duelcast.app.live_settings import LiveSettings
from duelcast.app.operations import Endless, Operations
from duelcast.app.retention import retention_of
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock, SystemClock
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.accounts.sign_in import load_ended_sessions
from duelcast.domain.analytics.service import Analytics
from duelcast.domain.audit import AuditTrail
from duelcast.domain.contests.service import Contests
from duelcast.domain.idempotency import IdempotentRequests
from duelcast.domain.market.service import Market
from duelcast.domain.notifications.notifier import Notifier
from duelcast.domain.notifications.service import Notifications
from duelcast.domain.operations.internal import STORE
from duelcast.domain.operations.server_status import Surroundings
from duelcast.domain.settings.declared import configured_values
from duelcast.domain.settings.service import SystemSettings
from duelcast.domain.users.service import Users
from duelcast.endpoints.context import Services
from duelcast.endpoints.documents.asyncapi import asyncapi
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.kit import Endpoint
from duelcast.endpoints.registry import find_endpoints
from duelcast.gateway.gateway import Gateway
from duelcast.gateway.http_connections import HttpConnections
from duelcast.gateway.hub import Hub
from duelcast.gateway.metrics import GatewayMetrics
from duelcast.gateway.refusals import RefusedRequest
from duelcast.gateway.traffic import GatewayTraffic
from duelcast.gateway.upgrade import UpgradeRequest, UpgradeRules
from duelcast.http.app import build_http_apps
from duelcast.http.charges import RequestLimits
from duelcast.http.services import Failure, HttpServices, Readiness
from duelcast.sampling import LogSampler
from duelcast.settings import Settings
from duelcast.store import key_values
from duelcast.store.database import Database
from duelcast.store.stored_log import StoredLog

log = structlog.get_logger("duelcast")

Claim = Callable[[Database], Awaitable[None]]
"""Called with the open database. May write to it, or refuse it with `ConfigurationError`."""


class App:
    """A server in this process. `start` returns once the server listens; `stop` returns once all clients and
    parts are closed."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        endpoints: Mapping[str, Endpoint] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock = clock or SystemClock()
        self.endpoints = find_endpoints() if endpoints is None else endpoints
        self.feeds = parts.feeds_of(settings, clock)
        self.port = settings.port
        self.registry = CollectorRegistry()
        self.database = parts.database_of(settings, clock)
        self.broker = MemoryBroker(
            clock,
            StoredLog(self.database, clock, settings.log_max_age_s),
            history_messages=settings.history_messages,
            history_s=settings.history_s,
            max_idle_channels=settings.max_idle_channels,
        )
        self.database.log.bus = self.broker
        self.publisher = Publisher(self.broker, clock)
        self.accounts = MemoryAccounts(settings.reserved_nicknames)
        self.ended_sessions = EndedSessions(clock)
        self.keys = parts.keys_of(settings, clock)
        self.verifier = parts.verifier_of(settings, self.accounts, clock, self.ended_sessions, self.keys)
        self.audit = AuditTrail(self.database, clock)
        self.idempotency = IdempotentRequests(self.database, clock, parts.idempotency_bounds_of(settings))
        self.notifications = Notifications(self.database, self.broker, self.audit, clock)
        self.users = Users(self.database, self.accounts, self.audit, self.notifications.inboxes, clock)
        self.system_settings = SystemSettings(
            self.publisher,
            self.database,
            self.audit,
            clock,
            live_settings.declared_of(self.endpoints.values()),
            configured_values(settings),
        )
        conflate = parts.conflates(self.feeds)
        market_settings = live_settings.market_settings_of(self.system_settings, conflate=conflate)
        self.market = Market(
            self.publisher, clock, market_settings, self.database, self.audit, parts.receipt_settings_of(settings)
        )
        self.contests = Contests(
            self.publisher,
            self.broker,
            clock,
            self.database,
            self.market,
            self.accounts,
            self.audit,
            live_settings.contest_settings_of(self.system_settings, settings),
        )
        self.notifier = Notifier(self.database, self.notifications.inboxes, clock)
        self.contests.book.on_event(self.notifier.wake)
        self.analytics = Analytics(
            self.publisher,
            self.broker,
            clock,
            self.database,
            lambda: self.traffic,
            [endpoint.name for endpoint in self.endpoints.values()],
            live_settings.analytics_settings_of(self.system_settings, settings),
        )
        self.hub = Hub(self.broker, clock, flush_interval_ms=settings.flush_interval_ms)
        self.operations = Operations(
            publisher=self.publisher,
            broker=self.broker,
            clock=clock,
            database=self.database,
            audit=self.audit,
            idempotency=self.idempotency,
            surroundings=Surroundings(
                connections=lambda: self.gateway.connection_count,
                is_ready=lambda: not self.gateway.draining and self.database.failure is None,
                maintenance=self.system_settings.maintenance,
            ),
            system_settings=self.system_settings,
            build_check=parts.check_builder_of(settings),
            configured=parts.configured_services(settings),
        )
        self.operations.add_parts(
            self.feeds,
            self.market,
            self.contests,
            self.notifier,
            self.analytics,
            feed_attempt_timeout_s=settings.feed_attempt_timeout_s,
        )
        self.retention = retention_of(
            self.system_settings,
            clock,
            market=self.market,
            contests=self.contests,
            errors=self.operations.errors,
            notifications=self.notifications,
            analytics=self.analytics,
            idempotency=self.idempotency,
        )
        self.services = Services(
            {
                Market: self.market,
                Contests: self.contests,
                Analytics: self.analytics,
                Publisher: self.publisher,
                **self.operations.services(),
                SystemSettings: self.system_settings,
                Notifications: self.notifications,
            }
        )
        self.gateway = Gateway(
            settings, clock, self.broker, self.hub, self.accounts, self.verifier, self.endpoints, self.services
        )
        self.traffic = GatewayTraffic(self.gateway)
        self.proxies = [ipaddress.ip_network(entry, strict=False) for entry in settings.trusted_proxies]
        self.http_connections = HttpConnections(settings.max_connections_per_ip, self.proxies)
        self.refusals = LogSampler(
            clock.monotonic,
            per_minute=settings.refusals_logged_per_minute,
            in_all_per_minute=settings.refusals_logged_in_all_per_minute,
        )
        self.live = LiveSettings(
            self.system_settings,
            settings,
            self.market,
            self.contests,
            self.analytics,
            self.retention,
            self.gateway,
            conflate=conflate,
        )
        self.ended_sessions.on_end(self.gateway.session_ended)
        self._starting = True
        self._stopping = False
        self._serving_operators: asyncio.Task[None] | None = None
        self.ops_port = settings.ops_port
        self._register_collectors()

    # ── lifecycle ───────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self, claim: Claim | None = None) -> None:
        """Start the database, the domain, the feeds and the ports. If one of them fails, everything is closed again,
        and the error is raised, usually a `ConfigurationError`.

        `claim` is called after the database was opened and before the domain is loaded; its exceptions are passed on.
        """
        asyncio.get_running_loop().set_exception_handler(_on_loop_error)
        async with AsyncExitStack() as started:
            if self.keys is not None:
                started.push_async_callback(self.keys.aclose)
            await self.database.open()
            started.push_async_callback(self.database.close)
            epoch = self.database.epoch
            self.broker.begin(epoch.name, epoch.latest_floor, self.database.urgent_positions)
            self._writing = asyncio.create_task(self.database.run())
            started.push_async_callback(self._stop_writing)
            listener = bind(self.settings)
            started.callback(listener.close)
            self.port = listener.getsockname()[1]
            server, ops_server = self._servers()
            if ops_server is not None:
                await self._serve_operators(ops_server, started)
            if claim is not None:
                await claim(self.database)
            await self._load()
            started.push_async_callback(self.market.close)
            started.push_async_callback(self.contests.clock.release)
            started.push_async_callback(self.operations.errors.close)
            self.operations.log_intake.attach(self.operations.errors)
            started.callback(self.operations.log_intake.detach)
            own: list[Endless] = [
                self.broker,
                self.system_settings,
                self.market,
                self.contests,
                self.notifications,
                self.gateway,
                self.analytics,
                self.retention,
            ]
            self._endless = [asyncio.create_task(part.run()) for part in (*own, *self.operations.endless)]
            started.push_async_callback(_cancel, self._endless)
            started.push_async_callback(self.operations.internal.stop)
            await self.operations.internal.start()
            started.push_async_callback(self.operations.audit_backlog.close)
            started.push_async_callback(self.operations.commands.close)
            started.push_async_callback(self.idempotency.close)
            started.callback(self.database.ignore_guard)
            self._serving = await _listening(server, listener)
            started.push_async_callback(self._stop_serving, server)
            self._started = started.pop_all()
        self._starting = False
        log.info("listening", url=self.url, feeds=[feed.name for feed in self.feeds])

    def announce_stop(self) -> None:
        """Announce on `/readyz` that the server will stop; everything else continues."""
        self._stopping = True
        log.info("draining", delay_s=self.settings.drain_delay_s)

    async def stop(self) -> None:
        """Stop accepting connections, send clients away, let HTTP requests finish, and end all tasks."""
        log.info("stopping", connections=len(self.gateway.sockets))
        await self._started.aclose()
        log.info("stopped")

    async def failed(self) -> None:
        """Wait until a task that must never end has ended; raises its exception, if it has one."""
        endless = [*self._endless, self._serving, self._writing]
        if self._serving_operators is not None:
            endless.append(self._serving_operators)
        done, _ = await asyncio.wait(endless, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    @property
    def url(self) -> str:
        """The address of the server, as reached from this machine."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"{'https' if self.settings.tls_cert else 'http'}://{host}:{self.port}{self.settings.root_path}"

    def readiness(self) -> Readiness:
        """Whether the server can do its work, and which parts have failed."""
        missing = [] if self.database.failure is None else [Failure(STORE, self.database.failure)]
        failed = [Failure(part, reason) for part, reason in self.operations.failures() if part != STORE or not missing]
        failed += [Failure(f"feed_{feed}", sentence) for feed, sentence in self.market.feed_gaps()]
        if self.database.shortage is not None and not any(failure.part == STORE for failure in (*missing, *failed)):
            failed.append(Failure(STORE, self.database.shortage))
        return Readiness(
            starting=self._starting, draining=self._stopping or self.gateway.draining, missing=missing, failed=failed
        )

    # ── steps of the lifecycle ──────────────────────────────────────────────────────────────────────────────────

    async def _load(self) -> None:
        await self.system_settings.load()
        self.live.apply()
        await self.users.load()
        await load_ended_sessions(self.database, self.clock, self.ended_sessions)
        await self.market.load()
        await self.contests.load()
        await self.analytics.load()
        await self.operations.load()
        await self.idempotency.load()
        async with self.database.read() as transaction:
            if await key_values.find_value(transaction, key_values.DEMO) is not None:
                log.warning("demo_data", reason="The data in the database was made up by `duelcast demo`.")

    async def _stop_serving(self, server: PortServer) -> None:
        for listening in server.servers:
            listening.close()
        await self.gateway.drain()
        server.should_exit = True
        await self._serving

    async def _serve_operators(self, server: PortServer, started: AsyncExitStack) -> None:
        """Serve operators. This begins before the rest is loaded, and ends after the rest is closed, so that operators
        see `starting` and `draining`."""
        listener = bind_for_operators(self.settings)
        started.callback(listener.close)
        self.ops_port = listener.getsockname()[1]
        self._serving_operators = serving = await _listening(server, listener)

        async def stop() -> None:
            server.should_exit = True
            await serving

        started.push_async_callback(stop)

    async def _stop_writing(self) -> None:
        self.database.stop_writing()
        await self._writing

    # ── composition ─────────────────────────────────────────────────────────────────────────────────────────────

    def _servers(self) -> tuple[PortServer, PortServer | None]:
        """The servers of the public port and of the operators' port (None if that is not configured); neither listens
        yet."""
        settings = self.settings
        origins = parts.origins_of(settings, settings.host)
        apps = build_http_apps(
            HttpServices(
                market=self.market,
                users=self.users,
                contests=self.contests,
                audit=self.audit,
                registered_services=self.operations.registry,
                errors=self.operations.errors,
                outside_services=self.operations.outside,
                settings=self.system_settings,
                notifications=self.notifications,
                idempotency=self.idempotency,
                sign_ins=parts.sign_ins_of(settings, self.database, self.clock, self.verifier, self.ended_sessions),
                auth_domain=settings.auth_domain,
                verifier=self.verifier,
                clock=self.clock,
                origins=origins,
                ready=self.readiness,
                asyncapi=lambda: asyncapi(describe(self.endpoints.values())),
                registry=self.registry,
                version=duelcast.__version__,
                trusted_proxies=self.proxies,
                limits=RequestLimits(
                    requests=settings.http_requests_per_minute,
                    probes=settings.http_probes_per_minute,
                    sign_ins=settings.sign_ins_per_minute,
                    bytes_per_request=settings.http_bytes_per_request,
                    factor=settings.rate_limit_factor,
                ),
                public_ops=settings.public_ops,
                refusals=self.refusals,
                metrics_interval_s=settings.metrics_interval_s,
                body_timeout_s=settings.http_body_timeout_s,
            ),
            None if settings.ops_port is None else parts.origins_of(settings, settings.ops_host),
        )
        rules = UpgradeRules(
            self.gateway,
            origins,
            trusted_proxies=self.proxies,
            root_path=settings.root_path,
            query_token=settings.query_token,
        )
        public = server_of(apps.public, rules.accept, settings, self.http_connections, self.refusals)
        if apps.operators is None:
            return public, None
        # Connections are counted separately, so that a crowd at the public port does not keep probes out.
        mine = HttpConnections(settings.max_connections_per_ip, self.proxies)
        return public, server_of(apps.operators, _no_websocket, settings, mine, self.refusals)

    def _register_collectors(self) -> None:
        for collector in (
            self.database,
            self.broker,
            self.market,
            self.contests,
            self.notifications,
            self.notifier,
            self.idempotency,
            GatewayMetrics(self.gateway),
            self.http_connections,
            self.refusals,
            self.analytics,
            self.retention,
        ):
            self.registry.register(collector)
        self.operations.register(self.registry)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)


async def _listening(server: PortServer, listener: socket.socket) -> asyncio.Task[None]:
    """Make `server` listen; returns its task."""
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        if serving.done():
            serving.result()
        await asyncio.sleep(0.001)
    return serving


def _no_websocket(_transport: asyncio.Transport, _request: UpgradeRequest) -> asyncio.BufferedProtocol:
    raise RefusedRequest(HTTPStatus.NOT_FOUND, "There is no WebSocket endpoint on this port.")


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _on_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an error of the event loop. Errors that a peer causes on its own socket are logged only at level debug, so
    that a port scanner cannot fill the log."""
    error = context.get("exception")
    if isinstance(error, OSError) or context.get("message") == "SSL handshake failed":
        log.debug("peer_failed", error=type(error).__name__)
    else:
        loop.default_exception_handler(context)

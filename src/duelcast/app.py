"""The composition root: the only file that names concrete implementations. Ordered start, drain and stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Protocol

import structlog
import uvicorn
import uvloop
from aiofastnet.api_patch import patch_loop
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

import duelcast
from duelcast.channels.memory import MemoryBroker
from duelcast.channels.publisher import Publisher
from duelcast.clock import Clock, SystemClock
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.accounts.sign_in import SignIns, load_ended_sessions
from duelcast.domain.accounts.tokens import TokenIssuer, TokenVerifier
from duelcast.domain.accounts.users import Users
from duelcast.domain.audit import AuditTrail
from duelcast.domain.contests.chat import ChatSettings
from duelcast.domain.contests.rooms import RoomSettings
from duelcast.domain.contests.service import Contests, ContestSettings
from duelcast.domain.market.service import Market
from duelcast.domain.market.settings import MarketSettings
from duelcast.endpoints.documents.asyncapi import asyncapi as asyncapi_of
from duelcast.endpoints.kit import Endpoint
from duelcast.endpoints.registry import find_endpoints
from duelcast.feeds.source import Feed, Sink
from duelcast.feeds.spec import build_feeds
from duelcast.feeds.supervisor import supervise
from duelcast.gateway.first_request import first_request_protocol
from duelcast.gateway.gateway import Gateway
from duelcast.gateway.http_protocol import upgrade_protocol
from duelcast.gateway.hub import Hub
from duelcast.gateway.upgrade import UpgradeRules
from duelcast.http.app import build_http_app
from duelcast.http.services import Failure, HttpServices, Readiness
from duelcast.settings import ConfigurationError, Settings, is_loopback_host
from duelcast.store import facts
from duelcast.store.database import Database
from duelcast.store.sqlite import SqliteFile, sqlite_path
from duelcast.wire.origins import OriginRules

log = structlog.get_logger("duelcast")

HTTP_DRAIN_TIMEOUT_S = 1
BACKLOG = 4096

Claim = Callable[[Database], Awaitable[None]]
"""Looks at a database, and may refuse it with `ConfigurationError`."""


class Companion(Protocol):
    """Lives beside a server in its process, as one of its clients."""

    async def claim(self, database: Database) -> None:
        """See `App.start`."""

    async def run(self, url: str) -> None:
        """Called once the server at `url` takes clients; cancelled before it stops."""


class App:
    """A server in this process. `start` returns once it listens; `stop` once everybody was told and all is closed."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock | None = None,
        *,
        endpoints: Mapping[str, Endpoint] | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.endpoints = find_endpoints() if endpoints is None else endpoints
        self.accounts = MemoryAccounts()
        self.ended_sessions = EndedSessions(self.clock)
        self.feeds: list[Feed] = _feeds(settings, self.clock)
        self.registry = CollectorRegistry()
        self.port = settings.port
        self.database = Database(
            SqliteFile(
                settings.data_dir / "duelcast.db"
                if settings.database_url is None
                else sqlite_path(settings.database_url),
                settings.database_busy_timeout_ms,
            ),
            self.clock,
        )
        self._starting = True

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self, claim: Claim | None = None) -> None:
        """Broker, domain, feeds, listener. Raises `ConfigurationError` where the port cannot be had.

        `claim` is called before anything is written to the database; what it raises is raised.
        """
        patch_loop()
        asyncio.get_running_loop().set_exception_handler(_on_loop_error)
        self._compose()
        await self.database.open()
        self._writing = asyncio.create_task(self.database.run())
        await self.users.load()
        await load_ended_sessions(self.database, self.clock, self.ended_sessions)
        await self.market.load()
        await self.contests.load()
        config = self._uvicorn_config()
        listener = _bind(self.settings)
        self.port = listener.getsockname()[1]
        if claim is not None:
            await claim(self.database)
        await self._tell_demo_data()
        endless = (self.broker, self.market, self.contests, self.gateway)
        self._endless = [asyncio.create_task(part.run()) for part in endless]
        self._feeding = [
            asyncio.create_task(self._feed(feed, self.market.sink(feed.name, feed.symbols))) for feed in self.feeds
        ]
        self._server = _PortServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))
        while not self._server.started:
            if self._serving.done():
                self._serving.result()
            await asyncio.sleep(0.001)
        self._starting = False
        log.info("listening", url=self.url, feeds=[feed.name for feed in self.feeds])

    async def stop(self) -> None:
        """Stop accepting, send clients away, let HTTP requests finish, end all tasks."""
        log.info("stopping", connections=len(self.gateway.sockets))
        for server in self._server.servers:
            server.close()
        await self.gateway.drain()
        self._server.should_exit = True
        await self._serving
        tasks = [*self._feeding, *self._endless]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.market.close()
        self.database.stop_writing()
        await self._writing
        await self.database.close()
        await self.verifier.aclose()
        log.info("stopped")

    @property
    def url(self) -> str:
        """Where the server is reached from this machine."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"{'https' if self.settings.tls_cert else 'http'}://{host}:{self.port}{self.settings.root_path}"

    async def failed(self) -> None:
        """Wait until a task of the server ends that never should; raises what ended it."""
        endless = [*self._endless, self._serving, self._writing]
        done, _ = await asyncio.wait(endless, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def _tell_demo_data(self) -> None:
        async with self.database.read() as transaction:
            if await facts.find_fact(transaction, facts.DEMO) is not None:
                log.warning("demo_data", reason="What is in the database was made up by `duelcast demo`.")

    async def _feed(self, feed: Feed, sink: Sink) -> None:
        """Run a feed on the one node of the cluster that holds its lease."""
        async with self.broker.lease(f"feed_{feed.name}"):
            await supervise(feed, sink, self.clock)

    # ── composition ─────────────────────────────────────────────────────────────────────────────────────────────

    def _compose(self) -> None:
        settings, clock = self.settings, self.clock
        self.broker = MemoryBroker(clock, history_messages=settings.history_messages, history_s=settings.history_s)
        self.hub = Hub(self.broker, clock, flush_interval_ms=settings.flush_interval_ms)
        self.publisher = Publisher(self.broker, clock)
        self.verifier = TokenVerifier(
            self.accounts,
            clock,
            secret=None if settings.jwt_secret is None else settings.jwt_secret.get_secret_value(),
            jwks_url=settings.jwt_jwks_url,
            algorithms=settings.accepted_algorithms,
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            ended_sessions=self.ended_sessions,
        )
        self.audit = AuditTrail(self.database, clock)
        self.users = Users(self.database, self.accounts, self.audit, clock)
        conflate = all(getattr(feed, "conflate", True) for feed in self.feeds)
        self.market = Market(
            self.publisher,
            clock,
            MarketSettings(
                price_interval_ms=settings.price_interval_ms if conflate else 0,
                token_list_interval_ms=int(settings.token_list_interval_s * 1000),
                feed_stale_ms=int(settings.feed_stale_s * 1000),
                posted_stale_ms=int(settings.posted_stale_s * 1000),
                retention_prices_days=settings.retention_prices_days,
                retention_trades_days=settings.retention_trades_days,
            ),
            self.database,
            self.audit,
        )
        self.contests = Contests(
            self.publisher,
            self.broker,
            clock,
            self.database,
            self.market,
            self.accounts,
            self.audit,
            self._contest_settings,
        )
        self.services: dict[type[Any], Any] = {
            Market: self.market,
            Contests: self.contests,
            Publisher: self.publisher,
        }
        self.gateway = Gateway(
            settings, clock, self.broker, self.hub, self.accounts, self.verifier, self.endpoints, self.services
        )
        self.ended_sessions.on_end(self.gateway.session_ended)
        for collector in (self.database, self.broker, self.market, self.contests, self.gateway):
            self.registry.register(collector)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def _uvicorn_config(self) -> uvicorn.Config:
        settings = self.settings
        origins = OriginRules(
            settings.allowed_origins,
            listens_on_loopback_only=is_loopback_host(settings.host),
            default_scheme="https" if settings.tls_cert else "http",
        )
        proxies = [ipaddress.ip_network(entry, strict=False) for entry in settings.trusted_proxies]
        rules = UpgradeRules(
            self.gateway,
            origins,
            trusted_proxies=proxies,
            root_path=settings.root_path,
            query_token=settings.query_token,
        )
        http = build_http_app(
            HttpServices(
                market=self.market,
                users=self.users,
                contests=self.contests,
                audit=self.audit,
                sign_ins=self._sign_ins(),
                auth_domain=settings.auth_domain,
                verifier=self.verifier,
                clock=self.clock,
                origins=origins,
                ready=self.readiness,
                asyncapi=lambda: asyncapi_of(self.endpoints.values()),
                registry=self.registry,
                version=duelcast.__version__,
                trusted_proxies=proxies,
                rate_limit_factor=settings.rate_limit_factor,
                public_ops=settings.public_ops,
            )
        )
        return uvicorn.Config(
            http,
            http=first_request_protocol(rules.accept),
            ws=upgrade_protocol(rules.accept),
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

    def _contest_settings(self) -> ContestSettings:
        settings = self.settings
        return ContestSettings(
            leaderboard_interval_ms=settings.leaderboard_interval_ms,
            rooms=RoomSettings(
                presence_max_members=settings.presence_max_members, rooms_per_connection=settings.max_rooms
            ),
            chat=ChatSettings(
                messages_per_minute=settings.chat_messages_per_minute,
                max_characters=settings.chat_max_characters,
                retention_days=settings.retention_chat_days,
                rate_limit_factor=settings.rate_limit_factor,
            ),
        )

    def _sign_ins(self) -> SignIns | None:
        """None where the server would refuse the tokens that it makes, or has no secret to make them with."""
        settings = self.settings
        if settings.jwt_secret is None or "HS256" not in settings.accepted_algorithms:
            return None
        issuer = TokenIssuer(
            self.clock,
            settings.jwt_secret.get_secret_value(),
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
        )
        return SignIns(self.database, self.clock, issuer, self.verifier, self.ended_sessions)

    def readiness(self) -> Readiness:
        """Whether the server can do its work, and what of it it cannot."""
        failed = [
            Failure(f"feed_{state.name}", state.reason or "The feed does not read its venue.")
            for state in self.market.feed_states()
            if state.status == "failed"
        ]
        missing = [] if self.database.failure is None else [Failure("store", self.database.failure)]
        return Readiness(starting=self._starting, draining=self.gateway.draining, missing=missing, failed=failed)


def _on_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What a peer does to its own socket is no error of ours: a port scanner must not be able to fill the log."""
    error = context.get("exception")
    if isinstance(error, OSError) or context.get("message") == "SSL handshake failed":
        log.debug("peer_failed", error=type(error).__name__)
    else:
        loop.default_exception_handler(context)


class _PortServer(uvicorn.Server):
    """uvicorn without its signal handlers: the application has its own, so that it can drain and exit with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _feeds(settings: Settings, clock: Clock) -> list[Feed]:
    try:
        return build_feeds(settings.feed, clock)
    except ValueError as error:
        raise ConfigurationError(f"DUELCAST_FEED: {error}") from None


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With its protocol named, so that accepted sockets get TCP_NODELAY: asyncio looks at it.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it. The system's own would hold megabytes of stale prices for a slow reader.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, settings.send_buffer_bytes)
        listener.bind((settings.host, settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on {settings.host} port {settings.port} ({error.strerror}); set DUELCAST_HOST or "
            "DUELCAST_PORT to a free one."
        ) from None
    return listener


async def _serve(settings: Settings, on_listening: Callable[[str], None], companion: Companion | None) -> int:
    app = App(settings)
    loop = asyncio.get_running_loop()
    asked_to_stop = asyncio.Event()

    def on_signal() -> None:
        if asked_to_stop.is_set():
            sys.exit(1)
        asked_to_stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    await app.start(None if companion is None else companion.claim)
    _spare_the_collector()
    on_listening(app.url)
    stop = asyncio.create_task(asked_to_stop.wait())
    failed = asyncio.create_task(app.failed())
    beside = [] if companion is None else [asyncio.create_task(companion.run(app.url))]
    await asyncio.wait([stop, failed, *beside], return_when=asyncio.FIRST_COMPLETED)
    status = 0
    for part in (failed, *beside):
        if part.done():
            log.critical("a part of the server ended", exc_info=part.exception())
            status = 1
        part.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await app.stop()
    return status


def _spare_the_collector() -> None:
    """What exists by now stays for good: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def run(settings: Settings, on_listening: Callable[[str], None], companion: Companion | None = None) -> int:
    """Serve until SIGTERM or SIGINT; a second signal ends the process at once. Returns the exit status.

    `on_listening` is called with the address of the server once it takes clients; `companion` lives from then on.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, on_listening, companion))


def asyncapi_document() -> dict[str, Any]:
    """The AsyncAPI document of all endpoints."""
    return asyncapi_of(find_endpoints().values())

"""The composition root: the only file that names concrete implementations. Ordered start, drain and stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

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
from duelcast.domain.accounts.tokens import TokenVerifier
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
from duelcast.wire.origins import OriginRules

log = structlog.get_logger("duelcast")

HTTP_DRAIN_TIMEOUT_S = 1
BACKLOG = 4096


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
        self.feeds: list[Feed] = _feeds(settings, self.clock)
        self.registry = CollectorRegistry()
        self.port = settings.port
        self._starting = True

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Broker, domain, feeds, listener. Raises `ConfigurationError` where the port cannot be had."""
        patch_loop()
        asyncio.get_running_loop().set_exception_handler(_on_loop_error)
        self._compose()
        config = self._uvicorn_config()
        listener = _bind(self.settings)
        self.port = listener.getsockname()[1]
        self._endless = [asyncio.create_task(part.run()) for part in (self.broker, self.market, self.gateway)]
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
        await self.verifier.aclose()
        log.info("stopped")

    @property
    def url(self) -> str:
        """Where the server is reached from this machine."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"{'https' if self.settings.tls_cert else 'http'}://{host}:{self.port}{self.settings.root_path}"

    async def failed(self) -> None:
        """Wait until a task of the server ends that never should; raises what ended it."""
        done, _ = await asyncio.wait([*self._endless, self._serving], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

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
        )
        conflate = all(getattr(feed, "conflate", True) for feed in self.feeds)
        self.market = Market(
            self.publisher,
            clock,
            MarketSettings(
                price_interval_ms=settings.price_interval_ms if conflate else 0,
                token_list_interval_ms=int(settings.token_list_interval_s * 1000),
                feed_stale_ms=int(settings.feed_stale_s * 1000),
                posted_stale_ms=int(settings.posted_stale_s * 1000),
            ),
        )
        self.services: dict[type[Any], Any] = {Market: self.market, Publisher: self.publisher}
        self.gateway = Gateway(
            settings, clock, self.broker, self.hub, self.accounts, self.verifier, self.endpoints, self.services
        )
        for collector in (self.broker, self.market, self.gateway):
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

    def readiness(self) -> Readiness:
        """Whether the server can do its work, and what of it it cannot."""
        failed = [
            Failure(f"feed_{state.name}", state.reason or "The feed does not read its venue.")
            for state in self.market.feed_states()
            if state.status == "failed"
        ]
        return Readiness(starting=self._starting, draining=self.gateway.draining, failed=failed)


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


async def _serve(settings: Settings, on_listening: Callable[[str], None]) -> int:
    app = App(settings)
    loop = asyncio.get_running_loop()
    asked_to_stop = asyncio.Event()

    def on_signal() -> None:
        if asked_to_stop.is_set():
            sys.exit(1)
        asked_to_stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    await app.start()
    _spare_the_collector()
    on_listening(app.url)
    stop = asyncio.create_task(asked_to_stop.wait())
    failed = asyncio.create_task(app.failed())
    await asyncio.wait([stop, failed], return_when=asyncio.FIRST_COMPLETED)
    status = 0
    if failed.done():
        log.critical("a part of the server ended", exc_info=failed.exception())
        status = 1
    failed.cancel()
    await app.stop()
    return status


def _spare_the_collector() -> None:
    """What exists by now stays for good: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def run(settings: Settings, on_listening: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT; a second signal ends the process at once. Returns the exit status.

    `on_listening` is called with the address of the server once it takes clients.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, on_listening))


def asyncapi_document() -> dict[str, Any]:
    """The AsyncAPI document of all endpoints."""
    return asyncapi_of(find_endpoints().values())

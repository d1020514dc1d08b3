"""The HTTP application on a real socket, with a real market."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import uvicorn
from prometheus_client import CollectorRegistry

from duelcast.channels.names import Role
from duelcast.channels.publisher import Publisher
from duelcast.clock import ManualClock
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.challenges import Challenges
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.accounts.sign_in import SignIns
from duelcast.domain.accounts.tokens import TokenIssuer, TokenVerifier
from duelcast.domain.audit import AuditTrail
from duelcast.domain.contests.service import Contests, ContestSettings
from duelcast.domain.idempotency import IdempotentRequests
from duelcast.domain.market.service import Market
from duelcast.domain.market.settings import MarketSettings
from duelcast.domain.notifications.service import Notifications
from duelcast.domain.operations.error_records import ErrorRecords
from duelcast.domain.operations.health import Health
from duelcast.domain.operations.outside import OutsideServices
from duelcast.domain.operations.registry import Registry
from duelcast.domain.settings.declared import declared_settings
from duelcast.domain.settings.service import SystemSettings
from duelcast.domain.users.service import Users
from duelcast.http.app import build_http_apps
from duelcast.http.charges import RequestLimits
from duelcast.http.console_files import ConsoleFiles
from duelcast.http.services import HttpDomain, HttpServices, Readiness
from duelcast.http.upstream import Upstream
from duelcast.outbound.checks.build import build_check
from duelcast.outbound.checks.targets import TargetRules
from duelcast.peers.addresses import Network
from duelcast.peers.origins import OriginRules
from duelcast.sampling import LogSampler
from duelcast.store.database import Database
from tests.storing import bus_of, opened

SECRET = "a secret of the tests, long enough for HS256"
VERSION = "0.0.0-test"
ASYNCAPI: dict[str, Any] = {"asyncapi": "3.0.0", "info": {"title": "Test", "version": VERSION}}


@dataclass
class Serving:
    """A running server. `readiness` may be replaced; `database_path` is the file of its database."""

    client: httpx.AsyncClient
    clock: ManualClock
    market: Market
    accounts: MemoryAccounts
    issuer: TokenIssuer
    registry: CollectorRegistry
    database_path: Path
    readiness: Readiness = field(default_factory=Readiness)

    def bearer(
        self, wallet: str, role: Role = Role.USER, scopes: Sequence[str] = (), ttl_s: float = 3600.0
    ) -> dict[str, str]:
        """The header of a request by `wallet`."""
        return {"Authorization": f"Bearer {self.issuer.issue(wallet, role, None, scopes, ttl_s)}"}

    @property
    def admin(self) -> dict[str, str]:
        return self.bearer("admin", Role.ADMIN)

    @property
    def machine(self) -> dict[str, str]:
        return self.bearer("machine", scopes=["prices"])


@asynccontextmanager
async def serving(
    *,
    origins: OriginRules | None = None,
    trusted_proxies: Sequence[Network] = (),
    rate_limit_factor: float = 1.0,
    limits: RequestLimits | None = None,
    public_ops: bool = True,
    root_path: str = "",
    asyncapi: Mapping[str, Any] = ASYNCAPI,
    signs_in: bool = True,
    auth_domain: str | None = None,
    refusals: LogSampler | None = None,
    metrics_interval_s: float = 1.0,
    upstream: Upstream | None = None,
    console: ConsoleFiles | None = None,
) -> AsyncIterator[Serving]:
    """A server on a free port of loopback, with a database of its own. With an `upstream`, it forwards requests
    there."""
    clock = ManualClock()
    accounts = MemoryAccounts()
    registry = CollectorRegistry()
    issuer, ended = TokenIssuer(clock, SECRET), EndedSessions(clock)
    verifier = TokenVerifier(accounts, clock, secret=SECRET, ended_sessions=ended)
    running: Serving
    async with _stored(clock) as (database, database_path):
        audit = AuditTrail(database, clock)
        broker = bus_of(database, clock)
        publisher = Publisher(broker, clock)
        market = Market(publisher, clock, MarketSettings(), database, audit)
        notifications = Notifications(database, broker, audit, clock)
        errors = ErrorRecords(database, clock)
        services = Registry(publisher, clock, database.announce)
        health = Health(services, clock)
        outside = OutsideServices(
            services, health, database, audit, errors, clock, partial(build_check, targets=TargetRules()), {}
        )
        settings = SystemSettings(publisher, database, audit, clock, declared_settings({}), {})
        app = build_http_apps(
            HttpServices(
                domain=upstream
                or HttpDomain(
                    market=market,
                    users=Users(database, accounts, audit, notifications.inboxes, clock),
                    contests=Contests(publisher, broker, clock, database, market, accounts, audit, ContestSettings()),
                    audit=audit,
                    errors=errors,
                    registered_services=services,
                    outside_services=outside,
                    settings=settings,
                    notifications=notifications,
                    idempotency=IdempotentRequests(database, clock),
                    nodes=list,
                    sign_ins=SignIns(database, clock, Challenges(SECRET), issuer, verifier, ended)
                    if signs_in
                    else None,
                ),
                live=settings,
                verifier=verifier,
                clock=clock,
                origins=origins or OriginRules(listens_on_loopback_only=True),
                ready=lambda: running.readiness,
                asyncapi=lambda: dict(asyncapi),
                registry=registry,
                version=VERSION,
                trusted_proxies=trusted_proxies,
                limits=limits or RequestLimits(factor=rate_limit_factor),
                public_ops=public_ops,
                metrics_interval_s=metrics_interval_s,
                auth_domain=auth_domain,
                refusals=refusals or LogSampler(clock.monotonic),
                signs_in=signs_in,
                console=console,
            )
        ).public
        async with (
            _recording(errors),
            _listening(app, root_path) as base_url,
            httpx.AsyncClient(base_url=base_url) as client,
        ):
            running = Serving(client, clock, market, accounts, issuer, registry, database_path)
            yield running


@asynccontextmanager
async def _stored(clock: ManualClock) -> AsyncIterator[tuple[Database, Path]]:
    with TemporaryDirectory(prefix="duelcast-") as folder:
        path = Path(folder) / "duelcast.db"
        async with opened(path, clock) as database:
            yield database, path


@asynccontextmanager
async def _recording(errors: ErrorRecords) -> AsyncIterator[None]:
    await errors.load()
    recording = asyncio.create_task(errors.run())
    try:
        yield
    finally:
        recording.cancel()
        await asyncio.wait([recording])


@asynccontextmanager
async def _listening(app: Any, root_path: str) -> AsyncIterator[str]:
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="none", proxy_headers=False, root_path=root_path
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Named as TCP, so that asyncio switches Nagle's algorithm off.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        # Without `serve`, which would take over the signals of the test run.
        await server.startup([listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            await server.shutdown([listener])

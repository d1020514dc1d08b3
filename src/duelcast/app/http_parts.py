"""Builds the HTTP API of nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypedDict

from litestar.types import ASGIApp
from prometheus_client import CollectorRegistry

import duelcast
from duelcast.app import live_settings, parts
from duelcast.app.leader import Leader
from duelcast.app.node import Node
from duelcast.clock import Clock
from duelcast.domain.accounts.accounts import MemoryAccounts
from duelcast.domain.accounts.sessions import EndedSessions
from duelcast.domain.accounts.tokens import PublicKeys, TokenVerifier
from duelcast.domain.settings.current import CurrentSettings
from duelcast.domain.settings.declared import configured_values
from duelcast.endpoints.documents.asyncapi import asyncapi
from duelcast.endpoints.documents.model import describe
from duelcast.endpoints.kit import Endpoint
from duelcast.http.app import HttpApps, build_http_apps, build_operators_app, build_upstream
from duelcast.http.charges import RequestLimits
from duelcast.http.console_files import ConsoleFiles, built_console
from duelcast.http.services import HttpDomain, HttpServices, Readiness
from duelcast.http.upstream import Upstream
from duelcast.sampling import LogSampler
from duelcast.settings import Settings


def domain_of(leader: Leader, verifier: TokenVerifier) -> HttpDomain:
    """The parts of the domain that the HTTP API uses; `verifier` verifies the tokens that it issues."""
    settings = leader.settings
    return HttpDomain(
        market=leader.market,
        users=leader.users,
        contests=leader.contests,
        audit=leader.audit,
        registered_services=leader.operations.registry,
        errors=leader.operations.errors,
        outside_services=leader.operations.outside,
        settings=leader.system_settings,
        notifications=leader.notifications,
        idempotency=leader.idempotency,
        nodes=leader.nodes,
        sign_ins=parts.sign_ins_of(settings, leader.database, leader.clock, verifier, leader.ended_sessions),
    )


def http_apps_of(node: Node, ready: Callable[[], Readiness], domain: HttpDomain | Upstream) -> HttpApps:
    """The HTTP applications of `node`, which has the `domain`, or the way to the node that has it."""
    settings = node.settings
    services = HttpServices(
        domain=domain,
        live=node.gateway.live,
        verifier=node.verifier,
        clock=node.clock,
        origins=node.origins,
        ready=ready,
        registry=node.registry,
        trusted_proxies=node.proxies,
        refusals=node.refusals,
        **_configured(settings, node.endpoints),
    )
    return build_http_apps(
        services, None if settings.ops_port is None else parts.origins_of(settings, settings.ops_host)
    )


def upstream_of(leader: Leader, registry: CollectorRegistry, refusals: LogSampler) -> Upstream:
    """The HTTP API of `leader` for requests that gateways forward; `registry` and `refusals` are those of its node."""
    settings, clock = leader.settings, leader.clock
    # Gateways verify signatures, so that no keys of an issuer are needed here.
    verifier = parts.verifier_of(settings, leader.accounts, clock, leader.ended_sessions, None)
    return build_upstream(
        HttpServices(
            domain=domain_of(leader, verifier),
            live=leader.system_settings,
            verifier=verifier,
            clock=clock,
            origins=parts.origins_of(settings, settings.host),
            ready=lambda: Readiness(missing=leader.missing(), failed=leader.failed()),
            registry=registry,
            refusals=refusals,
            **_configured(settings, leader.endpoints),
        )
    )


def operators_app_of(
    settings: Settings,
    clock: Clock,
    endpoints: Mapping[str, Endpoint],
    registry: CollectorRegistry,
    refusals: LogSampler,
    keys: PublicKeys | None,
    ready: Callable[[], Readiness],
) -> ASGIApp:
    """The application of a node without clients. It knows no accounts, so that a role is that of the token."""
    accounts, ended_sessions = MemoryAccounts(settings.reserved_nicknames), EndedSessions(clock)
    live = CurrentSettings(live_settings.declared_of(endpoints.values()), configured_values(settings), clock)
    live.fill(())
    return build_operators_app(
        HttpServices(
            domain=None,
            live=live,
            verifier=parts.verifier_of(settings, accounts, clock, ended_sessions, keys),
            clock=clock,
            origins=parts.origins_of(settings, settings.ops_host),
            ready=ready,
            registry=registry,
            refusals=refusals,
            trusted_proxies=parts.proxies_of(settings),
            **_configured(settings, endpoints),
        )
    )


class _Configured(TypedDict):
    """The part of `HttpServices` that depends only on the settings."""

    asyncapi: Callable[[], dict[str, object]]
    version: str
    limits: RequestLimits
    public_ops: bool
    metrics_interval_s: float
    body_timeout_s: float
    auth_domain: str | None
    signs_in: bool
    max_forwarded: int
    console: ConsoleFiles | None


def _configured(settings: Settings, endpoints: Mapping[str, Endpoint]) -> _Configured:
    return _Configured(
        asyncapi=lambda: asyncapi(describe(endpoints.values())),
        version=duelcast.__version__,
        limits=RequestLimits(
            requests=settings.http_requests_per_minute,
            probes=settings.http_probes_per_minute,
            sign_ins=settings.sign_ins_per_minute,
            bytes_per_request=settings.http_bytes_per_request,
            factor=settings.rate_limit_factor,
        ),
        public_ops=settings.public_ops,
        metrics_interval_s=settings.metrics_interval_s,
        body_timeout_s=settings.http_body_timeout_s,
        auth_domain=settings.auth_domain,
        signs_in=parts.signs_in(settings),
        max_forwarded=settings.http_max_forwarded,
        console=built_console() if settings.console else None,
    )

"""The HTTP application."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, partial
from threading import Lock
from typing import Any

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.types import ASGIApp, ControllerRouterHandler, Scope

from duelcast.http.alerts import list_alerts
from duelcast.http.audit import audit_router
from duelcast.http.auth import auth_router
from duelcast.http.bodies import BODY_BYTES, StrictRequest
from duelcast.http.callers import CallerMiddleware
from duelcast.http.charges import Charges
from duelcast.http.docs.site import Site
from duelcast.http.documents import openapi_document
from duelcast.http.edge import Edge
from duelcast.http.entries import contests_router, list_my_contests
from duelcast.http.errors import errors_router
from duelcast.http.for_gateways import LeadingApplication
from duelcast.http.forwarding import Forwarding
from duelcast.http.metrics import Exposition, HttpMetrics
from duelcast.http.nodes import list_nodes
from duelcast.http.notifications import notifications_router
from duelcast.http.operations import Documents, documents_router, monitoring_router
from duelcast.http.pages import home_page
from duelcast.http.problems import problem_response
from duelcast.http.service_registry import services_router
from duelcast.http.services import HttpDomain, HttpServices, ServerState, server_of
from duelcast.http.settings import settings_router
from duelcast.http.tokens import tokens_router
from duelcast.http.upstream import Upstream
from duelcast.http.users import users_router
from duelcast.peers.origins import OriginRules
from duelcast.wire.frames import encode_value

API_PATH = "/api/v69"


_SERVICES = tuple(field.name for field in fields(HttpDomain))
"""The parts of the domain that handlers may request by name."""
_PROVIDED = (*_SERVICES, "services", "documents", "exposition")


@dataclass(frozen=True, slots=True)
class HttpApps:
    """ASGI applications: `public` serves everything except the WebSocket endpoints. If operators have a port of their
    own, `operators` serves `/metrics`, `/healthz` and `/readyz`, and `public` does not."""

    public: ASGIApp
    operators: ASGIApp | None = None


def build_http_apps(services: HttpServices, operators: OriginRules | None = None) -> HttpApps:
    """The applications; `operators` are the origin rules of the operators' own port, None if there is no such port.
    Opens no files or sockets and starts no tasks."""
    metrics = HttpMetrics(services.registry)
    charges = Charges(services.limits, services.clock, metrics)
    monitored, signs_in = operators is None, services.signs_in
    asyncapi = _once(lambda: _asyncapi(services.asyncapi()))
    http_api = _once(partial(openapi, services.version, signs_in=signs_in, monitored=monitored))
    has_console = services.console is not None
    documents = Documents(
        asyncapi=asyncapi,
        openapi=http_api,
        home=home_page(services.version, public_ops=services.public_ops, monitored=monitored),
        site=Site(lambda: asyncapi() + b"}", http_api, services.version, has_console=has_console),
    )
    exposition = Exposition(services.registry, services.clock, services.metrics_interval_s)
    provided = _provided_by(services) | {"documents": documents, "exposition": exposition}
    server = ServerState(services, charges, provided, _forwarding_of(services))
    public = Edge(_public_application(signs_in=signs_in, monitored=monitored), server, metrics)
    if operators is None:
        return HttpApps(public)
    server = replace(server, services=replace(services, origins=operators))
    return HttpApps(public, Edge(_operators_application(), server, metrics))


def build_operators_app(services: HttpServices) -> ASGIApp:
    """The application of a node that has an operators' port alone."""
    metrics = HttpMetrics(services.registry)
    charges = Charges(services.limits, services.clock, metrics)
    exposition = Exposition(services.registry, services.clock, services.metrics_interval_s)
    server = ServerState(services, charges, _provided_by(services) | {"exposition": exposition})
    return Edge(_operators_application(), server, metrics)


def build_upstream(services: HttpServices) -> Upstream:
    """The leader's end of the API, which serves no client itself: gateways have charged addresses and received
    bodies."""
    metrics = HttpMetrics(services.registry)
    charges = Charges(replace(services.limits, probes=0, sign_ins=0), services.clock, metrics)
    server = ServerState(services, charges, _provided_by(services))
    return LeadingApplication(_leading_application(signs_in=services.signs_in), server)


def _provided_by(services: HttpServices) -> dict[str, object]:
    return {name: getattr(services.domain, name, None) for name in _SERVICES} | {"services": services}


def _forwarding_of(services: HttpServices) -> Forwarding | None:
    """How requests reach the domain, if it is on another node."""
    if services.domain is None or isinstance(services.domain, HttpDomain):
        return None
    forwarding = Forwarding(services.domain, services.trusted_proxies, max_waiting=services.max_forwarded)
    services.registry.register(forwarding)
    return forwarding


@cache
def _public_application(*, signs_in: bool, monitored: bool) -> ASGIApp:
    return _application(_routers(signs_in=signs_in, monitored=monitored))


@cache
def _leading_application(*, signs_in: bool) -> ASGIApp:
    return _application([_api_router(signs_in=signs_in)])


@cache
def _operators_application() -> ASGIApp:
    return _application([monitoring_router()])


def _application(routers: Sequence[Router]) -> ASGIApp:
    """One application for all servers of the process: `Edge` puts the server that received a request into the scope of
    that request."""
    return Litestar(
        routers,
        dependencies={name: _provide(name) for name in _PROVIDED},
        middleware=[CallerMiddleware()],
        request_class=StrictRequest,
        request_max_body_size=BODY_BYTES,
        exception_handlers={Exception: problem_response},
        openapi_config=None,
        logging_config=None,
    )


def _routers(*, signs_in: bool, monitored: bool) -> list[Router]:
    """All handlers of the public port, including those for signing in if `signs_in`, and those for operators if
    `monitored`."""
    return [_api_router(signs_in=signs_in), documents_router(), *([monitoring_router()] if monitored else [])]


def _api_router(*, signs_in: bool) -> Router:
    """The handlers that need the domain."""
    resources: list[ControllerRouterHandler] = [
        tokens_router(),
        users_router(),
        list_my_contests,
        contests_router(),
        audit_router(),
        services_router(),
        list_nodes,
        list_alerts,
        errors_router(),
        settings_router(),
        notifications_router(),
    ]
    if signs_in:
        resources.append(auth_router())
    return Router(API_PATH, route_handlers=resources)


def _asyncapi(document: Mapping[str, Any]) -> bytes:
    """The AsyncAPI document up to its `servers`."""
    return encode_value({name: value for name, value in document.items() if name != "servers"}).removesuffix(b"}")


def _once(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """A function that makes the document when it is first called; other threads that call it meanwhile wait."""
    making, made = Lock(), cache(make)

    def document() -> bytes:
        with making:
            return made()

    return document


@cache
def openapi(version: str, *, signs_in: bool, monitored: bool) -> bytes:
    """The OpenAPI document of the handlers."""
    routers = _routers(signs_in=signs_in, monitored=monitored)
    return encode_value(openapi_document(routers, version, dependencies=_PROVIDED))


def _provide(name: str) -> Provide:
    def of_server(scope: Scope) -> object:
        return server_of(scope).provided[name]

    return Provide(of_server, sync_to_thread=False)

"""Health, metrics and documents, at the root (protocol §13)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from litestar import MediaType, Response, Router, get
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import SkipValidation
from msgspec import Struct
from prometheus_client import CONTENT_TYPE_LATEST

from duelcast.endpoints.documents.asyncapi import any_server, server_at
from duelcast.http.callers import OPEN_OPTION, SCOPE_OPTION, AnyRequest, caller_of, demand_admin, demand_scope
from duelcast.http.console_pages import console_redirect, get_console, get_console_asset, get_console_page
from duelcast.http.docs.site import Site
from duelcast.http.documents import problems
from duelcast.http.file_answers import answer
from duelcast.http.metrics import Exposition
from duelcast.http.own_address import host_of, prefix_of, uses_tls
from duelcast.http.pages import Page
from duelcast.http.services import Failure, HttpServices, server_of
from duelcast.wire.frames import encode_value

ReadyStatus = Literal["ready", "degraded", "starting", "draining", "unavailable"]

_JSON_MEDIA_TYPE = "application/json"
_NO_STORE = {"Cache-Control": "no-store"}


class Health(Struct):
    """The process answers."""

    status: Literal["ok"] = "ok"
    """Always `ok`."""


class ReadyState(Struct):
    """Whether the server accepts clients."""

    status: ReadyStatus
    """`ready` and `degraded` mean that clients may be sent here."""
    reasons: list[Failure]
    """The parts that do not work; always empty if the server hides them from the public."""


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents that the documentation routes serve; `asyncapi` ends before the `servers`, which depend on the
    request. The first call of `asyncapi` or `openapi` takes up to half a second, so it belongs in a thread."""

    asyncapi: Callable[[], bytes]
    openapi: Callable[[], bytes]
    home: Page
    site: Site


Services: TypeAlias = NamedDependency[SkipValidation[HttpServices]]
Finished: TypeAlias = NamedDependency[SkipValidation[Documents]]
TheExposition: TypeAlias = NamedDependency[SkipValidation[Exposition]]


async def _operators_only(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard: if `public_ops` is set, it admits everybody, otherwise only admins and machines with the route's
    scope."""
    if not server_of(connection.scope).services.public_ops:
        identity = caller_of(connection).known()
        demand_scope(identity, handler.opt.get(SCOPE_OPTION))
        demand_admin(identity)


@get(
    "/",
    summary="Start page",
    response_description="The page.",
    media_type=MediaType.HTML,
    responses={307: ResponseSpec(None, description="The console is at the `Location`.")},
)
async def get_home_page(documents: Finished, services: Services, request: AnyRequest) -> Response[bytes]:
    """Redirects to the console. Without one, this is a page with links to everything that everybody may see here."""
    return _page(documents.home) if services.console is None else console_redirect(request)


@get("/healthz", summary="Whether the process is alive", response_description="The process is alive.")
async def get_health() -> Health:
    """The parts and services that the process depends on are not checked."""
    return Health()


@get(
    "/readyz",
    summary="Whether clients may be sent here",
    response_description="Clients may be sent here; `reasons` says what does not work.",
    responses={
        503: ResponseSpec(
            ReadyState,
            generate_examples=False,
            description="Clients may not be sent here; `reasons` says why.",
            examples=[
                Example(
                    summary="The database is unreachable.",
                    value={
                        "status": "unavailable",
                        "reasons": [{"part": "storage", "reason": "The database is unreachable."}],
                    },
                )
            ],
        )
    },
)
async def get_readiness(services: Services) -> Response[ReadyState]:
    """The status is 503 while the server starts or drains, and if the storage or the bus has failed. If only a feed or
    a service has failed, the status is 200. `reasons` is always empty if the server hides it from the public."""
    now = services.ready()
    status: ReadyStatus = "degraded" if now.failed else "ready"
    if now.draining:
        status = "draining"
    elif now.starting:
        status = "starting"
    elif now.missing:
        status = "unavailable"
    state = ReadyState(status, [*now.missing, *now.failed] if services.public_ops else [])
    return Response(state, status_code=200 if status in ("ready", "degraded") else 503, headers=_NO_STORE)


@get(
    "/metrics",
    summary="Metrics",
    response_description="The metrics.",
    media_type=MediaType.TEXT,
    guards=[_operators_only],
    opt={SCOPE_OPTION: "metrics"},
    responses=problems(401, 403),
)
async def get_metrics(exposition: TheExposition) -> Response[bytes]:
    """Metrics in Prometheus' text format, by default at most a second old."""
    # The framework adds the character set itself.
    media_type = CONTENT_TYPE_LATEST.replace("; charset=utf-8", "")
    return Response(exposition.text(), media_type=media_type, headers=_NO_STORE)


@get(
    "/asyncapi.json",
    sync_to_thread=True,
    summary="The WebSocket endpoints",
    response_description="The document.",
    guards=[_operators_only],
    responses=problems(401, 403),
)
def get_asyncapi(documents: Finished, request: AnyRequest) -> Response[dict[str, Any]]:
    """An AsyncAPI 3.0 document. Its server is the one that was asked, at the address that the client used."""
    host = host_of(request)
    tls = uses_tls(request, server_of(request.scope).services.trusted_proxies)
    servers = any_server() if host is None else server_at(host, prefix_of(request), tls=tls)
    body = b'%b,"servers":%b}' % (documents.asyncapi(), encode_value(servers))
    return _json(body, {"Vary": "Host, X-Forwarded-Proto"})


@get(
    "/openapi.json",
    sync_to_thread=True,
    summary="The HTTP API",
    response_description="The document.",
    guards=[_operators_only],
    responses=problems(401, 403),
)
def get_openapi(documents: Finished) -> Response[dict[str, Any]]:
    """This document."""
    return _json(documents.openapi())


@get(
    "/docs",
    sync_to_thread=True,
    summary="Documentation",
    response_description="The page.",
    media_type=MediaType.HTML,
    guards=[_operators_only],
    responses=problems(401, 403),
)
def get_reference(documents: Finished, request: AnyRequest) -> Response[bytes]:
    """The first page of the documentation, which links to the others."""
    return _site_file(documents.site, request)


@get(
    "/docs/clients",
    sync_to_thread=True,
    summary="A client at work",
    response_description="The page.",
    media_type=MediaType.HTML,
    guards=[_operators_only],
    responses=problems(401, 403),
)
def get_client_guide(documents: Finished, request: AnyRequest) -> Response[bytes]:
    """A page that shows and runs the script of the guide for client developers."""
    return _site_file(documents.site, request)


@get("/docs/{page:path}", sync_to_thread=True, include_in_schema=False, guards=[_operators_only])
def get_documentation_page(documents: Finished, request: AnyRequest) -> Response[bytes]:
    """Any other page of the documentation, and the index for its search."""
    return _site_file(documents.site, request)


def monitoring_router() -> Router:
    """The routes for operators."""
    return _router(get_health, get_readiness, get_metrics)


def documents_router() -> Router:
    """The documents and the console, at the root."""
    console = (get_console, get_console_page, get_console_asset)
    return _router(
        get_home_page, get_asyncapi, get_openapi, get_reference, get_client_guide, get_documentation_page, *console
    )


def _router(*handlers: HTTPRouteHandler) -> Router:
    return Router(
        "/",
        route_handlers=handlers,
        opt={OPEN_OPTION: True},
        tags=["Operations"],
    )


def _json(encoded: Any, headers: dict[str, str] | None = None) -> Response[Any]:
    """An answer of JSON that is bytes already; a handler declares what they encode."""
    return Response(encoded, media_type=_JSON_MEDIA_TYPE, headers=headers)


def _page(page: Page) -> Response[bytes]:
    headers = {"Content-Security-Policy": page.content_security_policy, "Cache-Control": "no-cache"}
    return Response(page.html, media_type=MediaType.HTML, headers=headers)


def _site_file(site: Site, request: AnyRequest) -> Response[bytes]:
    found = site.find(request.scope["path"].removeprefix("/"))
    if found is None:
        raise NotFoundException
    headers = {"Cache-Control": "no-cache", "ETag": found.file.etag}
    if found.content_security_policy is not None:
        headers["Content-Security-Policy"] = found.content_security_policy
    return answer(found.file, headers, request)

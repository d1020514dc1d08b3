"""The HTTP application."""

from __future__ import annotations

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp, ControllerRouterHandler

from duelcast.http.audit import audit_router
from duelcast.http.auth import auth_router
from duelcast.http.bodies import MAX_BODY_BYTES, StrictRequest
from duelcast.http.callers import CallerMiddleware
from duelcast.http.documents import openapi_document
from duelcast.http.edge import Edge
from duelcast.http.entries import contests_router, list_own_contests
from duelcast.http.errors import errors_router
from duelcast.http.metrics import HttpMetrics
from duelcast.http.notifications import notifications_router
from duelcast.http.operations import Documents, operations_router
from duelcast.http.pages import clients_page, docs_page
from duelcast.http.problems import problem_response
from duelcast.http.service_registry import services_router
from duelcast.http.services import HttpServices
from duelcast.http.settings import settings_router
from duelcast.http.tokens import tokens_router
from duelcast.http.users import users_router
from duelcast.wire.frames import encode_value

API_PATH = "/api/v69"


def build_http_app(services: HttpServices) -> ASGIApp:
    """The ASGI application of everything but the WebSocket endpoints. Opens nothing, and owns no task."""
    metrics = HttpMetrics(services.registry)
    resources: list[ControllerRouterHandler] = [
        tokens_router(),
        users_router(),
        list_own_contests,
        contests_router(),
        audit_router(),
        services_router(),
        errors_router(),
        settings_router(),
        notifications_router(),
    ]
    if services.sign_ins is not None:
        resources.append(auth_router(services, metrics))
    routers = [Router(API_PATH, route_handlers=resources), operations_router()]
    provided = {
        "market": services.market,
        "users": services.users,
        "contests": services.contests,
        "audit": services.audit,
        "registered_services": services.registered_services,
        "outside_services": services.outside_services,
        "errors": services.errors,
        "settings": services.settings,
        "notifications": services.notifications,
        "sign_ins": services.sign_ins,
        "services": services,
    }
    openapi = openapi_document(routers, services.version, dependencies=[*provided, "documents"])
    documents = Documents(
        asyncapi=encode_value(services.asyncapi()),
        openapi=encode_value(openapi),
        docs=docs_page(services.version),
        clients=clients_page(services.version),
    )
    app = Litestar(
        routers,
        dependencies={name: _always(value) for name, value in {**provided, "documents": documents}.items()},
        middleware=[CallerMiddleware(services, metrics)],
        state=State({"services": services}, deep_copy=False),
        request_class=StrictRequest,
        request_max_body_size=MAX_BODY_BYTES,
        exception_handlers={Exception: problem_response},
        openapi_config=None,
        logging_config=None,
    )
    return Edge(app, services, metrics)


def _always(value: object) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)

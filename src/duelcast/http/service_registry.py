"""Services, and the reports of those outside the server (protocol §13)."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from litestar import Response, Router, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import Body, PathParameter, SkipValidation
from msgspec import Meta, Struct

from duelcast.domain.audit import Actor
from duelcast.domain.idempotency import Once
from duelcast.domain.operations import views
from duelcast.domain.operations.events import SkyDuelService
from duelcast.domain.operations.monitored_service import Service
from duelcast.domain.operations.outside import (
    Operation,
    OperationsTaken,
    OutsideServices,
    ServiceDefinition,
    is_name,
)
from duelcast.domain.operations.registry import Registry
from duelcast.errors import InvalidRequest
from duelcast.http.bodies import BULK_BODY_BYTES
from duelcast.http.callers import SCOPE_OPTION, CallerRequest, admins_only, caller
from duelcast.http.documents import problems
from duelcast.http.idempotency import REPLAYED_HEADER, IdempotencyKey, TheIdempotency, answer_once
from duelcast.http.parameters import Count

MAX_OPERATIONS = 1_000
MAX_DURATION_MS = 86_400_000

TheRegistry: TypeAlias = NamedDependency[SkipValidation[Registry]]
TheOutsideServices: TypeAlias = NamedDependency[SkipValidation[OutsideServices]]
NameParameter = Annotated[str, PathParameter(description="The name of a service: 1 to 64 of a-z 0-9 _ -.")]


class OperationInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One operation of the service."""

    ok: bool
    """Whether the operation succeeded."""
    durationMs: Annotated[float, Meta(ge=0, le=MAX_DURATION_MS)]
    """How long it took, in milliseconds."""
    error: Annotated[str, Meta(max_length=10_000)] | None = None
    """The error text of a failed operation; secrets in it are removed."""


class ServicePage(Struct):
    """Services, in the order in which they were added."""

    data: list[SkyDuelService]
    """The services."""
    count: Count


@get(
    "/",
    summary="All services",
    response_description="The services.",
    guards=[admins_only],
    responses=problems(401, 403, 429),
)
async def list_services(registered_services: TheRegistry) -> ServicePage:
    """The server's own services, and those outside it. For admins."""
    services = [_shown(registered_services, service) for service in registered_services]
    return ServicePage(services, len(services))


@get(
    "/{name:str}",
    summary="One service",
    response_description="The service.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 429),
)
async def get_service(registered_services: TheRegistry, name: NameParameter) -> SkyDuelService:
    """The service as it is now. For admins."""
    return _shown(registered_services, registered_services[name])


@put(
    "/{name:str}",
    summary="Add or change a service",
    response_description="The service as it is now.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 408, 409, 413, 415, 429, 503),
)
async def put_service(
    registered_services: TheRegistry,
    outside_services: TheOutsideServices,
    request: CallerRequest,
    name: NameParameter,
    data: Annotated[ServiceDefinition, Body(description="The complete service: omitted fields get their defaults.")],
) -> SkyDuelService:
    """This resets the figures and the breaker of the service. The server's own services and those of the configuration
    file cannot be changed. For admins."""
    if not is_name(name):
        raise InvalidRequest("The name of a service has 1 to 64 of a-z 0-9 _ -.", field="name")
    return _shown(registered_services, await outside_services.put(name, data, Actor.of(caller(request))))


@delete(
    "/{name:str}",
    summary="Remove a service",
    response_description="Removed.",
    guards=[admins_only],
    responses=problems(400, 401, 403, 404, 409, 429, 503),
)
async def delete_service(outside_services: TheOutsideServices, request: CallerRequest, name: NameParameter) -> None:
    """A service cannot be removed while other services depend on it. For admins."""
    await outside_services.delete(name, Actor.of(caller(request)))


@post(
    "/{name:str}/operations",
    summary="Report operations",
    response_description="The operations were counted.",
    status_code=200,
    guards=[admins_only],
    opt={SCOPE_OPTION: "operations"},
    request_max_body_size=BULK_BODY_BYTES,
    response_headers=[REPLAYED_HEADER],
    responses=problems(400, 401, 403, 404, 408, 409, 413, 415, 429, 503),
)
async def post_operations(
    outside_services: TheOutsideServices,
    idempotency: TheIdempotency,
    request: CallerRequest,
    name: NameParameter,
    data: Annotated[
        list[OperationInput], Body(description="Operations, oldest first.", min_items=1, max_items=MAX_OPERATIONS)
    ],
    idempotency_key: IdempotencyKey = None,
) -> Response[OperationsTaken]:
    """This is possible only for services of the kind `reported`. Needs the database only with an `Idempotency-Key`. For
    admins, and machines with the scope `operations`."""

    operations = [Operation(one.ok, one.durationMs, one.error) for one in data]

    async def report(once: Once | None) -> OperationsTaken:
        if once is None:
            return outside_services.report(name, operations)
        await outside_services.report_once(name, operations, once)
        return OperationsTaken(len(operations))

    return await answer_once(request, idempotency, idempotency_key, data, report)


def services_router() -> Router:
    """Everything under `/services`."""
    return Router(
        "/services",
        route_handlers=[list_services, get_service, put_service, delete_service, post_operations],
        tags=["Services"],
    )


def _shown(registry: Registry, service: Service) -> SkyDuelService:
    return views.managed(service, registry.dependents(service.name))

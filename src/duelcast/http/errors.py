"""Errors that services report (protocol §13)."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.params import Body, SkipValidation
from msgspec import Meta, Struct

from duelcast.domain.idempotency import Once
from duelcast.domain.operations.error_records import MAX_SOURCE_CHARACTERS, ErrorRecords
from duelcast.domain.operations.error_storing import Recorded
from duelcast.domain.operations.events import Name
from duelcast.errors import InvalidRequest
from duelcast.http.bodies import TEXTS_BODY_BYTES
from duelcast.http.callers import SCOPE_OPTION, CallerRequest, admins_only
from duelcast.http.documents import problems
from duelcast.http.idempotency import REPLAYED_HEADER, IdempotencyKey, TheIdempotency, answer_once
from duelcast.scrubbing import MAX_DETAILS_BYTES
from duelcast.store.errors import ErrorLevel
from duelcast.wire.json_rules import check_values

TheErrors: TypeAlias = NamedDependency[SkipValidation[ErrorRecords]]


class ErrorInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """An error that a service reports."""

    service: Name
    """The service that reports."""
    level: ErrorLevel
    """How severe the error is."""
    error: Annotated[str, Meta(min_length=1, max_length=10_000)]
    """The error message; 4,000 characters are kept."""
    source: Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE_CHARACTERS)] | None = None
    """Where the error occurred; by default the service."""
    details: dict[str, Any] | None = None
    """Further facts: at most 16 KiB of JSON."""


@post(
    "/",
    summary="Report an error",
    response_description="The record that counts the error.",
    status_code=200,
    guards=[admins_only],
    opt={SCOPE_OPTION: "errors"},
    request_max_body_size=TEXTS_BODY_BYTES,
    response_headers=[REPLAYED_HEADER],
    responses=problems(400, 401, 403, 408, 409, 413, 415, 429, 503),
)
async def post_error(
    errors: TheErrors,
    idempotency: TheIdempotency,
    request: CallerRequest,
    data: Annotated[ErrorInput, Body(description="The error, and where it happened.")],
    idempotency_key: IdempotencyKey = None,
) -> Response[Recorded]:
    """For admins, and machines with the scope `errors`. Tokens, passwords and addresses are removed from the texts.
    Equal errors within 10 seconds become one record."""
    details = data.details or {}
    # Clients receive a record within a list within an object.
    check_values({"details": details}, level=3)
    if len(msgspec.json.encode(details)) > MAX_DETAILS_BYTES:
        raise InvalidRequest("`details` must be at most 16 KiB of JSON.", field="details")

    async def record(once: Once | None) -> Recorded:
        return await errors.post(data.service, data.source or data.service, data.level, data.error, details, once)

    return await answer_once(request, idempotency, idempotency_key, data, record)


def errors_router() -> Router:
    """Everything under `/errors`."""
    return Router("/errors", route_handlers=[post_error], tags=["Errors"])

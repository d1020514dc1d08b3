"""Refusals as problem details (RFC 9457)."""

from __future__ import annotations

import math
import uuid
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import HTTPScope
from msgspec import UNSET, Struct, UnsetType

from duelcast.errors import AppError, InternalError, InvalidRequest
from duelcast.http.services import HttpServices, server_of
from duelcast.logs import exception_fields
from duelcast.peers.addresses import client_address

PROBLEM_MEDIA_TYPE = "application/problem+json"

_log = structlog.get_logger(__name__)

FRAMEWORK_REFUSALS = {
    400: ("INVALID_REQUEST", "The request cannot be read: see /docs."),
    403: ("PERMISSION_DENIED", "This is not allowed here."),
    404: ("NOT_FOUND", "There is nothing at this path: see /docs."),
    405: ("METHOD_NOT_ALLOWED", "This path does not support that method: see the header Allow."),
    408: ("REQUEST_TIMEOUT", "The body took too long: send it in time (by default within 30 seconds)."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json."),
}
"""The framework's own refusals, by status: the code, and what to do."""


class Problem(Struct, kw_only=True):
    """Problem details (RFC 9457): why a request was refused, and what to do."""

    type: str = "about:blank"
    """Always `about:blank`: `code` identifies the problem."""
    title: str
    """The name of the status."""
    status: int
    """The HTTP status."""
    detail: str
    """A sentence that says what to do."""
    code: str
    """The error code, for programs."""
    requestId: str
    """Identifies this request in the server's log, if it is logged there."""
    field: str | UnsetType = UNSET
    """The path of the invalid field."""
    retryAfterMs: int | UnsetType = UNSET
    """Milliseconds after which the same request may succeed."""
    errorId: str | UnsetType = UNSET
    """Identifies a defect in the server's log."""


class Refusal(Struct, frozen=True):
    """A problem, the headers that its response must have, and further members of the body (`extra`)."""

    problem: Problem
    headers: dict[str, str]
    extra: dict[str, Any]

    @property
    def body(self) -> bytes:
        return msgspec.json.encode(msgspec.to_builtins(self.problem) | self.extra)

    @property
    def head(self) -> list[tuple[bytes, bytes]]:
        """The headers, as ASGI wants them."""
        described = {"Content-Type": PROBLEM_MEDIA_TYPE, "Content-Length": str(len(self.body))}
        return [(name.lower().encode(), value.encode()) for name, value in (self.headers | described).items()]


def refusal_of(error: Exception, request_id: str) -> Refusal:
    """The refusal that a client receives for `error`. It never contains the text of an exception that is not ours."""
    if isinstance(error, AppError):
        return _refusal(
            error.http_status,
            error.code,
            error.message,
            request_id,
            field=error.field,
            retry_after_ms=error.retry_after_ms,
            extra=error.extra,
        )
    if isinstance(error, ValidationException) and (field := _missing_parameter(error)) is not None:
        return refusal_of(InvalidRequest(f"`{field}` is missing: see /docs.", field=field), request_id)
    if isinstance(error, ValidationException) and (field := _parameter_at_fault(error)) is not None:
        return _refusal(
            InvalidRequest.http_status,
            InvalidRequest.code,
            f"`{field}` has the wrong type or is out of range: see /docs.",
            request_id,
            field=field,
        )
    if isinstance(error, HTTPException) and error.status_code in FRAMEWORK_REFUSALS:
        code, detail = FRAMEWORK_REFUSALS[error.status_code]
        return _refusal(error.status_code, code, detail, request_id, headers=error.headers)
    return _refusal(
        InternalError.http_status,
        InternalError.code,
        "This is a defect of the server: report it with the errorId.",
        request_id,
        extra={"errorId": str(uuid.uuid4())},
    )


def _parameter_at_fault(error: ValidationException) -> str | None:
    """The first parameter that the framework could not convert."""
    found = error.extra[0] if isinstance(error.extra, list) and error.extra else None
    return found.get("key") if isinstance(found, dict) else None


def _missing_parameter(error: ValidationException) -> str | None:
    """The required parameter that the request lacks; the framework names it only in the cause of its error."""
    cause = error.__cause__
    return str(cause.args[0]) if isinstance(cause, KeyError) else None


def log_refusal(refusal: Refusal, error: Exception, scope: HTTPScope, services: HttpServices) -> None:
    """Log a refusal with its request id, and a defect also with its place in the code. Every defect is logged, but
    only a sample of the other refusals.

    The path in the log is that of the route, because the path that a client sent may contain a token.
    """
    problem = refusal.problem
    known: dict[str, Any] = {"request_id": problem.requestId, "method": scope["method"]}
    if "path_template" in scope:
        known["path"] = scope["path_template"]
    known |= {"status": problem.status, "code": problem.code}
    if problem.code == InternalError.code:
        _log.error("http_defect", **known, **refusal.extra, **exception_fields(error))
        return
    peer = scope["client"][0] if scope["client"] is not None else None
    forwarded_for = header_of(scope, b"x-forwarded-for")
    address = client_address(peer, forwarded_for, services.trusted_proxies)
    sample = services.refusals.admit(address, f"{problem.status} {problem.code}")
    if sample is not None:
        _log.info("http_refused", **known, **sample)


def header_of(scope: HTTPScope, name: bytes) -> str | None:
    """The values of a header, joined by commas; None if it is missing."""
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ",".join(values) if values else None


def problem_response(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The exception handler of the application."""
    refusal = refusal_of(error, request.scope["state"]["request_id"])
    log_refusal(refusal, error, request.scope, server_of(request.scope).services)
    return Response(
        refusal.body, status_code=refusal.problem.status, headers=refusal.headers, media_type=PROBLEM_MEDIA_TYPE
    )


def _refusal(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    field: str | None = None,
    retry_after_ms: int | None = None,
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Refusal:
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        requestId=request_id,
        field=UNSET if field is None else field,
        retryAfterMs=UNSET if retry_after_ms is None else retry_after_ms,
    )
    all_headers = {"Cache-Control": "no-store", **(headers or {})}
    if retry_after_ms is not None:
        all_headers["Retry-After"] = str(math.ceil(retry_after_ms / 1000))
    if status == HTTPStatus.REQUEST_TIMEOUT:
        # Otherwise the connection would wait for the rest of the body.
        all_headers["Connection"] = "close"
    if status == HTTPStatus.UNAUTHORIZED:
        all_headers["WWW-Authenticate"] = "Bearer"
    return Refusal(problem, all_headers, extra or {})

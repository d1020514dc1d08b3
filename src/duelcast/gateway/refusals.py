"""Requests refused by the transport itself, with problem details (RFC 9457)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from http import HTTPStatus

import structlog
from msgspec import json

from duelcast.sampling import LogSampler

log = structlog.get_logger("duelcast.gateway")

_CODES = {
    HTTPStatus.FORBIDDEN: "PERMISSION_DENIED",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
    HTTPStatus.UPGRADE_REQUIRED: "UPGRADE_REQUIRED",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "CONTENT_TOO_LARGE",
    HTTPStatus.SERVICE_UNAVAILABLE: "UNAVAILABLE",
}


class RefusedRequest(Exception):
    """A request whose connection ends with an HTTP answer. `detail` is a sentence of our own."""

    def __init__(self, status: HTTPStatus, detail: str, headers: Sequence[str] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers

    @property
    def code(self) -> str:
        return _CODES.get(self.status, "INVALID_REQUEST")

    def answer(self, request_id: str) -> bytes:
        """The whole answer, head and body."""
        body = json.encode(
            {
                "type": "about:blank",
                "title": self.status.phrase,
                "status": self.status.value,
                "detail": self.detail,
                "code": self.code,
                "requestId": request_id,
            }
        )
        head = [
            f"HTTP/1.1 {self.status.value} {self.status.phrase}",
            "Content-Type: application/problem+json",
            f"Content-Length: {len(body)}",
            f"X-Request-Id: {request_id}",
            "Connection: close",
            *self.headers,
        ]
        return "\r\n".join(head).encode("ascii") + b"\r\n\r\n" + body


def answer_to(refused: RefusedRequest, address: str, sampler: LogSampler) -> bytes:
    """The answer to a request from `address`. The log line about the request, if one is written, has the same request
    id as the answer."""
    request_id = uuid.uuid4().hex
    sample = sampler.admit(address, f"{refused.status.value} {refused.detail}")
    if sample is not None:
        log.info("request_refused", request_id=request_id, status=refused.status.value, code=refused.code, **sample)
    return refused.answer(request_id)


def bad_request(detail: str) -> RefusedRequest:
    return RefusedRequest(HTTPStatus.BAD_REQUEST, detail)


def not_http() -> RefusedRequest:
    return bad_request("This is not an HTTP/1.1 request (RFC 9112).")


def head_too_large() -> RefusedRequest:
    return RefusedRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The head of the request is too large.")

"""Answers the requests that gateways forward: the leader's end of the port `Upstream`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from litestar.connection import ASGIConnection
from litestar.types import ASGIApp, HTTPScope, Message, Receive

from duelcast.errors import RateLimitExceeded
from duelcast.http.callers import Connection, identify
from duelcast.http.charges import payer_of
from duelcast.http.problems import log_refusal, refusal_of
from duelcast.http.services import ServerState
from duelcast.http.upstream import ForwardedAnswer, ForwardedRequest, Headers, Upstream, nothing_more


class LeadingApplication:
    """Runs the handlers of `application`. Charges wallets, whose limits hold over all gateways; those of addresses are
    up to each gateway."""

    def __init__(self, application: ASGIApp, server: ServerState) -> None:
        self._application = application
        self._server = server

    async def answer(self, request: ForwardedRequest) -> ForwardedAnswer:
        """See `Upstream.answer`."""
        scope = _scope_of(request, self._server)
        connection: Connection = ASGIConnection(scope)
        caller = await identify(connection, self._server.services.verifier)
        scope["state"]["caller"] = caller
        payer = payer_of(caller.identity, None)
        collected = _Collected()
        try:
            self._server.charges.take_request(payer)
        except RateLimitExceeded as error:
            refusal = refusal_of(error, request.request_id)
            log_refusal(refusal, error, scope, self._server.services)
            return ForwardedAnswer(refusal.problem.status, refusal.head, refusal.body, nothing_more())
        await self._application(scope, _received(request.body), collected)
        body = b"".join(collected.pieces) if request.wants_body else b""
        self._server.charges.take_bytes(payer, len(request.body) + len(body))
        return ForwardedAnswer(collected.status, collected.headers, body, nothing_more())


class _Collected:
    """The `send` of one request. The handlers make whole answers, so nothing is gained by handing on their pieces."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: Headers = []
        self.pieces: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name), bytes(value)) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            self.pieces.append(message["body"])


def _received(body: bytes) -> Receive:
    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _scope_of(request: ForwardedRequest, server: ServerState) -> HTTPScope:
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": request.query,
        "root_path": "",
        "headers": request.headers,
        "client": (request.address, 0),
        "server": None,
        "extensions": {},
        "state": {"request_id": request.request_id, "server": server, "claims": request.claims},
    }
    return cast("HTTPScope", scope)


if TYPE_CHECKING:
    _conforms: type[Upstream] = LeadingApplication

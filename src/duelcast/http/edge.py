"""The outermost layer: applies to every HTTP request, including those that match no route.

It gives the request an id, identifies and charges the caller, refuses hosts that a loopback server must not answer to
(DNS rebinding), answers CORS, removes a proxy's prefix from the path, limits the time in which a body must arrive, and
counts requests.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from typing import cast

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException, NotFoundException
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send

from duelcast.clock import Clock
from duelcast.errors import InvalidMessage, InvalidRequest, PermissionDenied, UpgradeRequired
from duelcast.http.callers import Caller, Connection, address_key, identify
from duelcast.http.charges import payer_of
from duelcast.http.metrics import HttpMetrics
from duelcast.http.problems import header_of, log_refusal, refusal_of
from duelcast.http.services import ServerState
from duelcast.peers.origins import LOOPBACK_ALONE, ORIGIN_REFUSED

Headers = list[tuple[bytes, bytes]]

WEBSOCKET_PREFIX = "/api/v69/ws/"
# Matches an empty segment (also at the end of the path), `.` and `..`, an escaped slash, and an unnecessary escape.
_ALIAS = re.compile(r"//|/$|/\.{1,2}(?:/|$)|%2[Ff]|%(?:2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])")
_FOLDERS = frozenset({"/", "/console/"})
"""The routes that end with a slash, so that the links of their pages begin below them."""
PROBES = frozenset({"/healthz", "/readyz"})
_FIXED_HEADERS: Headers = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]


class Edge:
    """Wraps the application `inner`. Logs a sample of the refusals, but nothing about requests that succeed, and never
    a query string."""

    def __init__(self, inner: ASGIApp, server: ServerState, metrics: HttpMetrics) -> None:
        services = server.services
        self._inner = inner
        self._server = server
        self._services = services
        self._charges = server.charges
        self._origins = services.origins
        self._clock = services.clock
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        origin, host = header_of(scope, b"origin"), header_of(scope, b"host")
        host_allowed = self._origins.host_allowed(host)
        origin_allowed = host_allowed and self._origins.origin_allowed(origin, host)
        extra = [
            (b"x-request-id", request_id.encode()),
            *_FIXED_HEADERS,
            *_cors_headers(origin, allowed=origin_allowed),
        ]
        answer = _Answer(send, extra, self._metrics, self._clock.monotonic, scope["method"])
        inner_scope = _inner_scope(scope, request_id, self._server)
        try:
            payer = await self._charge(inner_scope)
            _demand_page(scope, inner_scope["path"], host_allowed=host_allowed, origin_allowed=origin_allowed)
        except Exception as error:
            await self._refuse(scope, answer, request_id, error)
            return
        if _is_preflight(scope):
            await answer({"type": "http.response.start", "status": 204, "headers": _preflight_headers()})
            await answer({"type": "http.response.body", "body": b"", "more_body": False})
            return
        arrival = _Arrival(receive, self._clock, self._services.body_timeout_s)
        try:
            await self._inner(inner_scope, arrival, answer)
        finally:
            self._charges.take_bytes(payer, arrival.received_bytes + answer.sent_bytes)

    async def _charge(self, scope: HTTPScope) -> str | None:
        """Identify and charge the caller; returns the key of the bucket that pays. Raises `RateLimitExceeded`."""
        connection: Connection = ASGIConnection(scope)
        address = address_key(connection, self._services.trusted_proxies)
        if scope["path"] in PROBES:
            scope["state"]["caller"] = Caller()
            self._charges.take_probe(address)
            return None
        caller = await identify(connection, self._services.verifier)
        scope["state"]["caller"] = caller
        payer = payer_of(caller.identity, address)
        self._charges.take_request(payer)
        return payer

    async def _refuse(self, scope: HTTPScope, send: Send, request_id: str, error: Exception) -> None:
        refusal = refusal_of(error, request_id)
        log_refusal(refusal, error, scope, self._services)
        headers = refusal.head
        if isinstance(error, UpgradeRequired):
            headers.append((b"upgrade", b"websocket"))
        await send({"type": "http.response.start", "status": refusal.problem.status, "headers": headers})
        await send({"type": "http.response.body", "body": refusal.body, "more_body": False})


class _Arrival:
    """The `receive` of one request, with a time limit until its body is complete.

    Raises `HTTPException` with status 408 after that time, so that nobody can hold a request open by sending nothing.
    Raises `InvalidMessage` if the client disconnects before the end of the body, because an exception of the framework
    would count as a defect of ours.
    """

    def __init__(self, receive: Receive, clock: Clock, timeout_s: float) -> None:
        self._receive = receive
        self._clock = clock
        self._deadline = clock.monotonic() + timeout_s
        self._complete = False
        self.received_bytes = 0

    async def __call__(self) -> HTTPReceiveMessage:
        """The next ASGI message."""
        if self._complete:
            return await self._next()
        message = await self._next_in_time()
        if message["type"] == "http.disconnect":
            raise InvalidMessage("The body ended before it was complete.")
        self.received_bytes += len(message["body"])
        self._complete = not message.get("more_body", False)
        return message

    async def _next(self) -> HTTPReceiveMessage:
        message = await self._receive()
        assert message["type"] in ("http.request", "http.disconnect"), "only requests are wrapped"
        return message

    async def _next_in_time(self) -> HTTPReceiveMessage:
        arriving = asyncio.ensure_future(self._next())
        timeout = asyncio.ensure_future(self._clock.sleep(self._deadline - self._clock.monotonic()))
        try:
            await asyncio.wait([arriving, timeout], return_when=asyncio.FIRST_COMPLETED)
            if not arriving.done():
                raise HTTPException(status_code=408)
            return arriving.result()
        finally:
            arriving.cancel()
            timeout.cancel()


class _Answer:
    """The `send` of one request: adds headers, omits the body of an answer to HEAD, and finally counts the request."""

    def __init__(
        self, send: Send, extra: Headers, metrics: HttpMetrics, monotonic: Callable[[], float], method: str
    ) -> None:
        self._send = send
        self._extra = extra
        self._metrics = metrics
        self._monotonic = monotonic
        self._method = method
        self._started_at = monotonic()
        self._status = 0
        self.sent_bytes = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message["headers"], *self._extra]
        elif message["type"] == "http.response.body":
            if self._method == "HEAD":
                message["body"] = b""
            self.sent_bytes += len(message["body"])
            if not message.get("more_body"):
                self._metrics.answered(self._method, self._status, self._monotonic() - self._started_at)
        await self._send(message)


def _is_preflight(scope: HTTPScope) -> bool:
    return (
        scope["method"] == "OPTIONS"
        and header_of(scope, b"origin") is not None
        and header_of(scope, b"access-control-request-method") is not None
    )


def _is_canonical(scope: HTTPScope) -> bool:
    """Whether the path is spelled like its route. Other spellings are refused, because a proxy that forbids a route may
    not recognise them.

    In a canonical path, a character is escaped only if a parameter cannot contain it unescaped (RFC 3986, 2.3 and
    6.2.2).
    """
    path = _own_path(scope["raw_path"].decode("latin-1"), scope)
    return path in _FOLDERS or _ALIAS.search(path) is None


def _own_path(path: str, scope: HTTPScope) -> str:
    """`path` without the prefix under which a proxy publishes the server. The HTTP server adds this prefix, and some
    proxies do not remove it, so it may be there twice."""
    prefix = _prefix_of(scope)
    for _ in range(2 if prefix else 0):
        if path == prefix or path.startswith(f"{prefix}/"):
            path = path.removeprefix(prefix) or "/"
    return path


def _prefix_of(scope: HTTPScope) -> str:
    return scope.get("root_path", "").rstrip("/")


def _inner_scope(scope: HTTPScope, request_id: str, server: ServerState) -> HTTPScope:
    """The scope for the routes, which know neither prefixes nor HEAD."""
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    changed = {
        "path": _own_path(scope["path"], scope),
        "root_path": "",
        "method": method,
        "state": {
            **scope.get("state", {}),
            "request_id": request_id,
            "server": server,
            "prefix": _prefix_of(scope),
            "wants_body": scope["method"] != "HEAD",
        },
    }
    return cast("HTTPScope", {**scope, **changed})


def _demand_page(scope: HTTPScope, path: str, *, host_allowed: bool, origin_allowed: bool) -> None:
    """Raise the refusals that do not depend on the route."""
    if not host_allowed:
        raise PermissionDenied(LOOPBACK_ALONE)
    if _is_preflight(scope):
        if not origin_allowed:
            raise PermissionDenied(ORIGIN_REFUSED)
    elif not _is_canonical(scope):
        raise NotFoundException
    elif b"%00" in scope["raw_path"] or b"%00" in scope["query_string"]:
        raise InvalidRequest("The address contains U+0000 (`%00`): leave it out.")
    elif path.startswith(WEBSOCKET_PREFIX):
        raise UpgradeRequired("This path is for WebSocket endpoints: connect with `ws:` or `wss:`; see /docs.")


# ── CORS (the Fetch standard) ─────────────────────────────────────────────────────────────────────────────────────────

_ALLOWED_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key"
_EXPOSED_HEADERS = "X-Request-Id, Retry-After, Idempotency-Replayed"
_PREFLIGHT_MAX_AGE_S = 600


def _cors_headers(origin: str | None, *, allowed: bool) -> Headers:
    """Headers for the answer to a request of `origin`. They let pages of an allowed origin read the answer, and make
    caches keep the answers to different origins apart."""
    headers = [(b"vary", b"Origin")]
    if origin is not None and allowed:
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
        headers.append((b"access-control-expose-headers", _EXPOSED_HEADERS.encode()))
    return headers


def _preflight_headers() -> Headers:
    """Headers for the answer to a preflight request of an allowed page."""
    return [
        (b"access-control-allow-methods", _ALLOWED_METHODS.encode()),
        (b"access-control-allow-headers", _ALLOWED_HEADERS.encode()),
        (b"access-control-max-age", str(_PREFLIGHT_MAX_AGE_S).encode()),
    ]

"""Who makes a request, how often they may, and what they may do (protocol 1.5, 13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.tokens import TokenVerifier
from duelcast.errors import AppError, PermissionDenied, RateLimitExceeded, Unauthorized
from duelcast.http.metrics import HttpMetrics
from duelcast.http.services import HttpServices
from duelcast.ratelimit import Buckets, scaled
from duelcast.wire.addresses import Network, address_bucket, client_address

REQUESTS_PER_MINUTE = 600

SCOPE_OPTION = "scope"
"""The option of a route that names the scope with which a machine's token may use it."""

MAINTENANCE_OPTION = "during_maintenance"
"""The option of routes that users may write to during maintenance."""

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

UNCOUNTED_OPTION = "uncounted"
"""The option of routes that do without all this."""

Connection = ASGIConnection[Any, Any, Any, Any]
CallerRequest: TypeAlias = Request[Identity | None, Any, Any]
"""Its `user` is who makes it."""


class CallerMiddleware(ASGIMiddleware):
    """Puts the identity, or None, into `scope["user"]`.

    A token must be valid wherever one is sent. Requests count for the wallet; without a valid token for the address,
    so that nobody can try tokens faster. A machine's token is counted nowhere, and good for the routes of its scopes
    alone.
    """

    exclude_opt_key = UNCOUNTED_OPTION

    def __init__(self, services: HttpServices, metrics: HttpMetrics) -> None:
        capacity = scaled(REQUESTS_PER_MINUTE, services.rate_limit_factor)
        self._buckets = Buckets(capacity) if capacity is not None else None
        if self._buckets is not None:
            metrics.watch(self._buckets)
        self._verifier = services.verifier
        self._clock = services.clock
        self._trusted_proxies = services.trusted_proxies
        self._metrics = metrics
        self._maintenance = services.settings.maintenance_refusal

    def __deepcopy__(self, _memo: dict[int, Any]) -> CallerMiddleware:
        # Litestar copies routers with all they hold; there is one count of requests, and one verifier.
        return self

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: Request[Any, Any, Any] = Request(scope)
        identity, refusal = None, None
        try:
            identity = await bearer_identity(request, self._verifier)
        except AppError as error:
            refusal = error
        self._count(request, identity)
        if refusal is not None:
            raise refusal
        demand_scope(identity, request.route_handler.opt.get(SCOPE_OPTION))
        self._demand_no_maintenance(request, identity)
        scope["user"] = identity
        await next_app(scope, receive, send)

    def _demand_no_maintenance(self, request: Request[Any, Any, Any], identity: Identity | None) -> None:
        if request.method not in _WRITES or request.route_handler.opt.get(MAINTENANCE_OPTION):
            return
        if identity is not None and identity.is_admin and not identity.scopes:
            return
        refusal = self._maintenance()
        if refusal is not None:
            raise refusal

    def _count(self, request: Request[Any, Any, Any], identity: Identity | None) -> None:
        if self._buckets is None or (identity is not None and identity.scopes):
            return
        key = f"wallet {identity.wallet}" if identity is not None else address_key(request, self._trusted_proxies)
        if key is None:
            return
        now = self._clock.monotonic()
        bucket = self._buckets.bucket(key, now)
        if not bucket.ready(now):
            self._metrics.rate_limited.inc()
            raise RateLimitExceeded("Too many requests: slow down.", retry_after_ms=bucket.retry_after_ms(now))
        bucket.take(now)


def address_key(connection: Connection, trusted_proxies: Sequence[Network]) -> str | None:
    """The key of the limits per address, None for loopback."""
    peer = connection.client.host if connection.client is not None else None
    forwarded_for = ",".join(connection.headers.getall("x-forwarded-for", []))
    return address_bucket(client_address(peer, forwarded_for, trusted_proxies))


async def bearer_identity(connection: Connection, verifier: TokenVerifier) -> Identity | None:
    """Who the header `Authorization` names; None without one. Raises as `TokenVerifier.verify` does."""
    value = connection.headers.get("authorization", "").strip()
    if not value:
        return None
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("Send the token as `Authorization: Bearer …`.")
    return await verifier.verify(token.strip())


def demand_scope(identity: Identity | None, needed: str | None) -> None:
    """Raises `PermissionDenied` for a machine's token without the scope `needed`; None: it is for no machine."""
    if identity is not None and identity.scopes and needed not in identity.scopes:
        raise PermissionDenied("The scope of this token does not reach here.")


def users_only(connection: Connection, _handler: BaseRouteHandler) -> None:
    """A guard: whoever brings a token."""
    identity: Identity | None = connection.scope["user"]
    demand_identity(identity)


def admins_only(connection: Connection, _handler: BaseRouteHandler) -> None:
    """A guard: admins, and machines, whose scope was checked before."""
    identity: Identity | None = connection.scope["user"]
    demand_admin(identity)


def caller(request: CallerRequest) -> Identity:
    """Who makes a request of a guarded route."""
    assert request.user is not None, "the route is guarded"
    return request.user


def demand_identity(identity: Identity | None) -> Identity:
    """Raises `Unauthorized` without an identity."""
    if identity is None:
        raise Unauthorized("Send a token: `Authorization: Bearer …`.")
    return identity


def demand_admin(identity: Identity | None) -> None:
    """Raises `Unauthorized` without an identity, `PermissionDenied` for one that is neither admin nor machine."""
    known = demand_identity(identity)
    if not known.is_admin and not known.scopes:
        raise PermissionDenied("This needs the role of an admin.")

"""Identifies the caller of a request, and checks what the caller may do (protocol §13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from duelcast.domain.accounts.claims import Claims
from duelcast.domain.accounts.identity import Identity
from duelcast.domain.accounts.tokens import TokenVerifier
from duelcast.errors import AppError, PermissionDenied, Unauthorized
from duelcast.http.bodies import take_body
from duelcast.http.services import HttpServices, server_of
from duelcast.peers.addresses import Network, address_bucket, client_address

SCOPE_OPTION = "scope"
"""The route option that names the scope that a machine's token needs."""

MAINTENANCE_OPTION = "during_maintenance"
"""The option of routes to which users may write during maintenance."""

SIGN_IN_OPTION = "sign_in"
"""The option of routes that begin or continue a session."""

OPEN_OPTION = "open"
"""The option of routes to which `CallerMiddleware` does not apply."""

_WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})

Connection = ASGIConnection[Any, Any, Any, Any]
AnyRequest: TypeAlias = Request[Any, Any, Any]
CallerRequest: TypeAlias = Request[Identity | None, Any, Any]
"""A request whose `user` is the caller."""


class Caller(Struct, frozen=True):
    """The verified identity of a request and the claims of its token, or None without a token. If the token is not
    valid, `refusal` says why."""

    identity: Identity | None = None
    refusal: AppError | None = None
    claims: Claims | None = None

    def known(self) -> Identity | None:
        """Return the identity, or raise `refusal` if there is one."""
        if self.refusal is not None:
            raise self.refusal
        return self.identity


class CallerMiddleware(ASGIMiddleware):
    """Puts the identity, or None, into `scope["user"]`, which guards check.

    Any token that is sent must be valid; a machine's token is valid only for the routes of its scopes. Because a body
    may take long to arrive, rights are checked before waiting for it, and again once it has arrived. Behind that, the
    handler runs, on this node or on the leader.
    """

    exclude_opt_key = OPEN_OPTION

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        request: AnyRequest = Request(scope, receive)
        handler = request.route_handler
        server = server_of(scope)
        self._admit(request, caller_of(request), server.services)
        if handler.opt.get(SIGN_IN_OPTION):
            server.charges.take_sign_in(address_key(request, server.services.trusted_proxies))
        if handler.parsed_data_field is not None:
            await handler.authorize_connection(request)
            await take_body(request)
            self._admit(request, await identify(request, server.services.verifier), server.services)
        if server.forward is not None:
            await handler.authorize_connection(request)
            await server.forward(request, receive, send)
            return
        # The framework calls the guards in here; for a route with a body, that is the second time.
        await next_app(scope, receive, send)

    def _admit(self, request: AnyRequest, caller: Caller, services: HttpServices) -> None:
        identity = caller.known()
        demand_scope(identity, request.route_handler.opt.get(SCOPE_OPTION))
        self._demand_no_maintenance(request, identity, services)
        request.scope["user"] = identity

    def _demand_no_maintenance(self, request: AnyRequest, identity: Identity | None, services: HttpServices) -> None:
        if request.method not in _WRITES or request.route_handler.opt.get(MAINTENANCE_OPTION):
            return
        if identity is not None and identity.is_admin and not identity.scopes:
            return
        refusal = services.live.maintenance_refusal()
        if refusal is not None:
            raise refusal


async def identify(connection: Connection, verifier: TokenVerifier) -> Caller:
    """The caller of a request, according to the current rights."""
    try:
        claims = await _claims(connection, verifier)
        return Caller() if claims is None else Caller(await verifier.identity(claims), claims=claims)
    except AppError as refusal:
        return Caller(refusal=refusal)


def caller_of(connection: Connection) -> Caller:
    """The caller of a request, according to the rights when its head arrived."""
    found: Caller = connection.scope["state"]["caller"]
    return found


def address_key(connection: Connection, trusted_proxies: Sequence[Network]) -> str | None:
    """The key of the limits per address; None for loopback."""
    return address_bucket(client_of(connection, trusted_proxies))


def client_of(connection: Connection, trusted_proxies: Sequence[Network]) -> str:
    """The address of the client, see `client_address`."""
    peer = connection.client.host if connection.client is not None else None
    forwarded_for = ",".join(connection.headers.getall("x-forwarded-for", []))
    return client_address(peer, forwarded_for, trusted_proxies)


async def _claims(connection: Connection, verifier: TokenVerifier) -> Claims | None:
    """The claims of the token in the header `Authorization`; None without that header. For a forwarded request, the
    client's node has verified them. Raises as `TokenVerifier.claims` does."""
    state = connection.scope["state"]
    if "claims" in state:
        verified: Claims | None = state["claims"]
        return verified
    value = connection.headers.get("authorization", "").strip()
    if not value:
        return None
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("Send the token as `Authorization: Bearer …`.")
    return await verifier.claims(token.strip())


def demand_scope(identity: Identity | None, needed: str | None) -> None:
    """Raise `PermissionDenied` for a machine's token without the scope `needed`, or for every machine's token if
    `needed` is None."""
    if identity is not None and identity.scopes and needed not in identity.scopes:
        raise PermissionDenied("The scopes of this token do not permit this.")


async def users_only(connection: Connection, _handler: BaseRouteHandler) -> None:
    """A guard: admits everybody with a token."""
    identity: Identity | None = connection.scope["user"]
    demand_identity(identity)


async def admins_only(connection: Connection, _handler: BaseRouteHandler) -> None:
    """A guard: admits admins, and machines, whose scope was checked before."""
    identity: Identity | None = connection.scope["user"]
    demand_admin(identity)


def caller(request: CallerRequest) -> Identity:
    """The caller of a guarded route."""
    assert request.user is not None, "the route is guarded"
    return request.user


def demand_identity(identity: Identity | None) -> Identity:
    """Return `identity`. Raises `Unauthorized` if it is None."""
    if identity is None:
        raise Unauthorized("Send a token: `Authorization: Bearer …`.")
    return identity


def demand_admin(identity: Identity | None) -> None:
    """Raise `Unauthorized` without an identity, and `PermissionDenied` unless the identity is an admin's or a
    machine's."""
    known = demand_identity(identity)
    if not known.is_admin and not known.scopes:
        raise PermissionDenied("This needs the role of an admin.")

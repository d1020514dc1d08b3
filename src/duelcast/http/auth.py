"""Signing in with a Solana wallet (protocol §13)."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import Body, SkipValidation
from msgspec import Meta, Struct

from duelcast.domain.accounts.challenges import MAX_DOMAIN_BYTES, MAX_ID_CHARACTERS
from duelcast.domain.accounts.sign_in import SignedIn, SignIns
from duelcast.endpoints.common import User, user_record
from duelcast.errors import PermissionDenied
from duelcast.http.bodies import SHORT_BODY_BYTES
from duelcast.http.callers import MAINTENANCE_OPTION, SIGN_IN_OPTION, CallerRequest, caller, users_only
from duelcast.http.documents import problems
from duelcast.http.services import HttpServices
from duelcast.wire.messages import Timestamp
from duelcast.wire.timestamps import format_time

# `(?!\n)` is needed because `$` alone also matches before a line break at the end.
_BASE58 = r"^[1-9A-HJ-NP-Za-km-z]+(?!\n)$"
Address = Annotated[
    str, Meta(min_length=32, max_length=44, pattern=_BASE58, description="The address of a Solana wallet.")
]
Signature = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        description="The Ed25519 signature of the message's UTF-8 bytes: 64 bytes in base58.",
    ),
]

TheSignIns: TypeAlias = NamedDependency[SkipValidation[SignIns]]
TheServices: TypeAlias = NamedDependency[SkipValidation[HttpServices]]


class ChallengeInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The wallet that wants to sign in."""

    wallet: Address


class ChallengeToSign(Struct):
    """A challenge, which is valid for one sign-in."""

    challengeId: str
    """Identifies the challenge."""
    message: str
    """The text that the wallet must sign exactly as it is."""
    expiresAt: Timestamp
    """Until when the challenge is valid."""


class SignatureInput(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A signed challenge."""

    challengeId: Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARACTERS)]
    """The `challengeId` of the challenge."""
    wallet: Address
    signature: Signature


class NewToken(Struct):
    """A token, and the user that it identifies."""

    token: str
    """The token, a JWT."""
    expiresAt: Timestamp
    """Until when the token is valid."""
    user: User
    """The user."""


@post(
    "/challenge",
    summary="Begin a sign-in",
    response_description="The message to sign.",
    status_code=200,
    responses=problems(400, 401, 403, 408, 413, 415, 429, 503),
)
async def create_challenge(
    sign_ins: TheSignIns,
    services: TheServices,
    request: CallerRequest,
    data: Annotated[ChallengeInput, Body(description="The wallet.")],
) -> ChallengeToSign:
    """The message names a domain, so that a wallet can notice if a page of another domain asks it to sign. The domain
    is the configured one or, if none is configured, the `Host` of the request, which must be a loopback name or belong
    to an allowed origin."""
    challenge = sign_ins.challenge(data.wallet, _domain(request, services))
    return ChallengeToSign(challenge.id, challenge.message, format_time(challenge.expires_at))


@post(
    "/verify",
    summary="Sign in",
    response_description="A token that is valid for an hour.",
    status_code=200,
    responses=problems(400, 401, 403, 408, 413, 415, 429, 503),
)
async def verify_challenge(
    sign_ins: TheSignIns, data: Annotated[SignatureInput, Body(description="The challenge and its signature.")]
) -> NewToken:
    """Each challenge can be used only once."""
    return _new_token(await sign_ins.verify(data.challengeId, data.wallet, data.signature))


@post(
    "/refresh",
    summary="Stay signed in",
    response_description="A token that is valid for another hour.",
    status_code=200,
    guards=[users_only],
    responses=problems(401, 403, 429, 503),
)
async def refresh_token(sign_ins: TheSignIns, request: CallerRequest) -> NewToken:
    """This is possible for seven days after the sign-in. The previous token stays valid until it expires."""
    return _new_token(await sign_ins.refresh(caller(request)))


@post(
    "/logout",
    summary="Sign out",
    response_description="Signed out.",
    status_code=204,
    guards=[users_only],
    responses=problems(401, 403, 429, 503),
)
async def logout(sign_ins: TheSignIns, request: CallerRequest) -> None:
    """All tokens of the same sign-in become invalid at once; open connections end as if the token had expired."""
    await sign_ins.logout(caller(request))


def auth_router() -> Router:
    """Everything under `/auth`."""
    begun = Router("/", route_handlers=[create_challenge, verify_challenge, refresh_token], opt={SIGN_IN_OPTION: True})
    return Router(
        "/auth",
        route_handlers=[begun, logout],
        tags=["Sign-in"],
        opt={MAINTENANCE_OPTION: True},
        request_max_body_size=SHORT_BODY_BYTES,
    )


def _domain(request: CallerRequest, services: HttpServices) -> str:
    """The domain that a message names.

    An attacker who can choose the `Host` of a request could make a wallet sign for the attacker's page, so only names
    that such a page cannot have are accepted. Raises `PermissionDenied` for others.
    """
    if services.auth_domain is not None:
        return services.auth_domain
    host = request.headers.get("host")
    if host is None or len(host) > MAX_DOMAIN_BYTES or not services.origins.host_known(host):
        raise PermissionDenied("Nobody can sign in under this host name: the operator must configure a domain.")
    return host.lower()


def _new_token(signed_in: SignedIn) -> NewToken:
    user = user_record(signed_in.identity)
    assert user is not None
    return NewToken(signed_in.token, format_time(signed_in.identity.expires_at), user)

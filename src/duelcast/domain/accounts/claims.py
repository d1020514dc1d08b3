"""The claims of a token (RFC 7519; protocol §1.2), read from its verified payload."""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from duelcast.channels.names import Role
from duelcast.domain.accounts.identity import SCOPES, is_wallet, role_of
from duelcast.domain.accounts.nicknames import is_nickname
from duelcast.errors import Unauthorized

LEEWAY_S = 30.0
"""The maximum difference allowed between the clocks of the issuer and of this server."""
_MAX_TIME_S = 253_402_300_799 - LEEWAY_S
"""The end of the year 9999, less the leeway. A later time is presumably in milliseconds."""

_SESSION_ID = re.compile(r"[A-Za-z0-9_\-]{43}")

NO_RIGHTS = frozenset({"none"})
"""The scopes of a token whose claim `scope` contains no known name. Such a token still counts as a machine's, but
permits nothing."""


class Claims(Struct, frozen=True):
    """The claims that the server uses. `expires_at` is in epoch seconds, without the leeway. `session_id` is the claim
    `sid`, or None if the claim is missing or does not have the form of the ids that we issue; `TokenVerifier` then puts
    another id in its place."""

    wallet: str
    role: Role
    nickname: str | None
    expires_at: float
    scopes: frozenset[str]
    session_id: str | None


def read_claims(payload: dict[str, Any], now_s: float, *, issuer: str | None, audience: str | None) -> Claims:
    """The claims of a payload whose signature was verified. `now_s` is in epoch seconds.

    Raises `Unauthorized` if the token is not valid now, was issued by another issuer or for another audience, or names
    no wallet.
    """
    expires_at = _check_times(payload, now_s)
    if issuer is not None and payload.get("iss") != issuer:
        raise Unauthorized("The token was issued by another issuer.")
    if audience is not None and not _is_for(payload.get("aud"), audience):
        raise Unauthorized("The token is for another audience.")
    nickname = payload.get("nickname")
    return Claims(
        wallet=_wallet(payload),
        role=role_of(payload.get("role")),
        nickname=nickname if isinstance(nickname, str) and is_nickname(nickname) else None,
        expires_at=expires_at,
        scopes=_scopes(payload),
        session_id=_session_id(payload),
    )


def _check_times(payload: dict[str, Any], now_s: float) -> float:
    expires_at = _time(payload, "exp")
    if expires_at is None:
        raise Unauthorized("The token has no `exp`: get one that expires.")
    if now_s >= expires_at + LEEWAY_S:
        raise Unauthorized("The token has expired: get a new one.")
    begins_at = _time(payload, "nbf")
    if begins_at is not None and now_s < begins_at - LEEWAY_S:
        raise Unauthorized("The token is not valid yet (`nbf` is in the future).")
    return expires_at


def _time(payload: dict[str, Any], claim: str) -> float | None:
    """The value of a claim that is a NumericDate (RFC 7519, 2); None if the claim is missing."""
    value = payload.get(claim)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MAX_TIME_S:
        raise Unauthorized(f"`{claim}` of the token is not a number of seconds since 1970.")
    return float(value)


def _is_for(claimed: object, audience: str) -> bool:
    return claimed == audience or (isinstance(claimed, list) and audience in claimed)


def _wallet(payload: dict[str, Any]) -> str:
    wallet = payload.get("wallet_address") or payload.get("sub")
    if not isinstance(wallet, str) or not is_wallet(wallet):
        raise Unauthorized("The token names no valid wallet in `wallet_address` or `sub`.")
    return wallet


def _scopes(payload: dict[str, Any]) -> frozenset[str]:
    """The scopes of the token, empty if it is a person's. A token whose `scope` cannot be read is refused instead of
    being treated as a person's."""
    claimed = payload.get("scope")
    if claimed is None:
        return frozenset()
    if not isinstance(claimed, str | list) or claimed == "":
        raise Unauthorized(
            "The `scope` of a token must be a list or a space-separated string of names; omit it for a person."
        )
    names = claimed.split() if isinstance(claimed, str) else claimed
    return frozenset(scope for scope in SCOPES if scope in names) or NO_RIGHTS


def _session_id(payload: dict[str, Any]) -> str | None:
    claimed = payload.get("sid")
    return claimed if isinstance(claimed, str) and _SESSION_ID.fullmatch(claimed) else None

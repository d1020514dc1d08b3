"""Tokens for clients (JWT, RFC 7519)."""

from __future__ import annotations

import time
from functools import cache

import jwt

from tests.cluster_kills.local import SECRET

VALID_S = 4 * 3600


@cache
def headers_of(wallet: str | None, role: str = "user") -> dict[str, str]:
    """The header with a token of `wallet`; none for somebody without a wallet."""
    if wallet is None:
        return {}
    claims = {"wallet_address": wallet, "role": role, "exp": int(time.time()) + VALID_S}
    return {"Authorization": f"Bearer {jwt.encode(claims, SECRET, 'HS256')}"}

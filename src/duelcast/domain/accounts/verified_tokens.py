"""Tokens that were verified a moment ago, so that a client that connects again costs no second verification.

Only what the token itself says is remembered. Bans, roles, nicknames and ended sessions are looked up each time.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from secrets import token_bytes
from typing import NamedTuple

import jwt

from duelcast.domain.accounts.claims import LEEWAY_S, Claims

MAX_REMEMBERED = 10_000
"""About 6 MB."""
_DIGEST_BYTES = 32


class Verified(NamedTuple):
    """The claims of a verified token. `key` is the public key that verified it, which its header calls `key_id`; None
    if the secret did."""

    claims: Claims
    key_id: str | None = None
    key: jwt.PyJWK | None = None


class VerifiedTokens:
    """The `most` tokens that were used last, until they expire.

    A token is known by a hash under a key that only this process has, so that a copy of its memory contains no tokens,
    and nobody can look for tokens with equal hashes.
    """

    def __init__(self, most: int = MAX_REMEMBERED) -> None:
        self._most = most
        self._hash = blake2b(key=token_bytes(blake2b.MAX_KEY_SIZE), digest_size=_DIGEST_BYTES)
        self._by_digest: OrderedDict[bytes, Verified] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_digest)

    def find(self, token: str, now_s: float) -> Verified | None:
        """The remembered verification of `token`; None if there is none, or it has expired at `now_s` (epoch
        seconds)."""
        digest = self._digest(token)
        verified = self._by_digest.get(digest)
        if verified is None:
            return None
        if now_s >= verified.claims.expires_at + LEEWAY_S:
            del self._by_digest[digest]
            return None
        self._by_digest.move_to_end(digest)
        return verified

    def remember(self, token: str, verified: Verified) -> None:
        """Remember a token whose signature and claims are valid now."""
        self._by_digest[self._digest(token)] = verified
        if len(self._by_digest) > self._most:
            self._by_digest.popitem(last=False)

    def _digest(self, token: str) -> bytes:
        hashed = self._hash.copy()  # cheaper than a new one
        hashed.update(token.encode("ascii"))
        return hashed.digest()

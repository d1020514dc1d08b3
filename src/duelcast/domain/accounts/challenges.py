"""Challenges: messages that wallets must sign when their owners sign in.

The id of a challenge contains the server's signature and, apart from the wallet, everything needed to check that
challenge later. Unanswered challenges are not stored, so that strangers cannot fill a table with them.
"""

from __future__ import annotations

import hmac
import math
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from struct import Struct as Layout

from msgspec import Struct

from duelcast.wire.timestamps import format_ms

CHALLENGE_LIFETIME_MS = 300_000
MAX_DOMAIN_BYTES = 255
MAX_ID_CHARACTERS = 512

_PURPOSE = b"duelcast: challenges of sign-ins, 1"
"""The label from which a separate key is derived, so that the signature of a challenge can never serve as the signature
of a token."""
_HEAD = Layout("!16sQ")
"""The layout of the nonce and the expiry (epoch milliseconds), which precede the domain."""
_SIGNATURE_BYTES = sha256().digest_size


class Challenge(Struct, frozen=True):
    """A request to a wallet to sign `message`. `nonce` is a string of hexadecimal digits that is different in each
    challenge."""

    id: str
    message: str
    nonce: str
    expires_ms: int

    @property
    def expires_at(self) -> float:
        """The expiry in epoch seconds."""
        return self.expires_ms / 1000


class Challenges:
    """Makes challenges and recognises its own, even after a restart with the same `secret`."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), _PURPOSE, sha256)

    def make(self, wallet: str, domain: str, now_s: float) -> Challenge:
        """A new challenge. Raises `ValueError` for a domain of more than `MAX_DOMAIN_BYTES`."""
        if len(domain.encode()) > MAX_DOMAIN_BYTES:
            raise ValueError("the domain is too long")
        expires_ms = math.floor(now_s * 1000) + CHALLENGE_LIFETIME_MS
        return self._signed(wallet, domain, secrets.token_bytes(16), expires_ms)

    def read(self, challenge_id: str, wallet: str) -> Challenge | None:
        """The challenge with `challenge_id`, or None if we did not issue this id for `wallet`. The challenge may have
        expired or been used."""
        try:
            sent = urlsafe_b64decode(challenge_id.encode("ascii"))
        except ValueError:
            return None
        signature, content = sent[:_SIGNATURE_BYTES], sent[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(wallet, content)):
            return None
        nonce, expires_ms = _HEAD.unpack_from(content)
        return self._signed(wallet, content[_HEAD.size :].decode(), nonce, expires_ms)

    def _signed(self, wallet: str, domain: str, nonce: bytes, expires_ms: int) -> Challenge:
        content = _HEAD.pack(nonce, expires_ms) + domain.encode()
        challenge_id = urlsafe_b64encode(self._signature(wallet, content) + content).decode()
        return Challenge(challenge_id, _message(domain, wallet, nonce.hex(), expires_ms), nonce.hex(), expires_ms)

    def _signature(self, wallet: str, content: bytes) -> bytes:
        return hmac.digest(self._key, wallet.encode() + b"\0" + content, sha256)


def _message(domain: str, wallet: str, nonce: str, expires_ms: int) -> str:
    """The message in the form of Sign-In With Solana, which wallets recognise and show."""
    return (
        f"{domain} wants you to sign in with your Solana account:\n"
        f"{wallet}\n"
        "\n"
        "Signing in costs nothing and moves nothing.\n"
        "\n"
        "Version: 1\n"
        f"Nonce: {nonce}\n"
        f"Issued At: {format_ms(expires_ms - CHALLENGE_LIFETIME_MS)}\n"
        f"Expiration Time: {format_ms(expires_ms)}"
    )

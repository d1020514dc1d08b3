"""Proves knowledge of a password without revealing it: SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import unicodedata

MECHANISM = "SCRAM-SHA-256"
MAX_ITERATIONS = 1_000_000
"""We compute at most this many iterations of the hash; the server chooses the number."""


class ScramFailed(Exception):
    """Raised if the server does not follow the protocol, or does not know the password."""


class ScramClient:
    """One login: send the result of `begin`, pass the server's answer to `final` and send the result, then pass the
    next answer to `verify`.

    `pending` is true after `begin` until the server has proved in `verify` that it knows the password.
    """

    def __init__(self, password: str) -> None:
        # This is the only step of SASLprep (RFC 4013) that changes passwords that people can type.
        self._password = unicodedata.normalize("NFKC", password).encode()
        self._nonce = secrets.token_urlsafe(18)
        self._first = f"n=,r={self._nonce}"
        self._signature = b""
        self.pending = False

    def begin(self) -> bytes:
        self.pending = True
        return f"n,,{self._first}".encode()

    def final(self, server_first: bytes) -> bytes:
        """The message that answers `server_first`; takes up to a second of CPU time. Raises `ScramFailed`."""
        nonce, salt, iterations = self._challenge(server_first)
        without_proof = b"c=biws,r=" + nonce
        message = b",".join((self._first.encode(), server_first, without_proof))
        salted = hashlib.pbkdf2_hmac("sha256", self._password, salt, iterations)
        key = _hmac(salted, b"Client Key")
        proof = bytes(a ^ b for a, b in zip(key, _hmac(hashlib.sha256(key).digest(), message), strict=True))
        self._signature = _hmac(_hmac(salted, b"Server Key"), message)
        return without_proof + b",p=" + base64.b64encode(proof)

    def verify(self, server_final: bytes) -> None:
        """Raise `ScramFailed` if the server does not prove that it knows the password too."""
        if not self._signature or not hmac.compare_digest(server_final, b"v=" + base64.b64encode(self._signature)):
            raise ScramFailed
        self.pending = False

    def _challenge(self, server_first: bytes) -> tuple[bytes, bytes, int]:
        fields = dict(field.partition(b"=")[::2] for field in server_first.split(b","))
        try:
            nonce, salt, iterations = fields[b"r"], base64.b64decode(fields[b"s"], validate=True), int(fields[b"i"])
        except (KeyError, ValueError, binascii.Error):
            raise ScramFailed from None
        if not nonce.startswith(self._nonce.encode()) or not 1 <= iterations <= MAX_ITERATIONS:
            raise ScramFailed
        return nonce, salt, iterations


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")

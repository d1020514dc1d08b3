"""Solana wallets: addresses and signatures, written by other code than that under test."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data: bytes) -> str:
    """As https://datatracker.ietf.org/doc/html/draft-msporny-base58-03 describes it: by hand, digit after digit."""
    digits: list[int] = []
    for byte in data:
        carry = byte
        for index, digit in enumerate(digits):
            carry += digit * 256
            digits[index] = carry % 58
            carry //= 58
        while carry:
            digits.append(carry % 58)
            carry //= 58
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "1" * zeros + "".join(ALPHABET[digit] for digit in reversed(digits))


class Wallet:
    """The wallet of the private key `seed`; without one a new wallet."""

    def __init__(self, seed: bytes | None = None) -> None:
        self._key = Ed25519PrivateKey.generate() if seed is None else Ed25519PrivateKey.from_private_bytes(seed)
        self.address = base58(self._key.public_key().public_bytes_raw())

    def sign(self, message: str) -> str:
        return base58(self._key.sign(message.encode()))

"""Keys and signatures of wallets: Ed25519 (RFC 8032), in base58 with Bitcoin's alphabet, as Solana writes them."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES = 32
SIGNATURE_BYTES = 64

_PRIME = 2**255 - 19
_ORDER_8_Y = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y = {0, 1, _PRIME - 1, _ORDER_8_Y, _PRIME - _ORDER_8_Y}
"""The y coordinates of all points of small order (1, 2, 4 and 8). Anybody can sign for a key with such a coordinate.
The key with y = 0 is the address of Solana's system program."""

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


def read_key(wallet: str) -> Ed25519PublicKey | None:
    """The public key that a wallet's address encodes; None if the address is malformed, or if nobody could own the
    matching secret key."""
    try:
        key = decode_base58(wallet, KEY_BYTES)
    except ValueError:
        return None
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y >= _PRIME or y in _SMALL_ORDER_Y:
        return None
    return Ed25519PublicKey.from_public_bytes(key)


def is_signed(message: str, wallet: str, signature: str) -> bool:
    """Whether `signature` is the signature of the wallet's owner over the UTF-8 bytes of `message`."""
    key = read_key(wallet)
    if key is None:
        return False
    try:
        key.verify(decode_base58(signature, SIGNATURE_BYTES), message.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def decode_base58(text: str, size: int) -> bytes:
    """Decode exactly `size` bytes. Each value has only one encoding, with a leading `1` for each leading zero byte.

    Raises `ValueError` if `text` uses another alphabet or decodes to another length. A text that is too long is refused
    without being decoded.
    """
    # 11 characters hold more than 8 bytes (58¹¹ > 2⁶⁴), and 11 / 8 = 1.375, so a text longer than the upper limit
    # decodes to more than `size` bytes. A text of fewer than `size` characters decodes to fewer bytes.
    if not size <= len(text) <= size * 1.375 + 1:
        raise ValueError("another length")
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            raise ValueError("another alphabet")
        number = number * len(_ALPHABET) + value
    zeros = len(text) - len(text.lstrip("1"))
    significant = (number.bit_length() + 7) // 8
    if zeros + significant != size:
        raise ValueError("another length")
    return number.to_bytes(size, "big")

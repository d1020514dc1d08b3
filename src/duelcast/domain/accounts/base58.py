"""base58 in Bitcoin's alphabet, as Solana writes addresses and signatures."""

from __future__ import annotations

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}


def decode_base58(text: str, size: int) -> bytes:
    """Exactly `size` bytes. Each has one spelling: a leading `1` stands for a zero byte.

    Raises `ValueError` for another alphabet or length; a long text costs nothing.
    """
    # 58² < 2¹², so no longer text decodes to so few bytes.
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

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.accounts.wallet_keys import is_signed, read_key
from tests.domain.accounts.wallets import Wallet, base58

PRIME = 2**255 - 19
D = -121665 * pow(121666, -1, PRIME) % PRIME
Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


def add(left: Point, right: Point) -> Point:
    """RFC 8032, 5.1.4, in affine coordinates."""
    (x1, y1), (x2, y2) = left, right
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, PRIME)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, PRIME)
    return x % PRIME, y % PRIME


def small_order_points() -> set[Point]:
    """Those of order 1 and 2 have x = 0, those of order 4 y = 0. Those of order 8 double to y = 0, so that x² = −y²,
    and the curve −x² + y² = 1 + d·x²·y² becomes d·y⁴ + 2y² − 1 = 0."""
    found = {NEUTRAL, (0, PRIME - 1), *((x, 0) for x in square_roots(-1))}
    for root in square_roots(1 + D):
        y_squared = (root - 1) * pow(D, -1, PRIME)
        found |= {(x, y) for y in square_roots(y_squared) for x in square_roots(-y_squared)}
    return found


def square_roots(value: int) -> list[int]:
    """RFC 8032, 5.1.3."""
    value %= PRIME
    candidate = pow(value, (PRIME + 3) // 8, PRIME)
    for root in (candidate, candidate * pow(2, (PRIME - 1) // 4, PRIME) % PRIME):
        if root * root % PRIME == value:
            return [root, PRIME - root]
    return []


def encoded(x: int, y: int) -> bytes:
    return (y | (x & 1) << 255).to_bytes(32, "little")


def test_a_signature_of_rfc_8032() -> None:
    """7.1, test 1, whose message is empty, and test 2."""
    first = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert is_signed("", base58(first), base58(signature))
    second = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert is_signed("r", base58(second), base58(signature))


@given(st.text(max_size=50), st.text(max_size=50), st.integers(0, 63), st.integers(1, 255))
def test_only_the_message_that_was_signed_is(message: str, other: str, position: int, change: int) -> None:
    wallet, somebody = Wallet(b"\x01" * 32), Wallet(b"\x02" * 32)
    signature = wallet.sign(message)
    assert is_signed(message, wallet.address, signature)
    assert is_signed(other, wallet.address, signature) is (message == other)
    assert not is_signed(message, somebody.address, signature)


@pytest.mark.parametrize("signature", ["", "1", "not base58!", "1" * 64, base58(b"\x01" * 63), base58(b"\xff" * 64)])
def test_what_is_no_signature_signs_nothing(signature: str) -> None:
    assert not is_signed("text", Wallet().address, signature)


@pytest.mark.parametrize("wallet", ["", "alice", "1" * 31, base58(b"\x01" * 31), base58(b"\x01" * 33), "0" * 32])
def test_what_is_no_address_has_no_key(wallet: str) -> None:
    assert read_key(wallet) is None
    assert not is_signed("text", wallet, base58(bytes(64)))


def test_a_key_that_anybody_can_sign_for_is_none() -> None:
    points = small_order_points()
    assert len(points) == 8
    for point in points:
        eightfold = NEUTRAL
        for _ in range(8):
            eightfold = add(eightfold, point)
        assert eightfold == NEUTRAL
        assert read_key(base58(encoded(*point))) is None


@pytest.mark.parametrize("y", [PRIME, PRIME + 1, 2**255 - 1])
def test_a_key_in_another_spelling_is_none(y: int) -> None:
    assert read_key(base58(y.to_bytes(32, "little"))) is None

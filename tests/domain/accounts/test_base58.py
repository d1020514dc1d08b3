from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.accounts.wallet_keys import decode_base58
from tests.domain.accounts.wallets import ALPHABET, base58

SIZES = [32, 64]


@given(st.sampled_from(SIZES).flatmap(lambda size: st.binary(min_size=size, max_size=size)), st.integers(0, 64))
def test_what_was_written_is_read_back(data: bytes, zeros: int) -> None:
    data = bytes(min(zeros, len(data))) + data[zeros:]
    assert decode_base58(base58(data), len(data)) == data


@given(st.text(ALPHABET, min_size=30, max_size=46))
def test_what_is_read_has_one_spelling(text: str) -> None:
    try:
        data = decode_base58(text, 32)
    except ValueError:
        return
    assert base58(data) == text


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", [-1, 1])
def test_another_length_is_refused(size: int, step: int) -> None:
    for filler in (0, 1, 255):
        with pytest.raises(ValueError, match="length"):
            decode_base58(base58(bytes([filler]) * (size + step)), size)


@pytest.mark.parametrize("character", ["0", "O", "I", "l", " ", "\n", "ä", "１", "+"])
def test_another_alphabet_is_refused(character: str) -> None:
    text = base58(b"\x01" * 32)
    with pytest.raises(ValueError, match="alphabet"):
        decode_base58(character + text[1:], 32)


def test_a_long_text_is_refused_without_being_read() -> None:
    with pytest.raises(ValueError, match="length"):
        decode_base58("z" * 10_000_000, 32)


def test_an_address_as_others_write_it() -> None:
    """Solana's system program and its token program."""
    assert decode_base58("1" * 32, 32) == bytes(32)
    token_program = bytes.fromhex("06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9")
    assert decode_base58("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", 32) == token_program

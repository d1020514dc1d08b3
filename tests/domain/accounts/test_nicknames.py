from __future__ import annotations

import pytest

from duelcast.domain.accounts.nicknames import is_nickname


@pytest.mark.parametrize("text", ["a", "Trader 7", "Ünï çödé", "取引", "👩‍🚀", "x" * 32])
def test_a_text_of_up_to_32_characters_is_a_nickname(text: str) -> None:
    assert is_nickname(text)


@pytest.mark.parametrize(
    "text", ["", " ", "x" * 33, "a\nb", "a\x00b", "a\x7fb", "\u202eadmin", "a\u2066b", "\u200fa", "a\u2028b", "\ud800"]
)
def test_empty_long_invisible_and_reordering_texts_are_not(text: str) -> None:
    assert not is_nickname(text)

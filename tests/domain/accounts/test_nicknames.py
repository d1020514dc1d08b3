from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.accounts.nicknames import MAX_KEY_CHARACTERS, is_nickname, nickname_key


@pytest.mark.parametrize("text", ["a", "Trader 7", "Ünï çödé", "取引", "👩‍🚀", "x" * 32])
def test_a_text_of_up_to_32_characters_is_a_nickname(text: str) -> None:
    assert is_nickname(text)


@pytest.mark.parametrize(
    "text",
    [
        "\u2800",
        "\u3164",
        "\u115f\u1160",
        "\u034f",
        "\ufe0f",
        " \u2800\u00a0\u3164 ",
        "",
        " ",
        "x" * 33,
        "a\nb",
        "a\x00b",
        "a\x7fb",
        "\u202eadmin",
        "a\u2066b",
        "\u200fa",
        "a\u2028b",
        "\ud800",
    ],
)
def test_empty_long_invisible_and_reordering_texts_are_not(text: str) -> None:
    assert not is_nickname(text)


@pytest.mark.parametrize(
    "text", ["Trader 7", "TRADER 7", "ｔｒａｄｅｒ ７", " trader 7 ", "trader  7", "tra\u200dder 7", "trader\u00a07"]
)
def test_nicknames_that_look_alike_are_the_same(text: str) -> None:
    assert nickname_key(text) == "trader 7"


@pytest.mark.parametrize("text", ["Trader7", "Trader 8", "Träder 7"])
def test_others_are_not(text: str) -> None:
    assert nickname_key(text) != "trader 7"


@given(st.text(st.characters(categories=["L", "N", "S", "M", "P"]), min_size=1, max_size=32))
def test_a_key_fits_into_its_column(text: str) -> None:
    assert len(nickname_key(text)) <= MAX_KEY_CHARACTERS


def test_a_character_may_stand_for_many() -> None:
    """U+FDFA is written with 18."""
    assert len(nickname_key("\ufdfa" * 32)) <= MAX_KEY_CHARACTERS

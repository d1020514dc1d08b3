"""The text of chat messages (protocol §5)."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.contests.chat_text import MAX_BYTES, clean_text
from duelcast.domain.contests.errors import EmptyMessage, MessageTooLong
from duelcast.errors import AppError, InvalidRequest

MAX_CHARACTERS = 500
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
YOUNGER_THAN_PYTHON_3_11 = "\U0001fae8"


def clean(text: str) -> str:
    return clean_text(text, MAX_CHARACTERS)


def refusal(text: str) -> type[AppError] | None:
    try:
        clean(text)
    except AppError as error:
        return type(error)
    return None


@pytest.mark.parametrize(
    "text",
    [
        "gm",
        "Straße, naïve, Ελλάδα, Привет, 你好, مرحبا, שלום, नमस्ते, 안녕",
        "<b>plain</b> & 'text'",
        FAMILY,
        ENGLAND,
        "\u2764\ufe0f",
        YOUNGER_THAN_PYTHON_3_11,
        "می\u200cخواهم",
        "\u05d0\u200f!",
    ],
)
def test_a_line_of_any_script_is_taken_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_space_around_the_text_is_trimmed_and_space_inside_stays() -> None:
    assert clean("\u3000 \t a  b \u00a0\r\n") == "a  b"


def test_a_text_is_stored_composed() -> None:
    assert clean("e\u0301") == "\u00e9"


@pytest.mark.parametrize(
    "character",
    [
        *("\n", "\r", "\t", "\x0b", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029"),
        *("\u202a", "\u202e", "\u2066", "\u2067", "\u2069"),
        *("\ud800", "\udfff", "\ue000", "\uf8ff", "\U00100000", "\ufdd0", "\uffff", "\U0010ffff"),
    ],
)
def test_control_bidi_private_and_impossible_characters_are_refused(character: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        clean(f"a{character}b")
    assert refused.value.field == "text"


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\t\r\n", "\u3000\u00a0", "\u200b", "\u200d\u200d", " \u200b ", "\ufe0f", "\u3164", "\uffa0"),
        *("\u115f", "\u1160", "\ufeff", "\u00ad", "\u2060", "\u034f", "\u2800", "\U000e0067\U000e007f", "\U000e0100"),
    ],
)
def test_a_text_without_anything_to_see_is_empty(text: str) -> None:
    assert refusal(text) is EmptyMessage


@pytest.mark.parametrize("character", ["a", "\u00e9", "e\u0301\u0302", "\u2764\ufe0f", "\U0001f1e9\U0001f1ea"])
def test_characters_are_counted_as_a_reader_counts_them(character: str) -> None:
    most = min(MAX_CHARACTERS, MAX_BYTES // len(character.encode()))
    assert refusal(character * most) is None
    assert refusal(character * (most + 1)) is MessageTooLong


def test_a_family_of_emoji_is_one_character() -> None:
    assert clean_text(FAMILY * 3, 3) == FAMILY * 3
    with pytest.raises(MessageTooLong):
        clean_text(FAMILY * 4, 3)


def test_bytes_are_bounded_whatever_the_characters() -> None:
    assert refusal("e" + "\u0301" * 1_999) is None
    assert refusal("e" + "\u0301" * 2_001) is MessageTooLong


def test_bytes_are_bounded_as_stored_too() -> None:
    """U+1D160 has 4 bytes and decomposes into three characters of as many."""
    assert refusal("\U0001d160" * (MAX_BYTES // 4)) is MessageTooLong


def test_64_kib_of_accents_in_the_worst_order_are_refused_before_they_are_sorted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Which would take seconds."""
    normalize, normalized = unicodedata.normalize, []

    def recorded(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
        normalized.append(text)
        return normalize(form, text)

    monkeypatch.setattr("unicodedata.normalize", recorded)
    assert refusal("a" + "\u0301\u0334" * 16_000) is MessageTooLong
    assert refusal("e\u0301") is None
    assert normalized == ["e\u0301"]


NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "\u0301\u0334\u0344\u0f73\u200d\ufe0f\U0001f468\U0001f1e6\u1100\u1161\u11a8\u212a\u1fef\u2000 \n"
        ),
        st.sampled_from("\U0001d160\u0958\ufb2c\u2126\u0340\u037e\U000e0067\u2800\u0915\u094d"),
    ),
    max_size=60,
)


@given(NASTY, st.integers(1, 40), st.integers(1, 120))
def test_a_cleaned_text_is_within_its_bounds_and_stays_what_it_is(text: str, max_characters: int, times: int) -> None:
    try:
        cleaned = clean_text(text * times, max_characters)
    except (InvalidRequest, EmptyMessage, MessageTooLong):
        return
    assert clean_text(cleaned, max_characters) == cleaned
    assert len(cleaned.encode()) <= MAX_BYTES
    assert 1 <= len(regex.findall(r"\X", cleaned)) <= max_characters
    assert not any(unicodedata.category(character) in {"Cc", "Cs", "Co", "Zl", "Zp"} for character in cleaned)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_two_spellings_of_one_text_are_stored_alike(text: str) -> None:
    spelled = [unicodedata.normalize(form, text) for form in ("NFC", "NFD")]
    assert refusal(spelled[0]) is refusal(spelled[1])
    if refusal(text) is None:
        assert clean(spelled[0]) == clean(spelled[1]) == clean(text)

"""Names that look alike have a shape in common (UTS 39, 4), and others have not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.accounts.nicknames import (
    MAX_NICKNAME_CHARACTERS,
    MAX_SHAPE_CHARACTERS,
    is_nickname,
    nickname_key,
    shapes,
)

INVISIBLE = ["\ufe0f", "\u034f", "\u3164", "\u115f", "\u17b4", "\u180b", "\U000e0100", "\u200d", "\u00ad"]

nicknames = st.text(min_size=1, max_size=MAX_NICKNAME_CHARACTERS).filter(is_nickname)


def look_alike(one: str, another: str) -> bool:
    return not shapes(one).isdisjoint(shapes(another))


@pytest.mark.parametrize("character", INVISIBLE)
@pytest.mark.parametrize("pattern", ["{}Admin", "Ad{}min", "Admin{}"])
def test_what_nobody_sees_makes_no_other_name(character: str, pattern: str) -> None:
    assert look_alike("admin", pattern.format(character))


@pytest.mark.parametrize("blank", [" ", "\u2800", "\u00a0", "\u3000", " \u2800 "])
def test_blanks_at_the_ends_make_no_other_name_and_between_words_all_are_one(blank: str) -> None:
    assert look_alike("admin", f"{blank}Admin{blank}")
    assert look_alike("The Admin", f"The{blank}Admin")


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("admin", "\u0410dmin"),  # Cyrillic А
        ("admin", "\u0430dm\u0456n"),  # Cyrillic а, і
        ("admin", "\u0391D\u039c\u0399N"),  # Greek capitals
        ("admin", "\uff21\uff24\uff2d\uff29\uff2e"),  # full width
        ("admin", "\U0001d41a\U0001d41d\U0001d426\U0001d422\U0001d427"),  # mathematical bold
        ("admin", "adm\u0131n"),  # dotless i
        ("admin", "adrnin"),
        ("admin", "ADM1N"),
        ("duelcast", "DueIcast"),  # a capital i
        ("duelcast", "due1cast"),
        ("moderator", "M0DERAT0R"),
        ("Ian", "lan"),
        ("Анна", "Aннa"),  # Latin A, a
        ("Müller", "Mu\u0308ller"),
    ],
)
def test_names_that_readers_take_for_each_other_look_alike(one: str, another: str) -> None:
    assert look_alike(one, another)


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ("admin", "badmin"),
        ("admin", "admin2"),
        ("Müller", "Muller"),
        ("boiling", "bolling"),
        ("van", "nan"),
        ("yes", "ues"),
        ("Ann", "Ahn"),
        ("Иван", "Ивана"),
        ("山田", "山口"),
        ("🐺", "🦊"),
    ],
)
def test_names_that_readers_tell_apart_do_not(one: str, another: str) -> None:
    assert not look_alike(one, another)


@given(nicknames, st.sampled_from(INVISIBLE), st.integers(0, MAX_NICKNAME_CHARACTERS))
def test_no_invisible_character_anywhere_makes_another_name(name: str, character: str, position: int) -> None:
    assert look_alike(name, name[:position] + character + name[position:])


@given(nicknames)
def test_names_that_are_the_same_without_regard_to_case_look_alike(name: str) -> None:
    for other in (name.upper(), name.lower(), name.casefold()):
        if nickname_key(other) == nickname_key(name):
            assert look_alike(name, other)


@given(st.text(max_size=2_000))
def test_a_shape_is_short_however_long_the_text(text: str) -> None:
    assert all(len(shape) <= MAX_SHAPE_CHARACTERS for shape in shapes(text))
    assert len(shapes(text)) <= 3

from __future__ import annotations

import pytest

from duelcast.http.docs.prose import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`*` stands for *every*\nsymbol.", "* stands for every symbol."),
        ("`prices:*` and `a`", "prices:* and a"),
        ("2 * 3 * 4", "2 * 3 * 4"),
    ],
)
def test_a_plain_text_keeps_the_stars_that_are_code(text: str, shown: str) -> None:
    assert plain(text) == shown

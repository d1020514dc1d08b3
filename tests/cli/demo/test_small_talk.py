from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from duelcast.cli.demo.people import BOTS
from duelcast.cli.demo.small_talk import line
from duelcast.domain.contests.chat_text import clean_text

LONGEST_SYMBOL = "S" * 32
NICKNAMES = [bot.nickname for bot in BOTS]


@given(st.integers())
def test_a_line_is_one_that_the_server_takes_as_it_is(seed: int) -> None:
    text = line(random.Random(seed), [LONGEST_SYMBOL], NICKNAMES)
    assert clean_text(text, 200) == text
    assert "{" not in text


def test_the_lines_differ() -> None:
    rng = random.Random(7)
    assert len({line(rng, ["SOL", "BTC"], NICKNAMES) for _ in range(200)}) > 60

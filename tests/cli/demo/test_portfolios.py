from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from duelcast.cli.demo.crowd import random_portfolio
from duelcast.domain.contests.portfolio import Choice, validate


@given(st.integers(), st.integers(min_value=1, max_value=60))
def test_a_portfolio_is_one_that_the_server_takes(seed: int, tokens: int) -> None:
    portfolio = random_portfolio(random.Random(seed), [f"T{number}" for number in range(tokens)])
    choices = [Choice(**choice) for choice in portfolio]
    assert len(validate(choices, allowed_symbols=(), price_of=lambda _symbol: 1.0)) == len(choices)

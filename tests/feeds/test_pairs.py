"""A pair quoted in dollars has its base as symbol, any other is BASE-QUOTE (protocol §3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.feeds.pairs import DOLLARS, is_symbol, parse_pairs

CODES = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=10)


@pytest.mark.parametrize(
    ("pair", "symbol"),
    [("SOL/USD", "SOL"), ("SOL/USDC", "SOL"), ("sol/usdt", "SOL"), ("YFI/BTC", "YFI-BTC"), ("BTC/EUR", "BTC-EUR")],
)
def test_the_symbol_of_a_pair(pair: str, symbol: str) -> None:
    assert [parsed.symbol for parsed in parse_pairs("exchange", pair)] == [symbol]


@pytest.mark.parametrize("text", ["", ",", "SOL", "SOL/", "/USD", "SOL-USD", "A B/USD", f"{'A' * 33}/USD", "Ä/USD"])
def test_what_is_no_pair_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="pair"):
        parse_pairs("exchange", text)


@given(st.lists(st.tuples(CODES, st.one_of(CODES, st.sampled_from(sorted(DOLLARS)))), min_size=1))
def test_symbols_are_unique_and_the_pair_named_first_has_them(pairs: list[tuple[str, str]]) -> None:
    named = [f"{base}/{quote}" for base, quote in pairs]
    parsed = parse_pairs("exchange", ",".join(named))
    symbols = [pair.symbol for pair in parsed]
    assert len(set(symbols)) == len(symbols) > 0
    assert all(map(is_symbol, symbols))
    for pair in parsed:
        rivals = [name for name in named if parse_pairs("exchange", name)[0].symbol == pair.symbol]
        assert pair.name == rivals[0]

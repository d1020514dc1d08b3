"""Positions beside a dict of lists, over any steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.contests import valuation
from duelcast.domain.contests.price_vector import CASH
from duelcast.domain.contests.valuation import Line, Lines, Positions, value_of_owners

BALANCE = 1_000.0
PRICES = np.array([1.0, 3.0, 0.7, 1e-3, 12_345.678])
OWNERS = 4

Book = dict[int, list[Line]]

weights = st.dictionaries(st.integers(1, len(PRICES) - 1), st.integers(1, 100), min_size=1)
chosen = weights.map(lambda held: [Line(CASH, BALANCE), *(Line(token, 0.0, held[token]) for token in sorted(held))])
held = weights.map(lambda held: [Line(token, held[token] / 7, held[token]) for token in sorted(held)])
steps = st.lists(
    st.tuples(st.just("set"), st.integers(0, OWNERS - 1), st.one_of(chosen, held))
    | st.tuples(st.just("clear"), st.integers(0, OWNERS - 1), st.just(()))
    | st.tuples(st.sampled_from(["buy", "take"]), st.just(0), st.just(())),
    min_size=1,
    max_size=40,
)


def values(book: Book) -> list[float]:
    """One by one in the order of the lines, as a loop does."""
    found = []
    for owner in range(OWNERS):
        total = 0.0
        for line in book[owner]:
            total += float(PRICES[line.token]) * line.quantity
        found.append(round(total, 8))
    return found


def values_of(lines: Sequence[Lines]) -> list[float]:
    return [float(value) for value in value_of_owners(lines, PRICES, OWNERS)]


def bought(lines: list[Line]) -> list[Line]:
    return [Line(one.token, BALANCE * one.weight / 100 / float(PRICES[one.token]), one.weight) for one in lines]


@given(steps, st.sampled_from([4, 16, 1 << 16]))
def test_positions_equal_a_dict_after_any_steps(
    chosen_steps: list[tuple[str, int, list[Line]]], block_lines: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(valuation, "_BLOCK_LINES", block_lines)
        check_steps(chosen_steps)


def check_steps(chosen_steps: list[tuple[str, int, list[Line]]]) -> None:
    positions, book = Positions(), Book()
    for owner in range(OWNERS):
        positions.set(owner, [Line(CASH, BALANCE)])
        book[owner] = [Line(CASH, BALANCE)]
    lines, expected = positions.lines(), values(book)
    for step, owner, new in chosen_steps:
        match step:
            case "set":
                positions.set(owner, new)
                book[owner] = new
            case "clear":
                positions.clear(owner)
                book[owner] = []
            case "buy":
                positions.buy(BALANCE, PRICES)
                book = {owner: bought([one for one in had if one.weight]) for owner, had in book.items()}
            case "take":
                lines, expected = positions.lines(), values(book)
        assert values_of(lines) == expected, "lines that were taken stay as they were"
    assert [positions.of(owner) for owner in range(OWNERS)] == list(book.values())
    assert values_of(positions.lines()) == values(book)
    tokens = {line.token for had in book.values() for line in had}
    assert sorted(positions.held()) == sorted(tokens)
    assert positions.any_held(tokens) == bool(tokens)
    assert not positions.any_held(set(range(len(PRICES))) - tokens)


def test_what_was_not_bought_takes_no_room_after_the_start() -> None:
    positions = Positions()
    for owner in range(100):
        positions.set(owner, [Line(CASH, BALANCE), Line(1, 0.0, 60), Line(2, 0.0, 40)])
    positions.buy(BALANCE, PRICES)
    assert [len(part.tokens) for part in positions.lines()] == [200]


def test_after_a_start_for_which_nobody_held_anything_there_is_room_again() -> None:
    positions = Positions()
    positions.set(0, [])
    positions.buy(BALANCE, PRICES)
    positions.set(0, [Line(1, 2.0, 100)])
    assert positions.of(0) == [Line(1, 2.0, 100)]

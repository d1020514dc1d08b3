"""Prizes and amounts: exact, rounded down, never more than the pool."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.contests.events import Payout
from duelcast.domain.contests.payout import DEFAULT_PAYOUT, check_payout, format_amount, parse_amount, prizes
from duelcast.errors import InvalidRequest

UNIT = Decimal("0.000000001")


def test_by_default_the_first_three_places_get_69_20_and_11_percent() -> None:
    won = prizes(Decimal("12.5"), DEFAULT_PAYOUT, [("a", 1), ("b", 2), ("c", 3), ("d", 4)])
    assert won == {"a": Decimal("8.625"), "b": Decimal("2.5"), "c": Decimal("1.375")}


def test_a_tie_shares_the_sum_of_its_places_and_the_earliest_gets_what_rounding_leaves() -> None:
    # Places 2, 3 and 4 bring 20 % + 11 % + 0 % of 1 = 0.31; a third of it is 0.103333333 and leaves 0.000000001.
    won = prizes(Decimal(1), DEFAULT_PAYOUT, [("a", 1), ("b", 2), ("c", 2), ("d", 2), ("e", 5)])
    assert won == {
        "a": Decimal("0.69"),
        "b": Decimal("0.103333334"),
        "c": Decimal("0.103333333"),
        "d": Decimal("0.103333333"),
    }


def test_places_that_nobody_holds_are_not_paid() -> None:
    assert prizes(Decimal(100), DEFAULT_PAYOUT, [("a", 1)]) == {"a": Decimal(69)}
    assert prizes(Decimal(100), DEFAULT_PAYOUT, []) == {}


def test_a_place_without_a_percent_between_others_is_not_paid() -> None:
    payout = [Payout(place=1, percent=50.0), Payout(place=3, percent=10.0)]
    assert prizes(Decimal(10), payout, [("a", 1), ("b", 2), ("c", 3)]) == {"a": Decimal(5), "c": Decimal(1)}


def test_zero_prizes_are_not_listed() -> None:
    assert prizes(Decimal(0), DEFAULT_PAYOUT, [("a", 1), ("b", 2)]) == {}
    assert prizes(UNIT, [Payout(place=1, percent=100.0)], [("a", 1), ("b", 1)]) == {"a": UNIT}


def test_a_percent_is_the_number_that_was_written() -> None:
    # The double nearest to 0.1 is above it; of a large pool that would be seen.
    pool = Decimal("999999999999999999")
    won = prizes(pool, [Payout(place=1, percent=0.1)], [("a", 1)])
    assert won == {"a": Decimal("999999999999999.999")}


pools = st.decimals(0, 10**18 - 1, places=9)
rank_sizes = st.lists(st.integers(1, 5), max_size=8)


@st.composite
def payouts(draw: st.DrawFn) -> list[Payout]:
    places = draw(st.lists(st.integers(1, 12), unique=True, max_size=8))
    hundredths = draw(
        st.lists(st.integers(1, 10_000 // max(1, len(places))), min_size=len(places), max_size=len(places))
    )
    return [Payout(place=place, percent=part / 100) for place, part in zip(places, hundredths, strict=True)]


@given(pools, payouts(), rank_sizes)
def test_prizes_are_the_parts_of_the_held_places_rounded_down(
    pool: Decimal, payout: list[Payout], sizes: list[int]
) -> None:
    check_payout(payout)
    standings: list[tuple[int, int]] = []
    for size in sizes:
        rank = len(standings) + 1
        standings += [(len(standings) + number, rank) for number in range(size)]
    won = prizes(pool, payout, standings)
    paid = sum((Fraction(prize) for prize in won.values()), Fraction())
    held = [one for one in payout if one.place <= len(standings)]
    promised = sum((Fraction(pool) * Fraction(str(one.percent)) / 100 for one in held), Fraction())
    assert paid <= promised <= Fraction(pool)
    assert promised - paid < Fraction(UNIT) * max(1, len(held))
    for rank in {rank for _, rank in standings}:
        shares = [won.get(entry, Decimal(0)) for entry, its_rank in standings if its_rank == rank]
        assert shares[1:] == shares[1:2] * (len(shares) - 1)
        assert 0 <= shares[0] - shares[-1] < UNIT * len(shares)
    assert all(prize > 0 and prize == prize.quantize(UNIT) for prize in won.values())


@pytest.mark.parametrize(
    ("payout", "field"),
    [
        ([(0, 10.0)], "payout[0].place"),
        ([(1, 10.0), (1, 10.0)], "payout[1].place"),
        ([(1, 10.0), (2, 0.0)], "payout[1].percent"),
        ([(1, -1.0)], "payout[0].percent"),
        ([(1, math.nan)], "payout[0].percent"),
        ([(1, math.inf)], "payout[0].percent"),
        ([(1, 70.0), (2, 30.1)], "payout"),
    ],
)
def test_a_payout_that_breaks_a_rule_is_refused(payout: list[tuple[int, float]], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_payout([Payout(place=place, percent=percent) for place, percent in payout])
    assert refused.value.field == field


def test_percents_are_added_as_decimals() -> None:
    percents = [9.7] * 10 + [3.0]
    assert sum(percents) > 100, "as doubles"
    check_payout([Payout(place=place, percent=percent) for place, percent in enumerate(percents, start=1)])
    check_payout([])


@pytest.mark.parametrize(
    ("given_amount", "text"),
    [
        ("0", "0"),
        ("0.000", "0"),
        ("1.500000000", "1.5"),
        ("100", "100"),
        ("007.10", "7.1"),
        ("999999999999999999.999999999", "999999999999999999.999999999"),
        (0, "0"),
        (25, "25"),
        (0.1, "0.1"),
        (1e-9, "0.000000001"),
        (1e16, "10000000000000000"),
        (1000.0, "1000"),
    ],
)
def test_an_amount_is_written_without_exponent_and_trailing_zeros(given_amount: str | int | float, text: str) -> None:
    assert format_amount(parse_amount(given_amount, field="prize_pool")) == text


@pytest.mark.parametrize(
    "given_amount",
    [
        *("", "-1", "+1", "1e3", ".5", "1.", "0.0000000001", "1" + 18 * "0", "NaN", "١", "1\n", " 1"),
        *(-1, -0.5, 1e-10, 1e18, math.nan, math.inf),
    ],
)
def test_other_amounts_are_refused_with_their_field(given_amount: str | int | float) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_amount(given_amount, field="prize_pool")
    assert refused.value.field == "prize_pool"


@given(pools)
def test_a_written_amount_reads_as_the_same_amount(amount: Decimal) -> None:
    text = format_amount(amount)
    assert parse_amount(text, field="entry_fee") == amount
    assert text == text.strip() == (text.rstrip("0") if "." in text else text)

"""Achievements and levels: what is unlocked by what, and what it is worth (protocol §10)."""

from __future__ import annotations

import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duelcast.domain.achievement_rules import RULES, counted, is_win, level_of, unlocked, xp_of
from duelcast.store.achievements import ProgressRow

NOBODY = ProgressRow("w")
CONTRACT = {
    "contests_entered": (1, 5, 25, 100, 500),
    "contests_won": (1, 3, 10, 25, 100),
    "win_streak": (2, 3, 5, 7, 10),
}
XP = {"BRONZE": 50, "SILVER": 100, "GOLD": 250, "PLATINUM": 500, "DIAMOND": 1_000}


def names(progress: ProgressRow, held: set[str] | None = None) -> list[str]:
    return [rule.achievement for rule in unlocked(progress, held or set())]


def test_the_rules_are_those_of_the_contract() -> None:
    expected = [
        (f"{category}_{threshold}", category, threshold, tier, xp)
        for category, thresholds in CONTRACT.items()
        for threshold, (tier, xp) in zip(thresholds, XP.items(), strict=True)
    ]
    found = [(name, one.category, one.threshold, one.tier.name, one.tier.xp) for name, one in RULES.items()]
    assert found == expected


@pytest.mark.parametrize(
    ("progress", "expected"),
    [
        (ProgressRow("w"), []),
        (ProgressRow("w", entered=1), ["contests_entered_1"]),
        (ProgressRow("w", entered=4), ["contests_entered_1"]),
        (ProgressRow("w", entered=5), ["contests_entered_1", "contests_entered_5"]),
        (ProgressRow("w", entered=1, won=1, streak=1), ["contests_entered_1", "contests_won_1"]),
        (ProgressRow("w", entered=2, won=2, streak=2), ["contests_entered_1", "contests_won_1", "win_streak_2"]),
    ],
)
def test_an_achievement_needs_its_threshold(progress: ProgressRow, expected: list[str]) -> None:
    assert names(progress) == expected


def test_what_is_held_is_not_unlocked_again() -> None:
    assert names(ProgressRow("w", entered=5), {"contests_entered_1"}) == ["contests_entered_5"]


@pytest.mark.parametrize(
    ("final_rank", "participants", "expected"),
    [(1, 2, True), (1, 1, False), (2, 2, False), (None, 2, False), (1, 0, False)],
)
def test_a_win_is_the_first_place_among_at_least_two(final_rank: int | None, participants: int, expected: bool) -> None:
    assert is_win(final_rank, participants) is expected


def test_a_streak_ends_with_a_contest_that_is_not_won() -> None:
    progress = NOBODY
    for won in (True, True, False, True):
        progress = counted(progress, won=won)
    assert progress == ProgressRow("w", entered=4, won=3, streak=1)


@given(st.lists(st.booleans(), max_size=600))
def test_each_achievement_is_unlocked_once_when_its_threshold_is_reached(wins: list[bool]) -> None:
    progress, held, when = NOBODY, set[str](), dict[str, int]()
    for number, won in enumerate(wins, 1):
        progress = counted(progress, won=won)
        for rule in unlocked(progress, held):
            when[rule.achievement] = number
            held.add(rule.achievement)
    streaks = list(accumulate(wins, lambda streak, won: streak + 1 if won else 0, initial=0))[1:]
    series: dict[str, list[int]] = {
        "contests_entered": list(range(1, len(wins) + 1)),
        "contests_won": list(accumulate(wins)),
        "win_streak": streaks,
    }
    expected = {
        f"{category}_{threshold}": series[category].index(threshold) + 1
        for category, thresholds in CONTRACT.items()
        for threshold in thresholds
        if threshold in series[category]
    }
    assert when == expected


def test_xp_is_the_sum_of_what_is_held_and_unknown_ones_are_worth_nothing() -> None:
    assert xp_of([]) == 0
    assert xp_of(["contests_entered_1", "win_streak_10", "contests_lost_1"]) == 1_050


@pytest.mark.parametrize(("xp", "level"), [(0, 1), (99, 1), (100, 2), (399, 2), (400, 3), (899, 3), (900, 4)])
def test_levels_begin_at_hundreds_of_squares(xp: int, level: int) -> None:
    assert level_of(xp) == level


@given(st.integers(0, 10**30))
def test_a_level_is_one_more_than_the_root_of_hundreds_of_xp_rounded_down(xp: int) -> None:
    root = level_of(xp) - 1
    assert 100 * root**2 <= xp < 100 * (root + 1) ** 2
    if xp < 10**12:
        assert root == math.floor(math.sqrt(xp / 100))

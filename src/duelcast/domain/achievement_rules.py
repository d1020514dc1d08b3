"""Achievements and levels: the rules, as a table (protocol §10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import isqrt
from typing import Final

from msgspec import Struct, structs

from duelcast.store.achievements import ProgressRow


class Tier(Struct, frozen=True):
    """The difficulty of an achievement, and its worth in XP."""

    name: str
    xp: int


TIERS: Final = (
    Tier("BRONZE", 50),
    Tier("SILVER", 100),
    Tier("GOLD", 250),
    Tier("PLATINUM", 500),
    Tier("DIAMOND", 1_000),
)

THRESHOLDS: Final[Mapping[str, tuple[int, ...]]] = {
    "contests_entered": (1, 5, 25, 100, 500),
    "contests_won": (1, 3, 10, 25, 100),
    "win_streak": (2, 3, 5, 7, 10),
}
"""The thresholds by category, one for each tier."""


class Rule(Struct, frozen=True):
    """An achievement, unlocked when the count for its `category` reaches `threshold`."""

    category: str
    threshold: int
    tier: Tier

    @property
    def achievement(self) -> str:
        return f"{self.category}_{self.threshold}"


RULES: Final[Mapping[str, Rule]] = {
    rule.achievement: rule
    for category, thresholds in THRESHOLDS.items()
    for rule in (Rule(category, threshold, tier) for threshold, tier in zip(thresholds, TIERS, strict=True))
}
"""All rules by `achievement`; in each category, easier ones come first."""


def is_win(final_rank: int | None, participants: int) -> bool:
    """Whether `final_rank` in a completed contest is a win. `participants` excludes the disqualified."""
    return final_rank == 1 and participants >= 2


def counted(progress: ProgressRow, *, won: bool) -> ProgressRow:
    """The progress after one more completed contest."""
    return structs.replace(
        progress,
        entered=progress.entered + 1,
        won=progress.won + won,
        streak=progress.streak + 1 if won else 0,
    )


def unlocked(progress: ProgressRow, held: Collection[str]) -> list[Rule]:
    """The achievements that `progress` unlocks, except those already `held`."""
    reached = {"contests_entered": progress.entered, "contests_won": progress.won, "win_streak": progress.streak}
    return [rule for name, rule in RULES.items() if rule.threshold <= reached[rule.category] and name not in held]


def xp_of(held: Iterable[str]) -> int:
    """The total XP of the achievements `held`; an achievement without a rule is worth nothing."""
    return sum(RULES[name].tier.xp for name in held if name in RULES)


def level_of(xp: int) -> int:
    """The level: 1 + ⌊√(xp / 100)⌋."""
    return 1 + isqrt(xp // 100)

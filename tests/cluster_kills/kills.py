"""Kills and suspends: of which processes, and when."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

ROLES = ("leader", "gateway", "valkey", "postgres")
SUSPENDED_S = (1.0, 6.0)
"""Leaders lose their term after 3 s."""
APART_S = (0.0, 1.0)


class Blow(NamedTuple):
    """A process is killed (SIGKILL) if `suspended_s` is 0, or does not run for so long (SIGSTOP, SIGCONT)."""

    role: str
    is_kill: bool
    after_s: float = 0.0
    suspended_s: float = 0.0

    def __str__(self) -> str:
        how = "SIGKILL" if self.is_kill else f"SIGSTOP for {self.suspended_s:.1f} s"
        return f"{self.role} {how}" + (f" after {self.after_s:.2f} s" if self.after_s else "")


def all_kinds() -> tuple[list[Sequence[Blow]], list[Sequence[Blow]]]:
    """Each single blow, and each pair: of different roles, of both gateways, and of the leader and a candidate."""
    singles = [Blow(role, is_kill) for role in ROLES for is_kill in (True, False)]
    roles = [*itertools.combinations(ROLES, 2), ("gateway", "gateway"), ("leader", "candidate")]
    pairs = [
        (Blow(first, one), Blow(second, other))
        for first, second in roles
        for one, other in itertools.product((True, False), repeat=2)
    ]
    return [(single,) for single in singles], list(pairs)


def schedule(chance: random.Random) -> Iterator[Sequence[Blow]]:
    """Blows without an end: all kinds in a random order, two singles and a pair by turns as long as there are singles,
    and then all kinds again in another order."""
    while True:
        singles, pairs = all_kinds()
        chance.shuffle(singles)
        chance.shuffle(pairs)
        for together in itertools.zip_longest(singles[::2], singles[1::2], pairs):
            for blows in together:
                if blows is not None:
                    yield [_timed(blow, number, chance) for number, blow in enumerate(_ordered(blows, chance))]


def _ordered(blows: Sequence[Blow], chance: random.Random) -> Sequence[Blow]:
    return chance.sample(blows, len(blows))


def _timed(blow: Blow, number: int, chance: random.Random) -> Blow:
    after_s = chance.uniform(*APART_S) if number else 0.0
    suspended_s = 0.0 if blow.is_kill else chance.uniform(*SUSPENDED_S)
    return blow._replace(after_s=after_s, suspended_s=suspended_s)

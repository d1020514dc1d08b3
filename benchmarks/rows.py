"""Measured figures and their targets, in one table."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Literal

from msgspec import Struct


class Target(Struct, frozen=True):
    """An upper (`most`) or lower (`least`) bound of a figure. A run fails only if it misses a target that `decides`;
    these targets are for ratios, sizes and counts, which a busy machine changes little."""

    kind: Literal["most", "least"]
    bound: float
    decides: bool = False

    def is_met(self, value: float) -> bool:
        return value <= self.bound if self.kind == "most" else value >= self.bound


class Row(Struct, frozen=True):
    """A figure of one or more rounds: `value`, which `target` judges, and the minimum and maximum of the rounds."""

    title: str
    unit: str
    value: float
    low: float
    high: float
    rounds: int
    target: Target | None = None

    @property
    def verdict(self) -> str:
        if self.target is None:
            return ""
        return "ok" if self.target.is_met(self.value) else "MISSED"


def row(title: str, unit: str, values: Sequence[float], target: Target | None = None) -> Row:
    """A row that is judged by the median of `values`, one for each round."""
    return Row(title, unit, median(values), min(values), max(values), len(values), target)


def worst(title: str, unit: str, values: Sequence[float], target: Target) -> Row:
    """A row that is judged by the maximum of `values`, for a figure that must never be higher than its target."""
    return Row(title, unit, max(values), min(values), max(values), len(values), target)


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    lines = [_LINE.format("", "value", "min", "max", "rounds", "unit", "target", "")]
    for one in rows:
        target = "" if one.target is None else f"at {one.target.kind} {_number(one.target.bound)}"
        figures = (_number(value) for value in (one.value, one.low, one.high))
        lines.append(_LINE.format(one.title, *figures, one.rounds, one.unit, target, one.verdict))
    return "\n".join(line.rstrip() for line in lines)


def exit_code(rows: Sequence[Row]) -> int:
    """1 if a target that decides is missed, otherwise 0."""
    missed = [one for one in rows if one.target is not None and one.target.decides and one.verdict != "ok"]
    return 1 if missed else 0


_LINE = "{:<66}{:>10}{:>10}{:>10}{:>7}  {:<16}{:<15}{}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"

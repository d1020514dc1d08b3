"""`make bench-operations`: what it costs to notify many clients of changes of services, compared with the targets."""

from __future__ import annotations

import sys

from benchmarks.operations import changes, growth
from benchmarks.parts import Parts, run


def full() -> Parts:
    """All parts, with the numbers of services and followers that were promised."""
    return {
        "growth": lambda: growth.measure(100, 10_000, changes=2_000, rounds=9),
        "changes": lambda: changes.measure(1_000, followers=200, changes=500, rounds=3),
    }


def quick() -> Parts:
    """The parts that CI measures: a ratio, counts and sizes, which a busy machine changes little."""
    return {
        "growth": lambda: growth.measure(100, 2_000, changes=1_000, rounds=5),
        "changes": lambda: changes.measure(200, followers=20, changes=50, rounds=1),
    }


if __name__ == "__main__":
    sys.exit(run("python -m benchmarks.operations", __doc__, full(), quick()))

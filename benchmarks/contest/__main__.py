"""`make bench-contest`: what contests cost and how fast they are, beside what was promised."""

from __future__ import annotations

import sys

from benchmarks.contest import chat, memory, pushes, scoring, stall
from benchmarks.parts import Parts, run


def full() -> Parts:
    """Everything, with as many as a contest may have."""
    return {
        "scoring": lambda: scoring.measure([1_000, 10_000, 100_000], rounds=15),
        "stall": lambda: stall.measure(100_000, rounds=5),
        "push": lambda: pushes.measure(1_000, rounds=3),
        "memory": lambda: memory.measure(1_000, 100_000, rounds=3),
        "chat": lambda: chat.measure(rounds=5),
    }


def quick() -> Parts:
    """What CI looks at: ratios and sizes, which a busy machine changes little, of contests that need no thread, whose
    start it would delay."""
    return {
        "scoring": lambda: scoring.measure([1_000, 5_000], rounds=5, most_growth=scoring.MOST_GROWTH_IN_CI),
        "memory": lambda: memory.measure(1_000, 20_000, rounds=1, most_bytes=memory.MOST_BYTES_IN_CI),
    }


if __name__ == "__main__":
    sys.exit(run("python -m benchmarks.contest", __doc__, full(), quick()))

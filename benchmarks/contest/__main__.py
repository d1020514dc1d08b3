"""`make bench-contest`: what contests cost and how fast they are, compared with the targets."""

from __future__ import annotations

import sys

from benchmarks.contest import chat, log, memory, pushes, scoring, stall
from benchmarks.parts import Parts, run
from duelcast.store.log_retention import LogBounds


def full() -> Parts:
    """All parts, up to the maximum number of participants that a contest may have."""
    return {
        "scoring": lambda: scoring.measure([1_000, 10_000, 100_000], rounds=15),
        "stall": lambda: stall.measure(100_000, rounds=5),
        "push": lambda: pushes.measure(1_000, rounds=3),
        "memory": lambda: memory.measure(1_000, 100_000, rounds=3),
        "chat": lambda: chat.measure(rounds=5),
        "log": lambda: log.measure(seconds=300, per_s=10_000, bounds=LogBounds()),
        "log-rooms": lambda: log.measure(seconds=60, per_s=10_000, bounds=LogBounds(seconds=10)),
    }


def quick() -> Parts:
    """The parts that CI measures: ratios and sizes, which a busy machine changes little.

    The contests are small enough to be scored without a thread, whose start a busy machine would delay.
    """
    return {
        "scoring": lambda: scoring.measure([1_000, 5_000], rounds=5, most_growth=scoring.MOST_GROWTH_IN_CI),
        "memory": lambda: memory.measure(1_000, 20_000, rounds=1, most_bytes=memory.MOST_BYTES_IN_CI),
        "log": lambda: log.measure(seconds=3, per_s=2_000, bounds=LogBounds(max_bytes=1024 * 1024)),
        "log-rooms": lambda: log.measure(seconds=3, per_s=2_000, bounds=LogBounds(messages=20, seconds=0.5)),
    }


if __name__ == "__main__":
    sys.exit(run("python -m benchmarks.contest", __doc__, full(), quick()))

"""`make bench-console`: the console in Chromium under load, compared with the targets. Needs a quiet machine."""

from __future__ import annotations

import sys

from benchmarks.console import board, market, outage
from benchmarks.parts import Parts, run


def full() -> Parts:
    """All parts."""
    return {
        "start": lambda: market.measure_start(rounds=5),
        "market": lambda: market.measure(seconds=60, throttle=1),
        "throttled": lambda: market.measure(seconds=20, throttle=4),
        "board": lambda: board.measure(seconds=20),
        "outage": lambda: outage.measure(rounds=3),
    }


def quick() -> Parts:
    """Each part for a short time."""
    return {
        "start": lambda: market.measure_start(rounds=1),
        "market": lambda: market.measure(seconds=10, throttle=1),
        "throttled": lambda: market.measure(seconds=5, throttle=4),
        "board": lambda: board.measure(seconds=5),
        "outage": lambda: outage.measure(rounds=1),
    }


if __name__ == "__main__":
    sys.exit(run("python -m benchmarks.console", __doc__, full(), quick()))

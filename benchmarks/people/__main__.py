"""`make bench-people`: tracked events, and users who connect and are notified, compared with the targets."""

from __future__ import annotations

import sys

from benchmarks.parts import Parts, run
from benchmarks.people import coming, telling, tracking


def full() -> Parts:
    """All parts, with the numbers of connections that were promised."""
    return {
        "disk": lambda: tracking.measure_disk(rounds=5),
        "events": lambda: tracking.measure(100, batch=1, seconds=5, rounds=5, least_per_s=6_000, most_p99_ms=50),
        "batches": lambda: tracking.measure(100, batch=50, seconds=5, rounds=5, least_per_s=20_000),
        "coming": lambda: coming.measure(2_000, rounds=5),
        "telling": lambda: telling.measure(5_000, seconds=5, rounds=9, most_told_ms=1_000, most_beside=1.5),
    }


def quick() -> Parts:
    """The parts that CI measures: that events are stored and users are notified once, and the cost of connecting."""
    return {
        "events": lambda: tracking.measure(20, batch=1, seconds=1, rounds=1),
        "batches": lambda: tracking.measure(20, batch=50, seconds=1, rounds=1),
        "coming": lambda: coming.measure(500, rounds=3),
        "telling": lambda: telling.measure(200, seconds=1, rounds=1),
    }


if __name__ == "__main__":
    sys.exit(run("python -m benchmarks.people", __doc__, full(), quick()))

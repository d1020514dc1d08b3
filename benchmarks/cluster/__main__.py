"""`make bench-cluster`: what several nodes on this machine cost, compared with the single process and the targets."""

from __future__ import annotations

import os
import sys

from benchmarks.cluster import commands, fanout, idle
from benchmarks.measuring import max_connections
from benchmarks.parts import Parts, run
from benchmarks.works import many_due, mixed, one_symbol

CONNECTIONS = 1_000
TWICE = 2.0
"""CI fails if a cost is more than twice its target."""


def full() -> Parts:
    """All parts, with the numbers of connections that were promised."""
    return {
        "a": lambda: fanout.measure(one_symbol(CONNECTIONS), rounds=9),
        "b": lambda: fanout.measure(many_due(CONNECTIONS), rounds=9),
        "c": lambda: fanout.measure(mixed(CONNECTIONS), rounds=9),
        "growth": lambda: fanout.measure_growth([1, 2, 4], rounds=3),
        "readers": lambda: fanout.measure_readers(rounds=3),
        "commands": lambda: commands.measure(rounds=5),
        "latency": lambda: fanout.measure_latency(CONNECTIONS, rounds=7),
        "chat": lambda: commands.measure_chat(rounds=5),
        "idle": lambda: idle.measure(rounds=3),
        "copy": lambda: idle.measure_copy(rounds=3),
    }


def quick() -> Parts:
    """The parts that CI measures: ratios of CPU, and that no message is lost."""
    return {
        "a": lambda: fanout.measure(one_symbol(CONNECTIONS), rounds=3, most=TWICE * fanout.MOST_TIMES_SINGLE),
        "commands": lambda: commands.measure(rounds=2, seconds=1.0, most=TWICE * commands.MOST_TIMES_LOCAL),
    }


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, at most {max_connections():,} connections per process (`ulimit -n`)")
    sys.exit(run("python -m benchmarks.cluster", __doc__, full(), quick()))

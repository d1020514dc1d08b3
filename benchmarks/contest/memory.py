"""How much memory of a process a participant takes, in addition to its portfolio."""

from __future__ import annotations

import gc
import os
import subprocess
import sys

import msgspec

from benchmarks.contest.hall import Hall
from benchmarks.measuring import resident_bytes
from benchmarks.programs import ROOT
from benchmarks.rows import Row, Target, row

MOST_BYTES = 600.0
MOST_BYTES_IN_CI = 900.0
"""Higher, because in the smaller contest that CI measures, a memory page more or less makes a difference."""


class Memory(msgspec.Struct, frozen=True):
    """The resident bytes of a process that holds a contest, and the bytes of the contest's portfolio arrays."""

    participants: int
    resident: int
    portfolios: int


def measure(small: int, large: int, rounds: int, most_bytes: float = MOST_BYTES) -> list[Row]:
    """Measure in a new process for each size and round."""
    values = [per_participant(_in_a_new_process(small), _in_a_new_process(large)) for _ in range(rounds)]
    title = f"memory of a participant, from {small:,} to {large:,}"
    return [row(title, "bytes", values, Target("most", most_bytes, decides=True))]


def per_participant(small: Memory, large: Memory) -> float:
    """The bytes per additional participant, without those of its portfolio."""
    own = (large.resident - large.portfolios) - (small.resident - small.portfolios)
    return own / (large.participants - small.participants)


def _in_a_new_process(participants: int) -> Memory:
    command = [sys.executable, "-m", __name__, str(participants)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return msgspec.json.decode(done.stdout, type=Memory)


if __name__ == "__main__":
    hall = Hall(int(sys.argv[1]))
    hall.board.score()
    hall.outlet.ranked(hall.contest)
    gc.collect()
    found = Memory(hall.board.total, resident_bytes(os.getpid()), hall.board.portfolio_bytes)
    sys.stdout.buffer.write(msgspec.json.encode(found))

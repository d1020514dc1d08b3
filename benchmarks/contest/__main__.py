"""`make bench-contest`: what contests cost and how fast they are, beside what was promised."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.contest import chat, memory, pushes, scoring, stall
from benchmarks.contest.report import Row, exit_code, table
from benchmarks.measuring import Failed

Parts = dict[str, Callable[[], list[Row]]]


def main() -> int:
    """Returns the exit code: 1 where a ratio is above its target, or a part failed."""
    arguments = _arguments()
    parts = quick() if arguments.quick else full()
    rows: list[Row] = []
    try:
        for name, part in parts.items():
            if arguments.only is None or name in arguments.only.split(","):
                print(f"  {name}", file=sys.stderr)
                rows += judged(part, tries=2 if arguments.quick else 1)
    except (Failed, scoring.Wrong) as reason:
        print(f"failed: {reason}", file=sys.stderr)
        return 1
    print(table(rows))
    if arguments.json is not None:
        arguments.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=1))
    return exit_code(rows)


def judged(part: Callable[[], list[Row]], tries: int) -> list[Row]:
    """The rows of a part, measured anew up to so many times: a neighbour on the machine may have been loud."""
    rows = part()
    for _ in range(tries - 1):
        if exit_code(rows) == 0:
            break
        rows = part()
    return rows


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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contest", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small contests, and ratios alone")
    parser.add_argument("--only", help=f"parts, such as scoring,push; all: {','.join(full())}")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

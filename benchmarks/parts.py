"""The command of a benchmark that consists of parts, each with rows of one table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks.measuring import Failed
from benchmarks.rows import Row, exit_code, table

Parts = dict[str, Callable[[], list[Row]]]


def run(program: str, description: str | None, full: Parts, quick: Parts) -> int:
    """Measure what the command line asks for, and print it.

    Returns the exit code: 1 where a figure that decides misses its target, or a part failed.
    """
    arguments = _arguments(program, description, full)
    rows: list[Row] = []
    try:
        for name, part in (quick if arguments.quick else full).items():
            if arguments.only is None or name in arguments.only.split(","):
                print(f"  {name}", file=sys.stderr)
                rows += judged(part, tries=2 if arguments.quick else 1)
    except Failed as reason:
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


def _arguments(program: str, description: str | None, full: Parts) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--quick", action="store_true", help="less of it, and what a busy machine does not change")
    parser.add_argument("--only", help=f"parts, separated by commas; all: {','.join(full)}")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    return parser.parse_args()

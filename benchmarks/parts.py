"""The command line of a benchmark that consists of parts. Each part measures some rows of one table."""

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
    """Measure the parts that the command line asks for, and print the table.

    Returns the exit code: 1 if a part failed, or if a figure misses a target that decides.
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
    """The rows of a part. If they miss a target that decides, the part is measured again, at most `tries` times in all,
    because the machine may have been busy."""
    rows = part()
    for _ in range(tries - 1):
        if exit_code(rows) == 0:
            break
        rows = part()
    return rows


def _arguments(program: str, description: str | None, full: Parts) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=program, description=description)
    parser.add_argument("--quick", action="store_true", help="a short run that a busy machine hardly affects")
    parser.add_argument("--only", help=f"only these parts, separated by commas; all parts: {','.join(full)}")
    parser.add_argument("--json", type=Path, help="file that the figures are written to")
    return parser.parse_args()

"""`python -m tests.conformance.run`: the Autobahn suite against the gateway's own socket.

The last line says the outcome. The status is not 0 if a case failed or the suite broke. If its tools are absent, it is
0, but not with FULL=1, which leaves nothing out.
"""

from __future__ import annotations

import asyncio
import os
import sys

import uvloop

from tests.conformance.echo_server import echo_server
from tests.conformance.suite import SuiteBroke, SuiteUnavailable, fuzz, install
from tests.conformance.verdict import Verdict, judge


async def _measure() -> Verdict:
    async with echo_server() as port:
        return judge(await fuzz(port))


def outcome() -> Verdict:
    """Install and run the suite."""
    try:
        install()
    except SuiteUnavailable as reason:
        return Verdict([f"conformance: skipped: {reason}"], passed=not os.environ.get("FULL"))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_measure())
    except SuiteBroke as reason:
        return Verdict([f"conformance: failed: {reason}"], passed=False)


def main() -> int:
    verdict = outcome()
    sys.stdout.write("\n".join(verdict.lines) + "\n")
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.conformance.run`: the Autobahn suite against the gateway's own socket.

The last line says the outcome. The status is not 0 where a case failed or the suite broke, and 0 where its tools are
absent.
"""

from __future__ import annotations

import asyncio
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
        return Verdict([f"conformance: skipped: {reason}"], passed=True)
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

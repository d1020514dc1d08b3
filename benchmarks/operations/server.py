"""Our server, with services that begin to change when the process receives SIGUSR1."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from itertools import cycle

import uvloop

from benchmarks.operations.services import names_of
from duelcast.app import App
from duelcast.domain.operations.outside import Operation
from duelcast.logs import configure_logging
from duelcast.settings import load_settings

PER_S = 50
"""Changes per second."""
_DURATION_MS = 12.5


async def main(services: int, changes: int) -> None:
    """Run until killed. Each change is a report of one service: all fail one after the other, then all succeed."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, told.set)
    app = App(load_settings().settings)
    await app.start()
    names = names_of(services)

    def report(name: str, *, ok: bool) -> None:
        app.leader.operations.outside.report(name, [Operation(ok, _DURATION_MS)])

    for name in names:
        report(name, ok=True)
    await told.wait()
    await _change(names, changes, report)
    await asyncio.Event().wait()


async def _change(names: list[str], changes: int, report: Callable[..., None]) -> None:
    began_s = time.perf_counter()
    for number, name in zip(range(changes), cycle(names), strict=False):
        report(name, ok=number // len(names) % 2 == 1)
        await asyncio.sleep(began_s + (number + 1) / PER_S - time.perf_counter())


if __name__ == "__main__":
    configure_logging("error", "json")
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))

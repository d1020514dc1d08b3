"""A process that serves until it is stopped."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Protocol

import structlog
import uvloop

from duelcast.app import descriptors
from duelcast.app.preparing import check, prepare
from duelcast.app.supervisor import Supervisor
from duelcast.app.workers import GATEWAY, LEADER, workers_of
from duelcast.clock import SystemClock
from duelcast.gateway.gateway import DRAIN_TIMEOUT_S
from duelcast.settings import Settings
from duelcast.store.database import Database
from duelcast.tasks import cancel

_LOADED_S = time.monotonic()
_STARTTIME = 22
"""The field of `/proc/<pid>/stat` with the start time, in clock ticks since the boot (proc_pid_stat(5))."""
_OBJECTS_PER_COLLECTION = 10_000

log = structlog.get_logger("duelcast")


class Companion(Protocol):
    """Runs beside a server in its process, as one of its clients."""

    async def claim(self, database: Database) -> None:
        """See `App.start`."""

    async def run(self, url: str) -> None:
        """Called once the server at `url` accepts clients; cancelled before the server stops."""


def run(
    settings: Settings,
    on_listening: Callable[[str], None],
    companion: Companion | None = None,
    supervisor_fd: int | None = None,
) -> int:
    """Serve until SIGTERM, SIGINT or SIGHUP, and then for the drain delay; a second signal ends the process at once.
    Also stops if a part of the server ends, or if `supervisor_fd` does. Returns the exit status.

    `on_listening` is called with the address of the server once it accepts clients; `companion` runs from then on.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings, on_listening, companion, supervisor_fd))


def run_workers(settings: Settings, options: Sequence[str]) -> int:
    """Run gateways and a leader as processes, which are started again if they end, until a stop signal. `options` are
    those of `duelcast serve`. Returns the exit status."""
    with asyncio.Runner() as runner:  # uvloop cannot start programs of other users, which the supervisor can
        return runner.run(_supervise(settings, options))


async def _supervise(settings: Settings, options: Sequence[str]) -> int:
    await check(settings)
    asked_to_stop = stop_signals()
    supervisor = Supervisor(workers_of(settings, options), SystemClock())
    supervisor.start(LEADER)
    supervisor.start(GATEWAY)
    stop = asyncio.create_task(asked_to_stop.wait())
    failed = asyncio.create_task(supervisor.failed())
    await asyncio.wait([stop, failed], return_when=asyncio.FIRST_COMPLETED)
    status = 0
    if failed.done():
        log.critical("a program cannot be started", exc_info=failed.exception())
        status = 1
    await cancel([stop, failed])
    await supervisor.stop()
    return status


async def _serve(
    settings: Settings,
    on_listening: Callable[[str], None],
    companion: Companion | None,
    supervisor_fd: int | None,
) -> int:
    fitting = descriptors.fitted(settings)
    server = await prepare(fitting, claim=None if companion is None else companion.claim)
    asked_to_stop = stop_signals(supervisor_fd)
    stop = asyncio.create_task(asked_to_stop.wait())
    starting = asyncio.create_task(server.start())
    await asyncio.wait([starting, stop], return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        await cancel([starting])
        return 0
    starting.result()
    descriptors.report(settings, fitting)
    if settings.drain_floor_ms is None:
        # Clients are asked to stay away until the next process has probably started: it starts after this one has
        # stopped, and takes as long to start as this one did.
        server.expect_restart(ceil((_process_age_s() + DRAIN_TIMEOUT_S) * 1000))
    spare_the_collector()
    on_listening(server.url)
    failed = asyncio.create_task(server.failed())
    beside = [] if companion is None else [asyncio.create_task(companion.run(server.url))]
    await asyncio.wait([stop, failed, *beside], return_when=asyncio.FIRST_COMPLETED)
    if stop.done() and settings.drain_delay_s:
        server.announce_stop()
        await asyncio.wait([failed, *beside], timeout=settings.drain_delay_s, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    status = 0
    for part in (failed, *beside):
        if part.done():
            log.critical("a part of the server ended", exc_info=part.exception())
            status = 1
        part.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    await server.stop()
    return status


def stop_signals(supervisor_fd: int | None = None) -> asyncio.Event:
    """Return an event that the first stop signal sets, and the end of a supervisor's pipe; the second signal ends the
    process. SIGHUP is a stop signal unless the process is to outlive its terminal (nohup)."""
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        if asked_to_stop.is_set():
            sys.exit(1)
        asked_to_stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, on_signal)
    if supervisor_fd is not None:

        def on_end() -> None:
            loop.remove_reader(supervisor_fd)
            asked_to_stop.set()

        loop.add_reader(supervisor_fd, on_end)
    return asked_to_stop


def spare_the_collector() -> None:
    """Exempt the existing objects from garbage collection, because they live as long as the process. Let more new
    objects accumulate before each collection: a thousand waiting commands exceed the default of 700, but are not
    garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_PER_COLLECTION, 10, 10)


def _process_age_s() -> float:
    """The seconds since the system started the process, before any code of ours was loaded. If the system does not say,
    the seconds since this module was loaded."""
    try:
        behind_the_name = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        started_s = int(behind_the_name[_STARTTIME - 3]) / os.sysconf("SC_CLK_TCK")
        return max(time.clock_gettime(time.CLOCK_BOOTTIME) - started_s, 0.0)
    except (OSError, ValueError, IndexError, AttributeError):
        return time.monotonic() - _LOADED_S

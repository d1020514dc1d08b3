"""A candidate in a process of its own, which tests kill and suspend.

It waits for a term, opens the database and obeys lines: `write NAME` commits a fact, `hold NAME` begins to, and pauses
within the transaction until the line `go`. It answers each with a line of two words, and says `lost TERM` once it finds
its term over.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
import uvloop

from duelcast.clock import SystemClock
from duelcast.cluster.leadership import Leadership
from duelcast.errors import Outage
from duelcast.store.backend import TermLost
from duelcast.store.database import Database, Transaction
from duelcast.store.postgres.database import PostgresDatabase
from tests.store.facts import put
from tests.storing import bus_of

BUSY_TIMEOUT_MS = 200


class Candidate:
    """The process, as a test sees it."""

    def __init__(self, process: Process) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line that it writes."""
        assert self.process.stdout is not None
        line = (await self.process.stdout.readline()).decode()
        assert line, "the process has ended"
        return line.strip()

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def ask(self, line: str) -> str:
        """Its answer to a line."""
        self.say(line)
        return await self.line()


@asynccontextmanager
async def candidate(url: str, folder: Path, lease_ms: int) -> AsyncIterator[Candidate]:
    """A running process, which is killed at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, url, str(folder), str(lease_ms), stdin=PIPE, stdout=PIPE
    )
    try:
        yield Candidate(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _run(url: str, folder: Path, lease_ms: int) -> None:
    clock = SystemClock()
    backend = PostgresDatabase(url, folder, BUSY_TIMEOUT_MS, node="child", lease_ms=lease_ms)
    leadership = Leadership(backend.lease, clock)
    term = await leadership.win()
    database = Database(backend, clock)
    bus_of(database, clock)
    await database.open()
    running = asyncio.create_task(database.run())
    losing = asyncio.create_task(_report_loss(leadership, term))
    _tell("leads", term)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    may_go = asyncio.Event()
    writing: list[asyncio.Task[None]] = []
    while line := (await lines.readline()).decode().split():
        if line == ["go"]:
            may_go.set()
        else:
            writing.append(asyncio.create_task(_write(database, line[1], may_go if line[0] == "hold" else None)))
    await asyncio.gather(*writing)
    database.stop_writing()
    await running
    await database.close()
    losing.cancel()
    await leadership.resign()


def _tell(word: str, about: object) -> None:
    sys.stdout.write(f"{word} {about}\n")
    sys.stdout.flush()


async def _report_loss(leadership: Leadership, term: int) -> None:
    try:
        await leadership.lost()
    except TermLost:
        _tell("lost", term)


async def _write(database: Database, name: str, may_go: asyncio.Event | None) -> None:
    async def work(transaction: Transaction) -> None:
        await put(name)(transaction)
        if may_go is not None:
            _tell("holds", name)
            await may_go.wait()

    try:
        await database.write(work)
    except Outage as error:
        _tell(type(error).__name__, name)
    else:
        _tell("stored", name)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    url, folder, lease_ms = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(url, Path(folder), int(lease_ms)))

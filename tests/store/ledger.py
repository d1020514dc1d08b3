"""A process that stores each name it is sent and acknowledges it, to be killed.

A name is stored as two rows, so that half of it could be seen. Run as `python -m tests.store.ledger <file>`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from sqlalchemy import insert

from duelcast.store.database import Database, Transaction
from duelcast.store.tables import audit
from tests.databases import rows_in
from tests.e2e.process import START_TIMEOUT_S, kill
from tests.storing import opened

HALVES = ("first", "second")


class Ledger:
    """The process, as a test sees it."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.acknowledged: set[str] = set()

    def send(self, *names: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{name}\n" for name in names).encode())

    async def acknowledgement(self) -> str | None:
        """The next name that it says is stored; None where it has ended."""
        assert self.process.stdout is not None
        async with asyncio.timeout(START_TIMEOUT_S):
            line = (await self.process.stdout.readline()).decode()
        if not line.endswith("\n"):
            return None
        self.acknowledged.add(line.strip())
        return line.strip()


@asynccontextmanager
async def keeping(path: Path) -> AsyncIterator[Ledger]:
    """A ledger that writes to `path`, until the end of the block; killed then."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.store.ledger", str(path), stdin=PIPE, stdout=PIPE
    )
    try:
        yield Ledger(process)
    finally:
        await kill(process)


def entries(path: Path) -> Counter[tuple[str, str]]:
    """How often each half of each name is in the file, as another program finds them."""
    return Counter(rows_in(path, "select target, action from audit"))


def once(names: set[str]) -> Counter[tuple[str, str]]:
    """The entries where each of `names` is stored whole, and once."""
    return Counter((name, half) for name in names for half in HALVES)


# ── the process itself ──────────────────────────────────────────────────────────────────────────────────────────────


async def _put(transaction: Transaction, names: Sequence[str]) -> Sequence[None]:
    for half in HALVES:
        row = {"at_ms": 0, "wallet": "w", "role": 0, "action": half, "outcome": "ok", "details": {}}
        await transaction.execute(insert(audit), [{**row, "target": name} for name in names])
    return [None] * len(names)


async def _store(database: Database, name: str) -> None:
    if name.endswith("s"):
        await database.write(partial(_put, names=[name]))
    else:
        await database.write_batched(_put, name)
    os.write(sys.stdout.fileno(), f"{name}\n".encode())


async def _main(path: Path) -> None:
    names = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(names), sys.stdin)
    async with opened(path) as database, asyncio.TaskGroup() as tasks:
        while name := (await names.readline()).decode().strip():
            tasks.create_task(_store(database, name))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))

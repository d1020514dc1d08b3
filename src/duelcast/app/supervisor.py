"""Runs programs together: starts those that end again, and stops all of them with one signal."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from msgspec import Struct

from duelcast.backoff import Backoff
from duelcast.clock import Clock
from duelcast.tasks import cancel, first_ended

FIRST_RETRY_S, LONGEST_RETRY_S = 0.25, 30.0
WELL_AFTER_S = 60.0
"""A program that has run for so long begins again with the shortest wait once it ends."""
STOP_TIMEOUT_S = 60.0
"""A program that does not end within this time after its signal is killed."""

log = structlog.get_logger("duelcast.supervisor")


class Program(Struct, frozen=True, kw_only=True):
    """A program: its `name` in the log, its command line, and the variables that its environment has besides ours.
    Programs of the highest `stage` are started last, and stopped first. If `is_supervised`, its command line gets
    `--supervisor-fd`, a pipe that ends with the supervisor. It runs as `user` (default: ours)."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = {}
    stage: int = 0
    is_supervised: bool = True
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None


class Supervisor:
    """Runs `programs`, each of which begins again at most `longest_retry_s` after it has ended. `changed` is called
    whenever a program was started or has ended."""

    def __init__(
        self,
        programs: Iterable[Program],
        clock: Clock,
        changed: Callable[[], None] = lambda: None,
        longest_retry_s: float = LONGEST_RETRY_S,
    ) -> None:
        self.programs = list(programs)
        self._longest_retry_s = longest_retry_s
        self._clock = clock
        self._changed = changed
        self._processes: dict[str, Process] = {}
        self._keeping: dict[str, asyncio.Task[None]] = {}
        self._pipe: tuple[int, int] | None = None

    def pid(self, name: str) -> int | None:
        """The process of a program; None if it does not run."""
        process = self._processes.get(name)
        return None if process is None else process.pid

    def start(self, stage: int) -> None:
        """Start the programs of a stage, and start each again that ends."""
        if self._pipe is None:
            self._pipe = os.pipe()
        for program in self.programs:
            if program.stage == stage:
                self._keeping[program.name] = asyncio.create_task(self._keep(program))

    async def failed(self) -> None:
        """Wait until a program cannot be started at all; raises the reason."""
        await first_ended(self._keeping.values())

    async def stop(self) -> None:
        """Stop all programs, stage by stage."""
        for stage in sorted({program.stage for program in self.programs}, reverse=True):
            await asyncio.gather(*(self._stop(one) for one in self.programs if one.stage == stage))
        if self._pipe is not None:
            for end in self._pipe:
                os.close(end)

    async def _keep(self, program: Program) -> None:
        backoff = Backoff(self._clock, first_s=FIRST_RETRY_S, longest_s=self._longest_retry_s)
        while True:
            began_s = self._clock.monotonic()
            process = await self._spawn(program)
            self._processes[program.name] = process
            log.info("started", program=program.name, pid=process.pid)
            self._changed()
            status = await process.wait()
            del self._processes[program.name]
            self._changed()
            log.error("ended", program=program.name, status=status)
            if self._clock.monotonic() - began_s > WELL_AFTER_S:
                backoff.reset()
            await backoff.wait()

    async def _spawn(self, program: Program) -> Process:
        assert self._pipe is not None
        reading, _ = self._pipe
        supervised = ("--supervisor-fd", str(reading)) if program.is_supervised else ()
        return await asyncio.create_subprocess_exec(
            *program.command,
            *supervised,
            env={**os.environ, **program.environment},
            stdin=DEVNULL,
            user=program.user,
            pass_fds=[reading] if program.is_supervised else (),
            # A signal from the terminal is for us; we pass it on in order.
            start_new_session=True,
        )

    async def _stop(self, program: Program) -> None:
        process = self._processes.get(program.name)
        keeping = self._keeping.get(program.name)
        if keeping is not None:
            await cancel([keeping])
        if process is None or process.returncode is not None:
            return
        process.send_signal(program.stop_signal)
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                status = await process.wait()
        except TimeoutError:
            log.error("killed", program=program.name)
            process.kill()
            status = await process.wait()
        log.info("stopped", program=program.name, status=status)

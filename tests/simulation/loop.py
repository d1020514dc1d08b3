"""An event loop on virtual time, whose tasks belong to processes that can be suspended and killed.

The loop never waits: if nothing is ready, its time is that of the next timer. Everything runs in an order that depends
on nothing but what was scheduled.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import Handle, TimerHandle
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any
from weakref import WeakSet

START_S = 1_800_000_000.0
"""The time of the world's beginning, in seconds since the Unix epoch."""
POLL_S = 0.05
MAX_TURNS = 2_000_000
"""A loop that has had so many turns is taken for endless."""

_process: ContextVar[Process | None] = ContextVar("process", default=None)


class Process:
    """A process of a machine. What it has scheduled waits while the process is suspended, and forever once it
    is dead. `on_death` are called at its end, by the kernel of its machine."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.is_suspended = False
        self.on_death: list[Callable[[], None]] = []
        self.tasks: WeakSet[asyncio.Task[Any]] = WeakSet()
        self.context = copy_context()
        self.context.run(_process.set, self)
        self._held: list[Handle] = []
        self._remains: list[asyncio.Task[Any]] = []
        """The tasks at its death, which must not be collected: a killed process runs no `finally`."""

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` in this process."""
        return asyncio.get_running_loop().create_task(work, context=self.context.copy())

    def suspend(self) -> None:
        self.is_suspended = True

    def resume(self) -> None:
        """Run what has waited, in its order, unless the process is dead."""
        self.is_suspended = False
        if self.is_dead:
            return
        held, self._held = self._held, []
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulatedLoop)
        loop.put_back(held)

    def kill(self, *, silently: bool = False) -> None:
        """Run nothing of this process from now on. If it dies `silently`, its machine dies with it, so that nobody
        hears of it."""
        if not self.is_dead:
            self.is_dead = True
            self._remains = list(self.tasks)
            for close in () if silently else self.on_death:
                close()

    def exhume(self) -> None:
        """Let the tasks of a dead process end, so that they can be collected. Only for the end of the world."""
        self.is_dead = False
        self.resume()

    def may_run(self, handle: Handle) -> bool:
        if self.is_suspended or self.is_dead:
            self._held.append(handle)
            return False
        return True


def current_process() -> Process | None:
    """The process of the running task; None outside of all processes."""
    return _process.get()


async def until(condition: Callable[[], bool], interval_s: float = POLL_S) -> None:
    """Return once a condition is true."""
    while not condition():  # noqa: ASYNC110 - looking costs nothing on virtual time
        await asyncio.sleep(interval_s)


class SimulatedLoop(asyncio.BaseEventLoop):
    """See the module. `network` serves the sockets of the running process."""

    _ready: deque[Handle]
    _scheduled: list[TimerHandle]

    def __init__(self) -> None:
        super().__init__()
        self.network: Any = None
        self.turns = 0
        self._now_s = 0.0
        self.set_task_factory(_new_task)  # type: ignore[arg-type]  # typeshed lacks the context

    def time(self) -> float:
        return self._now_s

    def put_back(self, handles: list[Handle]) -> None:
        """Run handles that a process has held back."""
        self._ready.extend(handles)

    def create_connection(self, *args: Any, **options: Any) -> Any:
        return self.network.connect(*args, **options)

    def create_server(self, *args: Any, **options: Any) -> Any:
        return self.network.listen(*args, **options)

    def _run_once(self) -> None:
        self.turns += 1
        assert self.turns < MAX_TURNS, "the world does not come to its end"
        ready, scheduled = self._ready, self._scheduled
        while scheduled and scheduled[0]._cancelled:
            self._unschedule()
        if not ready:
            assert scheduled, "nothing will ever happen again"
            self._now_s = max(self._now_s, scheduled[0].when())
        while scheduled and scheduled[0].when() <= self._now_s:
            ready.append(self._unschedule())
        for _ in range(len(ready)):
            handle = ready.popleft()
            if handle._cancelled:
                continue
            process = handle._context.get(_process)  # type: ignore[attr-defined]  # typeshed hides it
            if process is None or process.may_run(handle):
                handle._run()

    def _unschedule(self) -> TimerHandle:
        handle = heapq.heappop(self._scheduled)
        handle._scheduled = False  # type: ignore[attr-defined]  # typeshed hides it
        return handle

    # What follows is called by the base class, for threads and selectors, which do not exist here.

    def _write_to_self(self) -> None:
        pass

    def _timer_handle_cancelled(self, _handle: TimerHandle) -> None:
        pass

    def _process_events(self, _events: object) -> None:
        raise AssertionError("there is no selector")


def _new_task(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], context: Context | None = None
) -> asyncio.Task[Any]:
    task = asyncio.Task(work, loop=loop, context=context)
    process = _process.get() if context is None else context.get(_process)
    if process is not None:
        process.tasks.add(task)
    return task


class LoopClock:
    """The clock of a process, which may be `ahead_s` of the true time."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self._ahead_s = ahead_s

    def time(self) -> float:
        return START_S + self._ahead_s + asyncio.get_running_loop().time()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

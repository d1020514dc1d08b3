"""Time as a port, so that windows, limits and life cycles can be tested without sleeping."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import TYPE_CHECKING, Protocol


class Clock(Protocol):
    """A source of wall time and monotonic time; sleeping uses the monotonic time."""

    def time(self) -> float:
        """Seconds since the Unix epoch."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences are meaningful."""

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` of monotonic time have passed; 0 or less yields to other tasks once."""


def time_ms(clock: Clock) -> int:
    """Milliseconds since the Unix epoch, rounded down."""
    return int(clock.time() * 1000)


class SystemClock:
    """The machine's clocks."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ManualClock:
    """A clock that stands still until a test advances it."""

    def __init__(self, start: float = 1_800_000_000.0) -> None:
        self._start = start
        self._elapsed = 0.0
        self._step = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def time(self) -> float:
        return self._start + self._elapsed + self._step

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        wake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), wake))
        await wake

    async def advance(self, seconds: float) -> None:
        """Advance by `seconds`, waking each sleeper at its due time, in order.

        Ready tasks run after each wake-up, so a task that sleeps again may be woken again during the same advance.
        """
        end = self._elapsed + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, wake = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, moment)
            if not wake.done():
                wake.set_result(None)
                await self._settle()
        self._elapsed = end
        await self._settle()

    async def jump(self, seconds: float) -> None:
        """Advance by `seconds` in one step, like a machine that was suspended: due sleepers wake at the end, however
        late."""
        await self._settle()
        self._elapsed += seconds
        await self.advance(0)

    def step(self, seconds: float) -> None:
        """Move only the wall time, forward or (if negative) back, as if somebody had set the machine's clock."""
        self._step += seconds

    @staticmethod
    async def _settle() -> None:
        for _ in range(10):
            await asyncio.sleep(0)


class Alarm:
    """Lets one task sleep until it is woken."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = False
        self._awake: asyncio.Future[None] | None = None

    def ring(self) -> None:
        """End the current sleep or, if there is none, the next one as soon as it begins."""
        self._rung = True
        if self._awake is not None:
            _resolve(self._awake)

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` (which may be infinite) have passed, or `ring` is called."""
        if not self._rung:
            awake = self._awake = asyncio.get_running_loop().create_future()
            timer = asyncio.ensure_future(self._clock.sleep(seconds))
            timer.add_done_callback(lambda _timer: _resolve(awake))
            try:
                await awake
            finally:
                timer.cancel()
                self._awake = None
        self._rung = False


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


if TYPE_CHECKING:
    _conforms: tuple[type[Clock], ...] = (SystemClock, ManualClock)

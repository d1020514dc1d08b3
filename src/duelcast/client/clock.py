"""Time as the shell reads it. Tests replace it."""

from __future__ import annotations

import asyncio
import time as machine
from typing import Protocol


class Clock(Protocol):
    """A source of wall time and monotonic time; sleeping uses the monotonic time."""

    def time(self) -> float:
        """Seconds since the Unix epoch."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences are meaningful."""

    async def sleep(self, seconds: float) -> None:
        """Return once `seconds` of monotonic time have passed."""


class SystemClock:
    """The machine's clocks."""

    time = staticmethod(machine.time)
    monotonic = staticmethod(machine.monotonic)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

"""Waits between attempts at something that fails."""

from __future__ import annotations

import random

from duelcast.clock import Clock

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0


class Backoff:
    """Waits that double up to a limit, each randomly shortened by up to half, so that clients do not retry in step."""

    def __init__(self, clock: Clock, *, first_s: float = FIRST_WAIT_S, longest_s: float = LONGEST_WAIT_S) -> None:
        self._clock = clock
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    async def wait(self, *, at_least_s: float = 0.0) -> None:
        """Wait before the next attempt, and no less than `at_least_s`, which the other side may have asked for."""
        full_s = self._next_s
        self._next_s = min(full_s * 2, self._longest_s)
        jittered_s = full_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        await self._clock.sleep(max(jittered_s, at_least_s))

    def reset(self) -> None:
        """Start again with the shortest wait, after an attempt has succeeded."""
        self._next_s = self._first_s

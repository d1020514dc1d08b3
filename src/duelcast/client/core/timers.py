"""The time of the core, and what is due at which time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class Timer:
    """A call in the future. `due_ms` is its monotonic time."""

    __slots__ = ("call", "due_ms")

    def __init__(self, due_ms: int, call: Callable[[], None]) -> None:
        self.due_ms = due_ms
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Never call. Cancelling again, or after the call, changes nothing."""
        self.call = None


class Timers:
    """Knows the time that it was last given, in integer milliseconds, and calls what is due."""

    def __init__(self, now_ms: int, wall_ms: int) -> None:
        self.now_ms = now_ms
        """Monotonic time; only differences are meaningful."""
        self.wall_ms = wall_ms
        """Milliseconds since the Unix epoch."""
        self._order = itertools.count()
        self._heap: list[tuple[int, int, Timer]] = []

    def after(self, delay_ms: int, call: Callable[[], None]) -> Timer:
        """Call `call` once `delay_ms` have passed."""
        timer = Timer(self.now_ms + delay_ms, call)
        heapq.heappush(self._heap, (timer.due_ms, next(self._order), timer))
        return timer

    def next_due_ms(self) -> int | None:
        """The monotonic time of the next call; None if there is none."""
        while self._heap and self._heap[0][2].call is None:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def set(self, now_ms: int, wall_ms: int) -> None:
        """Take the time, without calling what is due."""
        self.now_ms, self.wall_ms = max(now_ms, self.now_ms), wall_ms

    def run_due(self) -> None:
        """Call everything that is due, in order."""
        while (due_ms := self.next_due_ms()) is not None and due_ms <= self.now_ms:
            timer = heapq.heappop(self._heap)[2]
            call, timer.call = timer.call, None
            if call is not None:
                call()

    def cancel_all(self) -> None:
        for _, _, timer in self._heap:
            timer.cancel()
        self._heap.clear()

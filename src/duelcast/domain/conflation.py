"""Conflation: at most one push per key and interval, always of the newest state."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable
from math import inf
from typing import Generic, TypeVar

from duelcast.clock import Alarm, Clock

_TOLERANCE_S = 1e-6
"""A key counts as due this much early, because timers may fire a little early, and sums of floats may be off by an
ulp."""
_PRUNE_AT_KEYS = 1_000
_PUSHES_PER_TURN = 200
"""This many pushes in a row take about 2 ms; then other tasks run."""

K = TypeVar("K", bound=Hashable)


class Throttle(Generic[K]):
    """Gives each changed key a turn as soon as the key is due: at once if its last turn was at least one interval ago,
    otherwise exactly one interval after that turn. A key that changes several times before it is due gets only one
    turn.

    `interval_ms` is called whenever an interval is needed, so that a new setting takes effect without a restart. Keys
    must be comparable.
    """

    def __init__(self, clock: Clock, interval_ms: Callable[[], int]) -> None:
        self._clock = clock
        self._interval_ms = interval_ms
        self._last_s: dict[K, float] = {}
        self._waiting: set[K] = set()
        self._queue: list[tuple[float, K]] = []
        self._alarm = Alarm(clock)
        self._prune_at_keys = _PRUNE_AT_KEYS

    def offer_later(self, key: K) -> None:
        """Let the changed `key` wait until it is due."""
        if key not in self._waiting:
            self._wait(key, max(self._clock.monotonic(), self._last_s.get(key, -1e9) + self._interval_ms() / 1000))

    async def take(self) -> K:
        """Wait for the key that is due first, and return it. This is the turn of the key, and begins its next interval.
        Only one task may call this at a time."""
        while (delay_s := self._delay_s()) > _TOLERANCE_S:
            await self._alarm.sleep(delay_s)
        key = self._pop()
        self._begin(key, self._clock.monotonic())
        return key

    def _wait(self, key: K, due_s: float) -> None:
        self._waiting.add(key)
        if not self._queue or due_s < self._queue[0][0]:
            self._alarm.ring()
        heapq.heappush(self._queue, (due_s, key))

    def _delay_s(self) -> float:
        """The seconds until the next key is due."""
        return self._queue[0][0] - self._clock.monotonic() if self._queue else inf

    def _pop(self) -> K:
        _, key = heapq.heappop(self._queue)
        self._waiting.discard(key)
        return key

    def _begin(self, key: K, now_s: float) -> None:
        self._last_s[key] = now_s
        if len(self._last_s) >= self._prune_at_keys:
            self._prune(now_s)

    def _prune(self, now_s: float) -> None:
        """Forget turns that no longer delay their keys, so that memory does not grow with every key ever used.
        Amortised O(1) per turn."""
        since_s = now_s - self._interval_ms() / 1000
        self._last_s = {key: last_s for key, last_s in self._last_s.items() if last_s > since_s}
        self._prune_at_keys = max(_PRUNE_AT_KEYS, 2 * len(self._last_s))


class Conflator(Throttle[K]):
    """Pushes each key when it is due.

    `push` takes the key and reads the newest state by itself. It returns False if there was nothing to push, in which
    case no interval begins.
    """

    def __init__(self, clock: Clock, interval_ms: Callable[[], int], push: Callable[[K], bool]) -> None:
        super().__init__(clock, interval_ms)
        self._push = push

    def offer(self, key: K) -> None:
        """Push the changed `key` now if it is due; otherwise `run` pushes it later. For many keys at once, use
        `offer_later`, which leaves all of them to `run`."""
        if key in self._waiting:
            return
        now_s = self._clock.monotonic()
        due_s = self._last_s.get(key, -1e9) + self._interval_ms() / 1000
        if now_s >= due_s - _TOLERANCE_S:
            self._send(key, now_s)
        else:
            self._wait(key, due_s)

    async def run(self) -> None:
        """Push waiting keys, each when it is due, until cancelled."""
        while True:
            delay_s = self._delay_s()
            if delay_s > _TOLERANCE_S:
                await self._alarm.sleep(delay_s)
            else:
                self._send_due()
                await self._clock.sleep(0)

    def _send_due(self) -> None:
        now_s = self._clock.monotonic()
        for _ in range(_PUSHES_PER_TURN):
            if not self._queue or self._queue[0][0] > now_s + _TOLERANCE_S:
                return
            self._send(self._pop(), now_s)

    def _send(self, key: K, now_s: float) -> None:
        if self._push(key):
            self._begin(key, now_s)

"""Finds out that a connection is dead although it was never closed."""

from __future__ import annotations

from collections.abc import Callable

from .timers import Timer, Timers

ANSWER_WITHIN_MS = 10_000
DEFAULT_INTERVAL_MS = 30_000
SHORTEST_INTERVAL_MS = 1_000


class Liveness:
    """Pings after silence, and gives the connection up if nothing arrives afterwards."""

    def __init__(self, timers: Timers, ping: Callable[[], None], give_up: Callable[[], None]) -> None:
        self._timers = timers
        self._ping = ping
        self._give_up = give_up
        self._interval_ms = DEFAULT_INTERVAL_MS
        self._heard_ms = 0
        self._deadline_ms: int | None = None
        self._timer: Timer | None = None

    def start(self, interval_ms: int | None) -> None:
        """Begin to watch an established connection."""
        self._interval_ms = max(interval_ms or DEFAULT_INTERVAL_MS, SHORTEST_INTERVAL_MS)
        self.heard()
        self._check()

    def stop(self) -> None:
        self._deadline_ms = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def heard(self) -> None:
        """Something has arrived."""
        self._heard_ms = self._timers.now_ms
        self._deadline_ms = None

    def probe(self, within_ms: int = ANSWER_WITHIN_MS) -> None:
        """Ping now, and give up if nothing arrives within this time."""
        self._ping()
        self._deadline_ms = self._timers.now_ms + within_ms
        self._check()

    def _check(self) -> None:
        now_ms = self._timers.now_ms
        if self._deadline_ms is not None and now_ms >= self._deadline_ms:
            self.stop()
            self._give_up()
        elif self._deadline_ms is None and now_ms - self._heard_ms >= self._interval_ms:
            self.probe()
        else:
            self._schedule((self._deadline_ms or self._heard_ms + self._interval_ms) - now_ms)

    def _schedule(self, delay_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timers.after(delay_ms, self._check)
